import { mebibyte, minuteMs, type UsageSpan } from '../metering/usage-span.ts'

/**
 * MiB times minutes that a span held in a part of it, a whole number. What is kept as the mean of a day may be a fraction of
 * a MiB: it is rounded so that the parts of a span add up to what the whole of it is.
 * @param begin within the span, ms
 * @param end within the span, ms
 */
export function storageMinutes({ from, storageBytes }: UsageSpan, begin: number, end: number): number {
  const mebibytes = storageBytes / mebibyte
  const upTo = (at: number) => Math.round((mebibytes * (at - from)) / minuteMs)
  return upTo(end) - upTo(begin)
}
