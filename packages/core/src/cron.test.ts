import { describe, expect, it } from 'vitest'
import { parseCron } from './cron.ts'

/** The first so many times after an instant. */
function times(line: string, timeZone: string, after: string, count: number): string[] {
  const cron = parseCron(line, timeZone)
  const found: string[] = []
  for (let at = cron.next(Date.parse(after)); at !== null && found.length < count; at = cron.next(at)) {
    found.push(new Date(at).toISOString().slice(0, 16))
  }
  return found
}

describe('parseCron', () => {
  it('gives the times after an instant, never that instant', () => {
    expect(times('0 20 * * 1-5', 'UTC', '2026-11-19T20:00:00Z', 3)).toEqual(['2026-11-20T20:00', '2026-11-23T20:00', '2026-11-24T20:00'])
    expect(times('@daily', 'UTC', '2026-11-19T20:00:00Z', 1)).toEqual(['2026-11-20T00:00'])
  })

  it('keeps the time of day of the time zone when its clocks change', () => {
    expect(times('0 20 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual(['2026-03-28T19:00', '2026-03-29T18:00'])
    expect(times('0 20 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual(['2026-10-24T18:00', '2026-10-25T19:00'])
  })

  it('takes a time of day that the clocks leave out at the first minute after the gap, once', () => {
    // Berlin: 02:00 is 03:00 on 29 March 2026.
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual(['2026-03-29T01:00', '2026-03-30T00:30'])
  })

  it('takes a time of day that comes twice once', () => {
    // Berlin: 03:00 is 02:00 again on 25 October 2026.
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual(['2026-10-25T00:30', '2026-10-26T01:30'])
    expect(times('30 2,14 * * *', 'Europe/Berlin', '2026-10-24T13:00:00Z', 2)).toEqual(['2026-10-25T00:30', '2026-10-25T13:30'])
  })

  it('goes by the minutes that there are where the line has stars or steps', () => {
    expect(times('0 * * * *', 'Europe/Berlin', '2026-03-28T23:30:00Z', 3)).toEqual([
      '2026-03-29T00:00',
      '2026-03-29T01:00',
      '2026-03-29T02:00',
    ])
    expect(times('*/30 * * * *', 'Europe/Berlin', '2026-10-25T00:00:00Z', 4)).toEqual([
      '2026-10-25T00:30',
      '2026-10-25T01:00',
      '2026-10-25T01:30',
      '2026-10-25T02:00',
    ])
  })

  it('knows half-hour time zones, and that a day may be missing', () => {
    expect(times('0 9 * * *', 'Asia/Kolkata', '2026-11-19T12:00:00Z', 1)).toEqual(['2026-11-20T03:30'])
    expect(parseCron('0 0 30 2 *').next(Date.parse('2026-01-01T00:00:00Z'))).toBeNull()
  })

  it.each(['', '61 * * * *', '* * * *', '0 0 * * * *', 'every day', '0 20 * * MOON', '1-0 * * * *', 'x'.repeat(300)])(
    'refuses %o',
    (line) => {
      expect(() => parseCron(line)).toThrow(
        expect.objectContaining({ code: 'invalid', message: expect.stringContaining('is not a cron line') }),
      )
    },
  )

  it.each(['Europe/Atlantis', '', '+02:00', 'Europe/Berlin;'])('refuses the time zone %o', (zone) => {
    expect(() => parseCron('@daily', zone)).toThrow(expect.objectContaining({ message: `'${zone}' is not a time zone` }))
  })
})
