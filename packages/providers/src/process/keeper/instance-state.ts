import type { Instance } from '@standin/client'

/** What the keeper itself says of an instance; `suspended` is said of all at once. */
export type InstanceState = Exclude<Instance['state'], 'suspended'>

/** What may follow what. */
const transitions: Readonly<Record<InstanceState, readonly InstanceState[]>> = {
  pending: ['starting'],
  /** Its process runs, its first check has not passed. */
  starting: ['running', 'exited', 'failed'],
  running: ['unhealthy', 'exited', 'failed'],
  unhealthy: ['running', 'exited', 'failed'],
  /** Its process ended and that was meant so, or it will be started again. */
  exited: ['starting', 'failed'],
  /** Its process ended and nothing will start it again but a request. */
  failed: ['starting'],
}

export function mayFollow(from: InstanceState, to: InstanceState): boolean {
  return transitions[from].includes(to)
}
