import type { UpstreamRegistry } from '../pool/upstream-registry.ts'
import { upstreamStates } from '../pool/upstream-state.ts'
import type { Counts } from './counts.ts'

/** What all pools together have done and are doing: as many series however many environments there are. */
export const samplePools = ({ counters, checks }: UpstreamRegistry, counts: Counts): void => {
  for (const [index, state] of upstreamStates.entries()) counts.set('upstreams', counters.states[state], index)
  counts.set('poolActive', counters.active)
  counts.set('poolPending', counters.pending)
  counts.set('poolQueued', counters.queued)
  counts.set('retriesRefused', counters.retriesRefused)
  counts.set('ejections', counters.ejections)
  counts.set('panicked', counters.panicked)
  counts.set('healthChecks', checks.passed, 0)
  counts.set('healthChecks', checks.failed, 1)
}
