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
  /** A round, and the session that it is made for: what is given up, is given up for that. */
  readonly occasion: string
  readonly look: (copy: Copy) => Look
  /** Whether another seat may begin to come up. */
  readonly hasSlot: boolean
  /** `intro-3` */
  readonly name: string
  readonly now: number
}

type Nothing = Readonly<Record<never, never>>
type OfRound = { readonly round: string }
type OfCopy = { readonly copy: Copy }
type Because = { readonly because: string }

/** What can be done with a seat, and what has to be known for it. */
interface Steps {
  /** Nothing before something changes. */
  readonly wait: Nothing
  /** Those who follow the events hear that it was given up. */
  readonly tell: Nothing
  /** Its host name leads to what it has now. */
  readonly publish: Nothing
  /** What it has now is called as the seat is. */
  readonly rename: Nothing
  /** Everything of it goes. */
  readonly retire: Nothing
  /** What made room comes back. */
  readonly restore: Nothing
  /** Delete a copy. */
  readonly remove: OfCopy
  /** It is gone. */
  readonly forget: OfCopy
  /** Write down that a copy is to be made; `create` makes it. */
  readonly begin: OfRound
  readonly create: Nothing
  /** What was to take its place is not wanted any more. */
  readonly 'drop-next': Nothing
  readonly 'fail-next': Because
  readonly 'check-next': Nothing
  readonly 'check-current': OfCopy
  readonly wake: OfCopy
  readonly rest: OfCopy
  /** It is not as it should be, and stays as it is. */
  readonly report: Because
}
export type StepName = keyof Steps
export type StepOf<N extends StepName> = { readonly do: N } & Steps[N]
/** One thing at a time. */
export type Step = { readonly [N in StepName]: StepOf<N> }[StepName]

const wait: Step = { do: 'wait' }
/** A copy takes no longer than this to come up, ms. */
const mostComingMs = 15 * 60_000
/** Nobody who used it so lately is interrupted. */
const restAfterMs = 15 * 60_000
/** A creation that nobody knows the outcome of was either done by then or never will be, ms. */
const outcomeMs = 10 * 60_000

/** Pure: the same seat at the same time needs the same step, whatever died since the last one. */
export function nextStep(seat: Seat, view: SeatView): Step {
  const step = tidy(seat, view) ?? renew(seat, view) ?? keep(seat, view)
  return step.do === 'wait' && isCalledOtherwise(seat, view) ? { do: 'rename' } : step
}

/** Whether it takes one of the places of those that come up at once. */
export function isComingUp(seat: Seat, { look, phase, round, occasion }: Pick<SeatView, 'look' | 'phase' | 'round' | 'occasion'>): boolean {
  const { current, next, aside, failure, checkedFor } = seat
  if ((next !== null || aside !== null) && failure === null) return true
  if (current === null || (phase.kind !== 'preparing' && phase.kind !== 'session')) return false
  // It sleeps until something new has taken its place.
  if (phase.kind === 'preparing' && current.round !== round && failure?.occasion !== occasion) return false
  const { is } = look(current)
  return checkedFor !== phase.session.start && (is === 'coming' || is === 'up')
}

/** What has to be in order before anything else. */
function tidy(seat: Seat, { phase, look, now }: SeatView): Step | null {
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
  if (aside === null || room === 'gone') return null
  return room === 'leaving' ? wait : { do: 'remove', copy: aside }
}

/** The one before had the name of the seat, and has gone. Somebody else may have it now: nothing else waits for it. */
function isCalledOtherwise({ current, next, leaving }: Seat, { look, name }: SeatView): boolean {
  if (current === null || current.name === name || next !== null || leaving.length > 0) return false
  const seen = look(current)
  return seen.is === 'up' && seen.name === current.name
}

function isLost({ is }: Look): boolean {
  return is === 'gone' || is === 'leaving'
}

/** Making it anew, where that is wanted. Once a session has begun, only somebody who asks for it gets what works replaced. */
function renew(seat: Seat, view: SeatView): Step | null {
  const { current, next, reset, failure } = seat
  const { phase, look, hasSlot, occasion, now } = view
  const round = view.round ?? current?.round ?? next?.round ?? ''
  const isDue = phase.kind === 'preparing' ? current?.round !== round : phase.kind === 'session' && current === null
  if (reset === null && !isDue) return next === null || failure !== null ? missed(seat, view) : { do: 'drop-next' }
  if (reset === null && failure?.occasion === occasion) return null
  if (next === null) return hasSlot ? { do: 'begin', round } : wait
  // One of another round, or one that was given up before and left to be looked at.
  if (next.round !== round || failure !== null) return { do: 'drop-next' }
  const seen = look(next)
  switch (seen.is) {
    case 'unknown':
      return { do: 'create' }
    case 'failed':
      return { do: 'fail-next', because: seen.because }
    case 'asleep':
      return { do: 'wake', copy: next }
    case 'up':
      return { do: 'check-next' }
    default:
      if (now - next.beganAt < mostComingMs) return wait
      return { do: 'fail-next', because: 'it was not up after 15 minutes' }
  }
}

/** A session began, and the seat has what it had before. */
function missed({ current, failure }: Seat, { phase, round, occasion }: SeatView): Step | null {
  if (phase.kind !== 'session' || round === null || current === null || current.round === round || failure?.occasion === occasion)
    return null
  return { do: 'report', because: 'it was not made anew before the session began, and keeps what it had' }
}

/** What it has: awake and well for a session, asleep where nobody needs it. */
function keep({ current, checkedFor, failure }: Seat, { phase, round, occasion, look, hasSlot, now }: SeatView): Step {
  if (current === null) return wait
  const seen = look(current)
  if (phase.kind === 'waiting') return seen.is === 'up' && now - seen.usedAt >= restAfterMs ? { do: 'rest', copy: current } : wait
  if (phase.kind === 'over' || round === null) return wait
  const { start } = phase.session
  if (seen.is === 'failed') {
    if (current.revivedFor !== start) return hasSlot ? { do: 'wake', copy: current } : wait
    return failure?.occasion === occasion ? wait : { do: 'report', because: seen.because }
  }
  if (checkedFor === start) return wait
  if (seen.is === 'asleep') return hasSlot ? { do: 'wake', copy: current } : wait
  return seen.is === 'up' ? { do: 'check-current', copy: current } : wait
}
