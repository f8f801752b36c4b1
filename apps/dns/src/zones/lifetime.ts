import type { EnvironmentState } from '@standin/client'

/** Seconds that an address may be kept by who asked. */
export const steadyTtl = 5
/** Seconds that "there is no such thing" may be kept: short, as the name is often asked for before `up` has made it. */
export const negativeTtl = 1
/** Seconds; of what changes only with the configuration. */
export const apexTtl = 300

interface Lifetime {
  readonly ttl: number
  /** Whether the hosts' addresses are theirs: those of a suspended environment are, a stopped one may get others. */
  readonly addresses: boolean
}

const steady: Lifetime = { ttl: steadyTtl, addresses: true }
/** Nobody may keep what is just being changed. */
const changing: Lifetime = { ttl: 0, addresses: true }
const gone: Lifetime = { ttl: 0, addresses: false }

export const lifetimes: Readonly<Record<EnvironmentState, Lifetime>> = {
  starting: changing,
  running: steady,
  suspending: changing,
  suspended: steady,
  resuming: changing,
  stopping: changing,
  stopped: gone,
  snapshotting: changing,
  deleting: changing,
  deleted: gone,
  failed: changing,
}
