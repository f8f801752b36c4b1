/**
 * How an endpoint is, as far as the gateway knows.
 *
 * | state | gets requests |
 * |---|---|
 * | `new` | yes: whoever put it into the table says that it is ready |
 * | `well` | yes |
 * | `unwell` | no: its health checks fail |
 * | `ejected` | no, for a while: its requests failed |
 * | `returning` | one at a time, until one of them is answered |
 * | `draining` | no, and never again: it left its last pool |
 */
export type UpstreamState = 'new' | 'well' | 'unwell' | 'ejected' | 'returning' | 'draining'

/** What can happen to an endpoint. Whoever sends an event has counted what it takes. */
export type UpstreamEvent =
  | 'answered' // a request or the first health check
  | 'checks failed' // so many in a row as the policy says; the first one of all is enough
  | 'checks passed'
  | 'checks ended' // nobody asks any more
  | 'requests failed' // so many in a row as the policy says; one is enough for who is returning
  | 'ejection over'
  | 'released' // by the last pool that had it

const transitions: Record<UpstreamState, Partial<Record<UpstreamEvent, UpstreamState>>> = {
  new: { answered: 'well', 'checks passed': 'well', 'checks failed': 'unwell', 'requests failed': 'ejected', released: 'draining' },
  well: { 'checks failed': 'unwell', 'requests failed': 'ejected', released: 'draining' },
  unwell: { 'checks passed': 'well', 'checks ended': 'new', released: 'draining' },
  // Passed checks do not bring it back early: its requests failed while its checks passed.
  ejected: { 'ejection over': 'returning', 'checks failed': 'unwell', released: 'draining' },
  returning: { answered: 'well', 'requests failed': 'ejected', 'checks failed': 'unwell', released: 'draining' },
  draining: {},
}

/** The state after an event; the same one where the event changes nothing. */
export const nextState = (state: UpstreamState, event: UpstreamEvent): UpstreamState => transitions[state][event] ?? state

export const upstreamStates = Object.keys(transitions) as readonly UpstreamState[]

/** Whether an endpoint gets requests in this state, if only one at a time. */
export const isUsable = (state: UpstreamState): boolean => state === 'well' || state === 'new' || state === 'returning'
