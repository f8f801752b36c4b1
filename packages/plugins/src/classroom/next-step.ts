import type { Copy, Seat } from './seat.ts'
import type { Phase } from './timetable.ts'

/** An environment as far as it matters here. `unknown`: whether it exists; `leaving`: it is being deleted. */
export type Look =
  | { readonly is: 'unknown' | 'leaving' | 'gone' | 'coming' | 'asleep' }
  | { readonly is: 'failed'; readonly because: string }
  | { readonly is: 'up'; readonly name: string; readonly usedAt: number }

export interface SeatView {
  readonly phase: Phase
  /** What the seats of this session are made for; null: there is no session to be made for. */
  readonly round: string | null
  readonly look: (copy: Copy) => Look
  /** Whether another seat may begin to come up. */
  readonly hasSlot: boolean
  /** `intro-3` */
  readonly name: string
  readonly now: number
}

/** What is to be done with a seat, one thing at a time; `wait`: nothing before something changes. */
export type Step =
  | { readonly do: 'wait' }
  | { readonly do: 'tell' | 'publish' | 'rename' | 'retire' | 'create' | 'restore' }
  | { readonly do: 'remove' | 'forget'; readonly copy: Copy }
  | { readonly do: 'begin'; readonly round: string }
  | { readonly do: 'drop-next' }
  | { readonly do: 'fail-next' | 'report'; readonly round: string; readonly because: string }
  | { readonly do: 'check-next'; readonly round: string }
  | { readonly do: 'wake' | 'check-current'; readonly copy: Copy; readonly round: string }
  | { readonly do: 'rest'; readonly copy: Copy }

const wait: Step = { do: 'wait' }
/** A copy takes no longer than this to come up, ms. */
const mostComingMs = 15 * 60_000
/** Nobody who used it so lately is interrupted. */
const restAfterMs = 15 * 60_000
/** A creation that nobody knows the outcome of was either done by then or never will be, ms. */
const outcomeMs = 10 * 60_000

/** Pure: the same seat at the same time needs the same step, whatever died since the last one. */
export function nextStep(seat: Seat, view: SeatView): Step {
  return tidy(seat, view) ?? renew(seat, view) ?? keep(seat, view)
}

/** Whether it takes one of the places of those that come up at once. */
export function isComingUp(seat: Seat, { look, phase, round }: Pick<SeatView, 'look' | 'phase' | 'round'>): boolean {
  const { current, next, aside, failure, checkedFor } = seat
  if ((next !== null || aside !== null) && failure === null) return true
  if (current === null || (phase.kind !== 'preparing' && phase.kind !== 'session')) return false
  // It sleeps until something new has taken its place.
  if (phase.kind === 'preparing' && current.round !== round && failure?.round !== round) return false
  const { is } = look(current)
  return checkedFor !== phase.session.start && (is === 'coming' || is === 'up')
}

/** What has to be in order before anything else. */
function tidy(seat: Seat, { phase, look, name, now }: SeatView): Step | null {
  const { current, next, aside, leaving, failure } = seat
  if (failure !== null && !failure.told) return { do: 'tell' }
  if (phase.kind === 'over' && (current !== null || next !== null || aside !== null)) return { do: 'retire' }
  for (const copy of [current, next]) if (copy !== null && isLost(look(copy))) return { do: 'forget', copy }
  if (current !== null && current.environment !== seat.alias) return { do: 'publish' }
  if (aside !== null && failure !== null) return { do: 'restore' }
  for (const copy of leaving) {
    const { is } = look(copy)
    if (is === 'gone' || (is === 'unknown' && now - copy.beganAt >= outcomeMs)) return { do: 'forget', copy }
    if (is !== 'unknown' && is !== 'leaving') return { do: 'remove', copy }
  }
  const room = aside === null ? 'gone' : look(aside).is
  if (aside !== null && room !== 'gone') return room === 'leaving' ? wait : { do: 'remove', copy: aside }
  const seen = current === null ? null : look(current)
  return seen?.is === 'up' && seen.name === `${name}-new` && leaving.length === 0 && next === null ? { do: 'rename' } : null
}

function isLost({ is }: Look): boolean {
  return is === 'gone' || is === 'leaving'
}

/** Making it anew, where that is wanted. Once a session has begun, only somebody who asks for it gets what works replaced. */
function renew(seat: Seat, view: SeatView): Step | null {
  const { current, next, reset, failure } = seat
  const { phase, look, hasSlot, now } = view
  const round = view.round ?? current?.round ?? next?.round ?? seat.round
  const isDue = phase.kind === 'preparing' ? current?.round !== round : phase.kind === 'session' && current === null
  if (reset === null && !isDue) return next === null || failure !== null ? missed(seat, view) : { do: 'drop-next' }
  if (reset === null && failure?.round === round) return null
  if (next === null) return hasSlot ? { do: 'begin', round } : wait
  if (next.round !== round) return { do: 'drop-next' }
  const seen = look(next)
  switch (seen.is) {
    case 'unknown':
      return { do: 'create' }
    case 'failed':
      return { do: 'fail-next', round, because: seen.because }
    case 'asleep':
      return { do: 'wake', copy: next, round }
    case 'up':
      return { do: 'check-next', round }
    default:
      if (now - next.beganAt < mostComingMs) return wait
      return { do: 'fail-next', round, because: 'it was not up after 15 minutes' }
  }
}

/** A session began, and the seat has what it had before. */
function missed({ current, failure }: Seat, { phase, round }: SeatView): Step | null {
  if (phase.kind !== 'session' || round === null || current === null || current.round === round || failure?.round === round) return null
  return { do: 'report', round, because: 'it was not made anew before the session began, and keeps what it had' }
}

/** What it has: awake and well for a session, asleep where nobody needs it. */
function keep({ current, checkedFor, failure }: Seat, { phase, round, look, hasSlot, now }: SeatView): Step {
  if (current === null) return wait
  const seen = look(current)
  if (phase.kind === 'waiting') return seen.is === 'up' && now - seen.usedAt >= restAfterMs ? { do: 'rest', copy: current } : wait
  if (phase.kind === 'over' || round === null) return wait
  const { start } = phase.session
  if (seen.is === 'failed') {
    if (current.revivedFor !== start) return hasSlot ? { do: 'wake', copy: current, round } : wait
    return failure?.round === round ? wait : { do: 'report', round, because: seen.because }
  }
  if (checkedFor === start) return wait
  if (seen.is === 'asleep') return hasSlot ? { do: 'wake', copy: current, round } : wait
  return seen.is === 'up' ? { do: 'check-current', copy: current, round } : wait
}
