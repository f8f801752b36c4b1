import { type CronTimes, parseCron } from '@standin/core'

/** A night that was missed is made up for this long; then the next one counts. */
export const makeUpMs = 6 * 3_600_000

/** Where an instant stands between the times of a cron line. */
export interface Between {
  /** The last time not after it, of those less than {@link makeUpMs} ago. */
  readonly last: number | null
  readonly next: number | null
}

/** More would only be had by a calendar of many zones asked for many days. */
const mostAsked = 20_000

interface Known extends Between {
  readonly times: CronTimes
  from: number
  last: number | null
  next: number | null
}

/** Cron lines in time zones. What was worked out once is kept for as long as it holds: it is asked for each environment. */
export class Calendar {
  readonly #known = new Map<string, Known>()
  readonly #asked = new Map<string, number | null>()

  /** @param now ms since the epoch @throws StandinError `invalid` for what is no cron line */
  around(cron: string, timeZone: string, now: number): Between {
    const key = `${timeZone} ${cron}`
    let known = this.#known.get(key)
    if (known === undefined) {
      known = { times: parseCron(cron, timeZone), from: Number.POSITIVE_INFINITY, last: null, next: null }
      this.#known.set(key, known)
    }
    const stale = now < known.from || (known.next !== null && now >= known.next)
    if (stale) search(known, now)
    else if (known.last !== null && now - known.last >= makeUpMs) known.last = null
    return known
  }

  /** The first time after an instant, whichever. */
  at(cron: string, timeZone: string, after: number): number | null {
    // To the minute below: no time lies between the two.
    const minute = Math.floor(after / 60_000) * 60_000
    const key = `${minute} ${timeZone} ${cron}`
    let next = this.#asked.get(key)
    if (next === undefined) {
      if (this.#asked.size >= mostAsked) this.#asked.clear()
      next = parseCron(cron, timeZone).next(minute)
      this.#asked.set(key, next)
    }
    return next
  }
}

function search(known: Known, now: number): void {
  known.from = now
  known.last = null
  known.next = known.times.next(now - makeUpMs)
  // A line of one time a day has one at most in these hours, with its clock put back two.
  for (let step = 0; step < 10 && known.next !== null && known.next <= now; step++) {
    known.last = known.next
    known.next = known.times.next(known.next)
  }
}
