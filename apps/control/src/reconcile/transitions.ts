import type { EnvironmentState } from '@standin/client'

/**
 * From which state an environment may go to which. Every change of state is checked against this table, wherever it
 * comes from; a change that isn't in it is a fault of ours.
 */
export const transitions: Readonly<Record<EnvironmentState, readonly EnvironmentState[]>> = {
  starting: ['running', 'resuming', 'suspending', 'stopping', 'stopped', 'deleting', 'failed'],
  running: ['starting', 'resuming', 'suspending', 'stopping', 'stopped', 'snapshotting', 'deleting', 'failed'],
  suspending: ['suspended', 'running', 'resuming', 'starting', 'stopping', 'stopped', 'deleting', 'failed'],
  // `starting`: its processes are gone, a restart of the machine say.
  suspended: ['resuming', 'starting', 'stopping', 'stopped', 'deleting', 'failed'],
  resuming: ['running', 'starting', 'suspending', 'suspended', 'stopping', 'stopped', 'deleting', 'failed'],
  stopping: ['stopped', 'starting', 'resuming', 'suspending', 'deleting', 'failed'],
  // `suspended`: nothing runs, and a request starts it.
  stopped: ['starting', 'suspended', 'snapshotting', 'deleting', 'failed'],
  snapshotting: ['stopped', 'deleting', 'failed'],
  // All but `deleted` and `failed`: an undelete that came before it was in the trash.
  deleting: ['deleted', 'starting', 'resuming', 'suspending', 'stopping', 'stopped', 'failed'],
  // Out of the trash.
  deleted: ['stopped', 'failed'],
  failed: ['starting', 'resuming', 'stopping', 'stopped', 'suspending', 'deleting'],
}

export function mayBecome(from: EnvironmentState, to: EnvironmentState): boolean {
  return transitions[from].includes(to)
}
