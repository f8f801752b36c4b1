import type { HostSpec } from '@standin/client'
import type { ProcessPlan } from '../process-environment.ts'
import type { Gate } from './gate.ts'
import type { LogFile } from './log-file.ts'
import type { Probe } from './probe.ts'

/** All that an instance has to be told; nothing of it changes while the keeper lives. */
export interface InstanceOptions extends ProcessPlan {
  readonly name: string
  readonly ordinal: number
  readonly address: string
  readonly host: HostSpec
  /** Others wait for its end, not for its being up. */
  readonly oneShot: boolean
  readonly probe: Probe | null
  readonly startTimeoutMs: number
  readonly restarts: number
  readonly log: LogFile
  readonly gate: Gate
  readonly changed: () => void
  /** Orphans that its last run left behind. */
  readonly sweep: (name: string) => void
  /** See HealthWatchOptions.listens. */
  readonly listens: (pid: number, port: number) => boolean | string
  /** Why a port of the host can't be had, where something else has it. */
  readonly takenPort: () => string | null
}
