import type { EnvironmentState } from '@standin/client'

/** What a request to an environment in this state gets. */
export const treatment: Record<EnvironmentState, 'pass' | 'wake' | 'hold' | 'refuse'> = {
  running: 'pass',
  suspending: 'wake',
  suspended: 'wake',
  resuming: 'hold',
  starting: 'hold',
  snapshotting: 'hold',
  stopping: 'refuse',
  stopped: 'refuse',
  failed: 'refuse',
  deleting: 'refuse',
  deleted: 'refuse',
}
