import { type UpstreamState, upstreamStates } from './upstream-state.ts'

/** What all pools together have done and are doing, for the metrics: as many series however many environments there are. */
export class PoolCounters {
  /** Requests and WebSockets that have a place in a pool now. */
  active = 0
  /** Requests that wait for one now. */
  pending = 0
  /** Requests that had to wait. */
  queued = 0
  /** Requests that found no place, or waited in vain. */
  overloaded = 0
  retries = 0
  /** Retries that a pool's budget did not allow. */
  retriesRefused = 0
  ejections = 0
  /** Requests that went to a pool most of whose endpoints were unwell. */
  panicked = 0
  /** Endpoints by state. */
  readonly states = Object.fromEntries(upstreamStates.map((state) => [state, 0])) as Record<UpstreamState, number>
}
