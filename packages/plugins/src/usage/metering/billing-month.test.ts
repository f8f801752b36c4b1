import { describe, expect, it } from 'vitest'
import { nextBillingMonth } from './billing-month.ts'

const at = (text: string) => Date.parse(`${text}Z`)
const said = (from: string, timeZone: string, isFirst = false) => {
  const { month, to } = nextBillingMonth(at(from), timeZone, isFirst)
  return `${month} to ${new Date(to).toISOString().slice(0, 16)}`
}

describe('a month that is billed', () => {
  it.each([
    ['is one of its time zone, whatever its clocks do', '2026-02-28T23:00', 'Europe/Berlin', false, '2026-03 to 2026-03-31T22:00'],
    ['begins where metering began', '2026-11-21T17:31', 'UTC', true, '2026-11 to 2026-12-01T00:00'],
    ['is the first one also where metering began in its last minute', '2026-11-30T23:59', 'UTC', true, '2026-11 to 2026-12-01T00:00'],
    [
      'is longer by some hours where the time zone was changed to the west',
      '2026-11-30T23:00',
      'UTC',
      false,
      '2026-12 to 2027-01-01T00:00',
    ],
    ['and shorter where it was changed to the east', '2026-12-01T00:00', 'Asia/Tokyo', false, '2026-12 to 2026-12-31T15:00'],
  ] as const)('%s', (_, from, timeZone, isFirst, expected) => {
    expect(said(from, timeZone, isFirst)).toBe(expected)
  })
})
