import type { EnvironmentState } from '@standin/client'

/** Seconds that an address may be kept by who asked, where nothing else is said. */
export const usualTtl = 5
/** Seconds that "there is no such thing" may be kept: short, as the name is often asked for before `up` has made it. */
export const negativeTtl = 1
/** Seconds; of what changes only with the configuration. */
export const apexTtl = 300

interface Lifetime {
  /** Nobody may keep what is just being changed. */
  readonly isChanging: boolean
  /** Whether the hosts' addresses are theirs: those of a suspended environment are, a stopped one may get others. */
  readonly hasAddresses: boolean
}

const steady: Lifetime = { isChanging: false, hasAddresses: true }
const changing: Lifetime = { isChanging: true, hasAddresses: true }
const gone: Lifetime = { isChanging: true, hasAddresses: false }

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
