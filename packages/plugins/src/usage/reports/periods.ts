import { StandinError } from '@standin/client'
import { parseCron, timeZoneFault } from '@standin/core'

export const buckets = ['hour', 'day', 'week', 'month'] as const
export type Bucket = (typeof buckets)[number]

/** More than a year of hours. */
const mostPeriods = 10_000
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

interface BucketKind {
  readonly cron: string
  /** No such period is longer, ms. */
  readonly longest: number
}
const kinds: Readonly<Record<Bucket, BucketKind>> = {
  hour: { cron: '0 * * * *', longest: 2 * hour },
  day: { cron: '0 0 * * *', longest: 2 * day },
  // ISO 8601: weeks begin on Monday.
  week: { cron: '0 0 * * 1', longest: 8 * day },
  month: { cron: '0 0 1 * *', longest: 32 * day },
}

/** The hours, days, weeks or months of a time zone that a range touches. */
export interface Periods {
  /** What each is called: `2026-10-25T02:00+01:00`, `2026-11-21`, `2026-W47`, `2026-11`. */
  readonly names: readonly string[]
  /** Where each begins, ms, and where the last one ends; the range cuts the first and the last. */
  readonly edges: readonly number[]
}

/**
 * Days are as long as they are: 23 hours where the clocks go forward, 25 where they go back. Where the clocks leave midnight
 * out, the day begins with the first minute after it.
 * @throws StandinError `invalid` for an unknown time zone, `too_large` for more than 10,000 periods
 */
export function periodsOf(from: number, to: number, bucket: Bucket, timeZone: string): Periods {
  const fault = timeZoneFault(timeZone)
  if (fault !== null) throw new StandinError('invalid', fault, { hint: 'Write a name of the IANA database, such as Europe/Berlin or UTC' })
  const { cron, longest } = kinds[bucket]
  if ((to - from) / longest > mostPeriods) throw tooMany(bucket)
  const local = new LocalTime(timeZone)
  const next = bucket === 'hour' ? (at: number) => nextHour(at, local) : nextBy(cron, timeZone)
  let begin = from - longest
  for (let at = next(begin); at <= from; at = next(at)) begin = at
  const names: string[] = []
  const edges = [from]
  for (let at = begin; at < to; at = edges.at(-1) as number) {
    if (names.length === mostPeriods) throw tooMany(bucket)
    names.push(nameOf(at, bucket, local))
    edges.push(next(at))
  }
  edges[edges.length - 1] = to
  return { names, edges }
}

/** When the period begins in which an instant is, ms. */
export function startOf(instant: number, bucket: Bucket, timeZone: string): number {
  const { cron, longest } = kinds[bucket]
  const next = nextBy(cron, timeZone)
  let begin = instant
  for (let at = next(instant - longest); at <= instant; at = next(at)) begin = at
  return begin
}

/**
 * When a day begins in a time zone, ms.
 * @param date `2026-11-21`
 * @param what it is the date of, for the error
 * @throws StandinError `invalid` for a date that no calendar has
 */
export function startOfDay(date: string, timeZone: string, what: string): number {
  const midnight = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== date)
    throw new StandinError('invalid', `${what}: ${date} is not a date`, { hint: 'Write it as 2026-11-21' })
  const local = new LocalTime(timeZone)
  // It is there somewhere within it: no zone is further than 14 hours from UTC.
  for (let at = midnight - 14 * hour; at <= midnight + 36 * hour; at += 12 * hour) {
    if (local.at(at).date === date) return startOf(at, 'day', timeZone)
  }
  throw new StandinError('invalid', `${what}: there was no ${date} in ${timeZone}`, { hint: 'Write another day' })
}

/** An hour begins where local minutes are none: Kathmandu's do so at a quarter past UTC's. */
function nextHour(at: number, local: LocalTime): number {
  const soon = at - (at % minute) + hour
  const past = local.at(soon).minute
  if (past === 0) return soon
  const earlier = soon - past * minute
  // Where the shift of DST is half an hour, the hour in which it falls is longer.
  return earlier > at && local.at(earlier).minute === 0 ? earlier : soon + (60 - past) * minute
}

function nextBy(cron: string, timeZone: string): (at: number) => number {
  const times = parseCron(cron, timeZone)
  return (at) => times.next(at) ?? Number.POSITIVE_INFINITY
}

function nameOf(at: number, bucket: Bucket, local: LocalTime): string {
  const { date, time, offset } = local.at(at)
  if (bucket === 'hour') return `${date}T${time}${offset}`
  if (bucket === 'month') return date.slice(0, 7)
  return bucket === 'day' ? date : weekOf(date)
}

/** ISO 8601: the week belongs to the year in which its Thursday is. */
function weekOf(monday: string): string {
  const thursday = new Date(Date.parse(`${monday}T00:00:00Z`) + 3 * day)
  const year = thursday.getUTCFullYear()
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * day)) + 1
  return `${year}-W${String(week).padStart(2, '0')}`
}

function tooMany(bucket: Bucket): StandinError {
  return new StandinError('too_large', `The range has more than ${mostPeriods} periods of one ${bucket} each`, {
    hint: 'Choose a shorter range or a longer bucket',
  })
}

/** What the clocks show in a time zone. */
class LocalTime {
  readonly #format: Intl.DateTimeFormat

  constructor(timeZone: string) {
    const two = '2-digit'
    this.#format = new Intl.DateTimeFormat('en-CA', {
      ...{ timeZone, year: 'numeric', month: two, day: two, hour: two, minute: two, hourCycle: 'h23', timeZoneName: 'longOffset' },
    } as Intl.DateTimeFormatOptions)
  }

  at(instant: number): { date: string; time: string; minute: number; offset: string } {
    // `2026-11-21, 09:15 GMT+01:00`; UTC itself is `GMT`.
    const [date = '', time = '', offset = ''] = this.#format.format(instant).split(/,? /)
    return { date, time, minute: Number(time.slice(3)), offset: offset.slice(3) || 'Z' }
  }
}
