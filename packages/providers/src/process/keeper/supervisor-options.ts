import type { EnvironmentRecord, KeeperState, LaunchSpec } from '../layout.ts'
import type { ProcessTable } from './process-table.ts'

export interface SupervisorOptions {
  readonly record: EnvironmentRecord
  readonly launch: LaunchSpec
  readonly state: KeeperState
  readonly processes: ProcessTable
  /** Sessions of `exec` and `run`, whose processes are nobody's leftovers. */
  readonly sessionPids: () => ReadonlySet<number>
  /** Keep what must be known after the keeper's death. */
  readonly save: (state: KeeperState) => void
  readonly changed: () => void
}
