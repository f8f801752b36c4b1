/** One clone for a seat. Written down before it is asked for: its key is the one thing that tells it from all others. */
export type Copy = {
  /** Idempotency key of its creation, and its label `classroom.key`. */
  readonly key: string
  /** Of its environment, at first. */
  readonly name: string
  /** What it was made for: the same for all seats that are refreshed together. */
  readonly round: string
  /** `shop@7` */
  readonly template: string
  /** ms since the epoch. */
  readonly beganAt: number
  /** Its configId; null: nobody knows yet whether it was made. */
  readonly environment: number | null
  /** Since when it was looked at and found not to be well; null: it was not. */
  readonly unwellSince: number | null
  readonly trouble: string | null
  /** The session for which it was started after it had failed, by its beginning. */
  readonly revivedFor: number | null
}

type SeatFailure = {
  readonly occasion: string
  readonly message: string
  readonly at: number
  readonly environment: number | null
  /** Those who follow the events know. */
  readonly told: boolean
}

/** What is known of a seat besides what its environments say themselves; one value in the store. */
export type Seat = {
  readonly class: string
  /** 1 to the number of seats. */
  readonly number: number
  /** What its URL leads to: it was well when it got there. */
  readonly current: Copy | null
  /** What is to take its place. */
  readonly next: Copy | null
  /** To be deleted; forgotten once it is. */
  readonly leaving: readonly Copy[]
  /** Deleted to make room for `next`, where a quota has none for both; it comes back if that fails. */
  readonly aside: Copy | null
  /** What `attempts` is about: a round, and the session that it is made for. */
  readonly occasion: string
  /** How often making a copy for it has failed. */
  readonly attempts: number
  /** Somebody wants it made anew. */
  readonly reset: { readonly by: string; readonly at: number } | null
  /** The session, by its beginning, for which `current` was found to be well, or given up. */
  readonly checkedFor: number | null
  /** It was given up on this occasion. */
  readonly failure: SeatFailure | null
  /** The environment that its host name leads to. */
  readonly alias: number | null
  /** Null: its environment's own has to do. */
  readonly host: string | null
}

export function emptySeat(name: string, number: number): Seat {
  const nothing = {
    current: null,
    next: null,
    leaving: [],
    aside: null,
    reset: null,
    checkedFor: null,
    failure: null,
    alias: null,
    host: null,
  }
  return { class: name, number, ...nothing, occasion: '', attempts: 0 }
}

/** After so many failures a seat is given up on this occasion. */
const mostAttempts = 2

/** `next` did not come up. @param message why */
export function afterFailure(seat: Seat, occasion: string, message: string, now: number): Seat {
  const attempts = seat.attempts + 1
  const { next } = seat
  // What nobody knows to exist is looked for by its key until that is sure.
  const leaving = next === null ? seat.leaving : [...seat.leaving, next]
  if (attempts < mostAttempts) return { ...seat, attempts, occasion, next: null, leaving }
  const environment = next?.environment ?? null
  const failure = { occasion, message, at: now, environment, told: false }
  const given = { ...seat, attempts, occasion, failure, reset: null }
  // Somebody may want to see why, where there is nothing better.
  const isShown = seat.current === null && seat.aside === null && environment !== null
  return isShown ? given : { ...given, next: null, leaving }
}

/** `next` is up and well. */
export function afterSwap(seat: Seat, session: number | null): Seat {
  const leaving = seat.current === null ? seat.leaving : [...seat.leaving, seat.current]
  const none = { next: null, aside: null, reset: null, failure: null }
  return { ...seat, ...none, leaving, current: seat.next, attempts: 0, checkedFor: session }
}

/** Somebody wants it made anew. What is being made for it already will do. */
export function afterReset(seat: Seat, by: string, now: number): Seat {
  const { next, failure, leaving } = seat
  const given = { ...seat, attempts: 0, failure: null, reset: { by, at: now } }
  if (next === null || (failure === null && next.unwellSince === null)) return given
  return { ...given, next: null, leaving: [...leaving, next] }
}

/** Everything of it goes. */
export function afterEnd(seat: Seat): Seat {
  const { current, next, aside } = seat
  const leaving = [...seat.leaving, ...[current, next, aside].filter((copy) => copy !== null)]
  return { ...seat, current: null, next: null, aside: null, reset: null, failure: null, leaving }
}

/** All that may exist of it. */
export function copiesOf({ current, next, aside, leaving }: Seat): Copy[] {
  return [current, next, aside, ...leaving].filter((copy) => copy !== null)
}

/** What creations made whose answers were lost. @param madeAs its configId; null: not known @returns the same seat where nothing is new */
export function withLearned(seat: Seat, madeAs: (copy: Copy) => number | null): Seat {
  const learned = new Map<string, Copy>()
  for (const copy of copiesOf(seat)) {
    const environment = copy.environment === null ? madeAs(copy) : null
    if (environment !== null) learned.set(copy.key, { ...copy, environment })
  }
  if (learned.size === 0) return seat
  const known = <C extends Copy | null>(copy: C) => (copy === null ? copy : (learned.get(copy.key) ?? copy)) as C
  const { current, next, aside, leaving } = seat
  return { ...seat, current: known(current), next: known(next), aside: known(aside), leaving: leaving.map(known) }
}
