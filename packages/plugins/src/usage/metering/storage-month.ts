import type { Minute } from './page.ts'
import { minuteMs } from './usage-span.ts'

/**
 * Pages are kept by months of UTC, whatever the time zone in which months are billed: that one may be changed in the
 * configuration, what is kept stays where it is. `2026-11`.
 */
export function storageMonth(minute: Minute): string {
  return new Date(minute * minuteMs).toISOString().slice(0, 7)
}

/** The minute in which the next month of UTC begins. */
export function monthAfter(minute: Minute): Minute {
  const date = new Date(minute * minuteMs)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) / minuteMs
}

/** All months that a range touches, in order. @param to exclusive */
export function* storageMonths(from: Minute, to: Minute): Generator<string> {
  for (let at = from; at < to; at = monthAfter(at)) yield storageMonth(at)
}
