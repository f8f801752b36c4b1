import { StandinError } from '@standin/client'
import { type CronTimes, parseCron } from '@standin/core'
import type { ClassConfig, TimetableEntry } from './classroom-config.ts'

/** A lesson, or several without a break between them. ms since the epoch. */
export interface Session {
  readonly start: number
  /** Not included. */
  readonly end: number
  /** When its seats are begun: never while the one before still goes on. */
  readonly prepareAt: number
  /** The day on which it begins, where it is held: `2026-09-07`. */
  readonly day: string
}

/** `waiting`: before the first session, or between two; `next` is null where only the last day remains. */
export type Phase =
  | { readonly kind: 'waiting'; readonly next: Session | null }
  | { readonly kind: 'preparing' | 'session'; readonly session: Session }
  | { readonly kind: 'over' }

interface Lessons {
  readonly ends: CronTimes
  readonly timeZone: string
  /** The first beginning after an instant. */
  next(after: number): number | null
}

const hourMs = 3_600_000
/** No lesson is longer than a day, of 25 hours where the clocks go back; one that touches it may have begun before. */
const lookBackMs = 51 * hourMs
/** Lessons that never leave a break are looked at for so long. */
const lookAheadMs = 14 * 24 * hourMs

/** When a class is held. */
export class Timetable {
  readonly #lessons: readonly Lessons[]
  readonly #readyBeforeMs: number
  readonly #since: number
  readonly #until: number

  /** @throws StandinError `invalid` for what is no date, or can't be understood */
  constructor({ timetable, since, until, name }: Pick<ClassConfig, 'timetable' | 'since' | 'until' | 'name'>, readyBeforeMs: number) {
    const where = (index: number) => `class ${name}, timetable ${index + 1}`
    this.#lessons = timetable.map((entry, index) => lessonsOf(entry, where(index)))
    this.#readyBeforeMs = readyBeforeMs
    const timeZone = timetable[0]?.timeZone ?? 'UTC'
    this.#since = since === undefined ? Number.NEGATIVE_INFINITY : timeOn(since, '00:00', timeZone, `class ${name}, since`)
    this.#until =
      until === undefined ? Number.POSITIVE_INFINITY : timeOn(dayAfter(until, `class ${name}, until`), '00:00', timeZone, `class ${name}`)
  }

  /** @param now ms since the epoch */
  phaseAt(now: number): Phase {
    if (now >= this.#until) return { kind: 'over' }
    const session = this.#sessionsFrom(now).find(({ end }) => end > now)
    if (session === undefined) return this.#until === Number.POSITIVE_INFINITY ? { kind: 'over' } : { kind: 'waiting', next: null }
    if (now >= session.start) return { kind: 'session', session }
    return now >= session.prepareAt ? { kind: 'preparing', session } : { kind: 'waiting', next: session }
  }

  /** The next sessions, one that goes on among them. */
  upcoming(now: number, count: number): Session[] {
    const sessions: Session[] = []
    for (let at = now; sessions.length < count; ) {
      const next = this.#sessionsFrom(at).find(({ end }) => end > at)
      if (next === undefined) break
      sessions.push(next)
      at = next.end
    }
    return sessions
  }

  /** From a while before `now` up to the first one that begins after it. */
  #sessionsFrom(now: number): Session[] {
    const merged: { start: number; end: number; timeZone: string }[] = []
    for (let at = now - lookBackMs; ; ) {
      const first = this.#firstAfter(at)
      const last = merged.at(-1)
      if (first === null || (last !== undefined && last.end > now && first.start > now + lookAheadMs)) break
      if (last !== undefined && first.start <= last.end) last.end = Math.max(last.end, first.end)
      else if (last !== undefined && last.start > now) break
      else merged.push({ ...first })
      at = first.start
    }
    return merged.map(({ start, end, timeZone }, index) => {
      const before = merged[index - 1]?.end ?? Number.NEGATIVE_INFINITY
      return {
        start,
        end: Math.min(end, this.#until),
        prepareAt: Math.max(start - this.#readyBeforeMs, before),
        day: dayOf(start, timeZone),
      }
    })
  }

  /** The lessons that begin first after an instant: the longest of them. */
  #firstAfter(after: number): { start: number; end: number; timeZone: string } | null {
    let found: { start: number; end: number; timeZone: string } | null = null
    for (const { ends, timeZone, next } of this.#lessons) {
      const start = next(Math.max(after, this.#since - 1))
      if (start === null || start >= this.#until || (found !== null && start > found.start)) continue
      const end = ends.next(start) ?? start
      if (found === null || start < found.start || end > found.end) found = { start, end, timeZone }
    }
    return found
  }
}

function lessonsOf(entry: TimetableEntry, where: string): Lessons {
  const { days, dates, cron, from, to, timeZone = 'UTC' } = entry
  const given = [days, dates, cron].filter((each) => each !== undefined).length
  if (given !== 1 || (cron === undefined) !== (from !== undefined)) {
    throw new StandinError('invalid', `${where} does not say when its lessons begin, or says it twice`, {
      hint: 'Write `days` or `dates` with `from`, or `cron` alone',
    })
  }
  const ends = parseCron(cronAt(to), timeZone)
  if (dates !== undefined) {
    const starts = dates.map((each) => timeOn(each, from ?? '', timeZone, where)).sort((a, b) => a - b)
    return { ends, timeZone, next: (after) => starts.find((start) => start > after) ?? null }
  }
  const times = parseCron(cron ?? cronAt(from ?? '', days), timeZone)
  return { ends, timeZone, next: (after) => times.next(after) }
}

function cronAt(time: string, days = '*'): string {
  return `${Number(time.slice(3))} ${Number(time.slice(0, 2))} * * ${days}`
}

/** A time of day on a date, where it is in a time zone; one that the clocks leave out is the first minute after the gap. */
function timeOn(date: string, time: string, timeZone: string, where: string): number {
  const midnight = utcOf(date, where)
  const [, month, day] = date.split('-').map(Number)
  const line = `${Number(time.slice(3))} ${Number(time.slice(0, 2))} ${day} ${month} *`
  // No place is further than 14 hours from UTC.
  return parseCron(line, timeZone).next(midnight - 24 * hourMs) as number
}

function dayAfter(date: string, where: string): string {
  return new Date(utcOf(date, where) + 24 * hourMs).toISOString().slice(0, 10)
}

/** @throws StandinError `invalid` */
function utcOf(date: string, where: string): number {
  const at = Date.parse(`${date}T00:00:00Z`)
  if (!Number.isNaN(at) && new Date(at).toISOString().startsWith(date)) return at
  throw new StandinError('invalid', `${where}: ${date} is not a date`, { hint: 'Write year, month and day: 2026-09-07' })
}

function dayOf(at: number, timeZone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at)
}
