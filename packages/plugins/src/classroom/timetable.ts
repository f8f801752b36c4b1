import { StandinError } from '@standin/client'
import type { ClassConfig } from './classroom-config.ts'
import { dayAfter, type Lesson, type Lessons, lessonsOf, timeOn } from './lessons.ts'

/** A lesson, or several without a break between them. ms since the epoch. */
export interface Session {
  readonly start: number
  /** Not included. */
  readonly end: number
  /** When its seats are begun: never while the one before still goes on. */
  readonly prepareAt: number
  /** The day on which it begins, where it is held: `2026-09-07`. */
  readonly day: string
  /** IANA name: where it is held. */
  readonly timeZone: string
}

/** `waiting`: before the first session, or between two; `next` is null where only the last day remains. */
export type Phase =
  | { readonly kind: 'waiting'; readonly next: Session | null }
  | { readonly kind: 'preparing' | 'session'; readonly session: Session }
  | { readonly kind: 'over' }

/** Where a class stands. */
interface Standing {
  readonly phase: Phase
  /** The session after the one that is prepared or held, or the next one. */
  readonly next: Session | null
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** No lesson is longer than a day, of 25 hours where the clocks go back; the clocks move by two at most. */
const lessonMs = 26 * hourMs
/** Back to before the lesson that goes on and the one before it; where they all touch, further back and once more. */
const lookBackMs = 2 * lessonMs
/** Lessons without a break for longer than this are held always: they begin with the class. */
const mostLookBackMs = 100 * dayMs
/** Lessons that never leave a break are looked at for so long. */
const lookAheadMs = 14 * dayMs

/** When a class is held. */
export class Timetable {
  readonly #lessons: readonly Lessons[]
  readonly #readyBeforeMs: number
  readonly #since: number
  readonly #until: number
  #last: { readonly from: number; readonly until: number; readonly standing: Standing } | null = null

  /** @throws StandinError `invalid` for what is no date, or can't be understood */
  constructor({ timetable, since, until, name }: Pick<ClassConfig, 'timetable' | 'since' | 'until' | 'name'>, readyBeforeMs: number) {
    const where = (index: number) => `class ${name}, timetable ${index + 1}`
    this.#lessons = timetable.map((entry, index) => lessonsOf(entry, where(index)))
    this.#readyBeforeMs = readyBeforeMs
    if (readyBeforeMs < 60_000) throw new StandinError('invalid', `class ${name}: readyBefore is less than 1m, in which no seat comes up`)
    const timeZone = timetable[0]?.timeZone ?? 'UTC'
    this.#since = since === undefined ? Number.NEGATIVE_INFINITY : timeOn(since, '00:00', timeZone, `class ${name}, since`)
    this.#until =
      until === undefined ? Number.POSITIVE_INFINITY : timeOn(dayAfter(until, `class ${name}, until`), '00:00', timeZone, `class ${name}`)
    if (this.#since >= this.#until) throw new StandinError('invalid', `class ${name} is over on ${until}, before it begins on ${since}`)
  }

  /** @param now ms since the epoch */
  at(now: number): Standing {
    // Times of a time zone are dear: they are worked out when something begins or ends.
    if (this.#last === null || now < this.#last.from || now >= this.#last.until) this.#last = { from: now, ...this.#standing(now) }
    return this.#last.standing
  }

  #standing(now: number): { until: number; standing: Standing } {
    const phase = (phase: Phase, next: Session | null, until: number) => ({ until, standing: { phase, next } })
    if (now >= this.#until) return phase({ kind: 'over' }, null, Number.POSITIVE_INFINITY)
    const [session, next = null] = this.upcoming(now, 2)
    if (session === undefined) {
      const isOver = this.#until === Number.POSITIVE_INFINITY
      return phase(isOver ? { kind: 'over' } : { kind: 'waiting', next: null }, null, this.#until)
    }
    if (now >= session.start) return phase({ kind: 'session', session }, next, session.end)
    if (now >= session.prepareAt) return phase({ kind: 'preparing', session }, next, session.start)
    return phase({ kind: 'waiting', next: session }, session, session.prepareAt)
  }

  /** The next sessions, one that goes on among them. */
  upcoming(now: number, count: number): Session[] {
    const sessions: Session[] = []
    for (let at = now; sessions.length < count; ) {
      const next = this.#sessionsFrom(at).find(({ end, start }) => end > at && start !== sessions.at(-1)?.start)
      if (next === undefined) break
      sessions.push(next)
      at = next.end
    }
    return sessions
  }

  /** From a while before `now` up to the first one that begins after it. */
  #sessionsFrom(now: number): Session[] {
    const merged = this.#mergedFrom(now)
    return merged.map(({ start, end, timeZone }, index) => {
      const before = merged[index - 1]?.end ?? Number.NEGATIVE_INFINITY
      return {
        start,
        end: Math.min(end, this.#until),
        prepareAt: Math.max(start - this.#readyBeforeMs, before),
        day: dayOf(start, timeZone),
        timeZone,
      }
    })
  }

  /** Lessons, those that touch each other as one. */
  #mergedFrom(now: number): Lesson[] {
    for (let back = lookBackMs; ; back *= 4) {
      const [first, ...others] = this.#merged(now - back, now)
      if (first === undefined) return []
      // What goes on now may have begun before the first that was looked at: when it began tells it from other sessions.
      const mayBeCut = first.start <= now && first.end > now && first.start - lessonMs <= now - back
      if (!mayBeCut) return [first, ...others]
      if (back >= mostLookBackMs) return [{ ...first, start: Math.max(this.#since, 0) }, ...others]
    }
  }

  #merged(from: number, now: number): Lesson[] {
    const merged: Lesson[] = []
    for (let at = from; ; ) {
      const first = this.#firstAfter(at)
      const last = merged.at(-1)
      if (first === null || (last !== undefined && last.end > now && first.start > now + lookAheadMs)) return merged
      if (last !== undefined && first.start <= last.end) merged[merged.length - 1] = { ...last, end: Math.max(last.end, first.end) }
      else if (last !== undefined && last.start > now) return merged
      else merged.push(first)
      at = first.start
    }
  }

  /** The lessons that begin first after an instant: the longest of them. */
  #firstAfter(after: number): Lesson | null {
    let found: Lesson | null = null
    for (const lessons of this.#lessons) {
      const lesson = lessons(Math.max(after, this.#since - 1))
      if (lesson === null || lesson.start >= this.#until || (found !== null && lesson.start > found.start)) continue
      if (found === null || lesson.start < found.start || lesson.end > found.end) found = lesson
    }
    return found
  }
}

function dayOf(at: number, timeZone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at)
}
