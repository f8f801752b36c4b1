import type { FaultKind, InjectedFault } from '@standin/client'
import { toPrefix } from './path-prefix.ts'

/** An injected fault as requests are compared with it: what doesn't change is worked out once. */
export interface PlannedFault {
  readonly id: string
  readonly kind: FaultKind
  readonly delayMs: number
  readonly status: number
  readonly bytesPerSecond: number
  readonly percent: number
  /** Lower case; null: any request. */
  readonly headerName: string | null
  /** Null: any value. */
  readonly headerValue: string | null
  /** Empty: any path. */
  readonly prefix: string
  /** Milliseconds since the epoch. It ends then by itself, whether or not control is there to say so. */
  readonly expiresAt: number
}

/** What a fault does where it doesn't say more. */
const faultDefaults = { delayMs: 1_000, status: 503, bytesPerSecond: 10_000 } as const

/** Null where there is none: most routes share that. */
export const compileFaults = (faults: readonly InjectedFault[] | undefined): readonly PlannedFault[] | null =>
  faults === undefined || faults.length === 0 ? null : faults.map(compile)

const compile = (fault: InjectedFault): PlannedFault => {
  const expiresAt = Date.parse(fault.expiresAt)
  return {
    id: fault.id,
    kind: fault.kind,
    delayMs: fault.delayMs ?? faultDefaults.delayMs,
    status: fault.status ?? faultDefaults.status,
    bytesPerSecond: fault.bytesPerSecond ?? faultDefaults.bytesPerSecond,
    percent: fault.percent,
    headerName: fault.header?.name.toLowerCase() ?? null,
    headerValue: fault.header?.value ?? null,
    prefix: toPrefix(fault.path),
    // One that can't be read has ended: a fault must never stay for longer than it was wanted.
    expiresAt: Number.isNaN(expiresAt) ? 0 : expiresAt,
  }
}
