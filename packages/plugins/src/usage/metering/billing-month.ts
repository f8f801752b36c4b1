import { parseCron } from '@standin/core'

/** The shortest month has more days than this, whatever its clocks do, ms. */
const halfMonthMs = 15 * 86_400_000

/** A month as it is billed, ms since the epoch. */
export interface BillingMonth {
  readonly month: string
  readonly from: number
  readonly to: number
}

/**
 * The month that follows another one without a gap, in whichever time zone that one was; so the month after a change of
 * the time zone is some hours shorter or longer.
 * @param from where the one before ended, or where metering began
 * @param isFirst it may be part of a month
 */
export function nextBillingMonth(from: number, timeZone: string, isFirst: boolean): BillingMonth {
  const to = parseCron('0 0 1 * *', timeZone).next(isFirst ? from : from + halfMonthMs)
  if (to === null) throw new RangeError(`no month ends after ${from}`)
  return { month: monthName(to - 1, timeZone), from, to }
}

/** `2026-11`, of an instant in ms. */
function monthName(at: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en', { timeZone, year: 'numeric', month: '2-digit' }).formatToParts(at)
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}`
}
