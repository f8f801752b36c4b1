import { isBelow } from '../routing/path-prefix.ts'
import type { PlannedFault } from '../routing/planned-fault.ts'

/** What is done to one request: of each kind at most one. */
export interface ChosenFaults {
  readonly delay: PlannedFault | null
  readonly throttle: PlannedFault | null
  readonly reset: PlannedFault | null
  readonly abort: PlannedFault | null
  /** Of the access log and of `Standin-Fault`: `delay;id=f1, abort;id=f2`. */
  readonly label: string
}

/** Numbers from 0 up to 1. */
export type Random = () => number

/** The same numbers for the same seed (mulberry32): a test can repeat what happened. */
export const seeded = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * Which of a route's faults this request gets. Each one that fits is drawn for itself; of two that do the same, the first
 * that was drawn counts. Null: none.
 * @param raw names and values of the request's headers
 * @param now milliseconds since the epoch: a fault that has expired is none any more, whatever the table says
 */
export const chooseFaults = (
  faults: readonly PlannedFault[],
  request: { readonly path: string; readonly raw: readonly string[] },
  random: Random,
  now: number,
): ChosenFaults | null => {
  const chosen = { delay: null, throttle: null, reset: null, abort: null, label: '' } as {
    -readonly [K in keyof ChosenFaults]: ChosenFaults[K]
  }
  for (const fault of faults) {
    if (fault.expiresAt <= now || !isBelow(fault.prefix, request.path) || !hasHeader(fault, request.raw)) continue
    if (fault.percent < 100 && random() * 100 >= fault.percent) continue
    chosen[fault.kind] ??= fault
  }
  const { delay, throttle, reset } = chosen
  // Whoever is cut off gets no answer.
  if (reset !== null) chosen.abort = null
  for (const fault of [delay, throttle, reset, chosen.abort]) {
    if (fault !== null) chosen.label += `${chosen.label === '' ? '' : ', '}${fault.kind};id=${fault.id}`
  }
  return chosen.label === '' ? null : chosen
}

const hasHeader = ({ headerName, headerValue }: PlannedFault, raw: readonly string[]): boolean => {
  if (headerName === null) return true
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    if (name.length !== headerName.length || name.toLowerCase() !== headerName) continue
    if (headerValue === null || raw[i + 1] === headerValue) return true
  }
  return false
}
