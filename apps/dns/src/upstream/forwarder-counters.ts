/** Numbers that only grow, but for the last. */
export interface ForwarderCounters {
  /** Queries that the cache had no answer for. */
  missed: number
  /** Of those: who waits for the same answer as another, so nobody was asked. */
  joined: number
  answered: number
  failed: number
  overloaded: number
  looped: number
  rebinds: number
  /** Questions under way. */
  waiting: number
}
