import { StandinError } from '@standin/client'
import { type CronTimes, parseCron } from '@standin/core'
import type { TimetableEntry } from './classroom-config.ts'

/** One lesson. ms since the epoch. */
export interface Lesson {
  readonly start: number
  /** Not included. */
  readonly end: number
  /** IANA name: where it is held. */
  readonly timeZone: string
}

/** The first lesson that begins after an instant; null where none comes any more. */
export type Lessons = (after: number) => Lesson | null

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** What an entry of a timetable means. @param where it stands, for errors @throws StandinError `invalid` */
export function lessonsOf(entry: TimetableEntry, where: string): Lessons {
  const { days, dates, cron, from, to, timeZone = 'UTC' } = entry
  const given = [days, dates, cron].filter((each) => each !== undefined).length
  if (given !== 1 || (cron === undefined) !== (from !== undefined)) {
    throw new StandinError('invalid', `${where} does not say when its lessons begin, or says it twice`, {
      hint: 'Write `days` or `dates` with `from`, or `cron` alone',
    })
  }
  const ends = read(cronAt(to), timeZone, where)
  const lengthMs = from === undefined ? null : ((minutesOf(to) - minutesOf(from) + 24 * 60) % (24 * 60) || 24 * 60) * 60_000
  const lessonAt = (start: number | null): Lesson | null => {
    if (start === null) return null
    const end = ends.next(start) ?? start
    // The clocks leave all of it out, and its end fell on its beginning: the next one would be that of tomorrow.
    const isLeftOut = lengthMs !== null && end - start > lengthMs + 3 * hourMs
    return { start, end: isLeftOut ? start + lengthMs : end, timeZone }
  }
  if (dates !== undefined) {
    const starts = dates.map((each) => timeOn(each, from ?? '', timeZone, where)).sort((a, b) => a - b)
    return (after) => lessonAt(starts.find((start) => start > after) ?? null)
  }
  const times = read(cron ?? cronAt(from ?? '', days), timeZone, where)
  return (after) => lessonAt(times.next(after))
}

/** @throws StandinError `invalid` saying where it stands */
function read(line: string, timeZone: string, where: string): CronTimes {
  try {
    return parseCron(line, timeZone)
  } catch (cause) {
    throw new StandinError('invalid', `${where}: ${(cause as Error).message}`, { cause })
  }
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
}

function cronAt(time: string, days = '*'): string {
  return `${Number(time.slice(3))} ${Number(time.slice(0, 2))} * * ${days}`
}

/**
 * A time of day on a date, where it is in a time zone; one that the clocks leave out is the first minute after the gap.
 * @throws StandinError `invalid` for what is no date
 */
export function timeOn(date: string, time: string, timeZone: string, where: string): number {
  const midnight = utcOf(date, where)
  const [, month, day] = date.split('-').map(Number)
  const line = `${Number(time.slice(3))} ${Number(time.slice(0, 2))} ${day} ${month} *`
  // No place is further than 14 hours from UTC.
  return parseCron(line, timeZone).next(midnight - dayMs) as number
}

/** @throws StandinError `invalid` */
export function dayAfter(date: string, where: string): string {
  return new Date(utcOf(date, where) + dayMs).toISOString().slice(0, 10)
}

/** @throws StandinError `invalid` */
function utcOf(date: string, where: string): number {
  const at = Date.parse(`${date}T00:00:00Z`)
  if (!Number.isNaN(at) && new Date(at).toISOString().startsWith(date)) return at
  throw new StandinError('invalid', `${where}: ${date} is not a date`, { hint: 'Write year, month and day: 2026-09-07' })
}
