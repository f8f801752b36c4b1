import { describe, expect, it } from 'vitest'
import { type Bucket, periodsOf, startOf, startOfDay } from './periods.ts'

const read = (from: string, to: string, bucket: Bucket, timeZone: string) => {
  const { names, edges } = periodsOf(Date.parse(from), Date.parse(to), bucket, timeZone)
  const minutes = names.map((_, index) => ((edges[index + 1] ?? 0) - (edges[index] ?? 0)) / 60_000)
  return Object.fromEntries(names.map((name, index) => [name, minutes[index]]))
}

describe('periodsOf', () => {
  it('has a day of 25 hours where the clocks go back, and one of 23 where they go forward', () => {
    expect(read('2026-10-23T22:00Z', '2026-10-26T23:00Z', 'day', 'Europe/Berlin')).toEqual({
      '2026-10-24': 24 * 60,
      '2026-10-25': 25 * 60,
      '2026-10-26': 24 * 60,
    })
    expect(read('2026-03-28T23:00Z', '2026-03-30T22:00Z', 'day', 'Europe/Berlin')).toEqual({ '2026-03-29': 23 * 60, '2026-03-30': 24 * 60 })
  })

  it('tells the hour that comes twice apart, and leaves out the one that never comes', () => {
    expect(Object.keys(read('2026-10-24T23:30Z', '2026-10-25T03:00Z', 'hour', 'Europe/Berlin'))).toEqual([
      '2026-10-25T01:00+02:00',
      '2026-10-25T02:00+02:00',
      '2026-10-25T02:00+01:00',
      '2026-10-25T03:00+01:00',
    ])
    expect(Object.keys(read('2026-03-29T00:00Z', '2026-03-29T02:00Z', 'hour', 'Europe/Berlin'))).toEqual([
      '2026-03-29T01:00+01:00',
      '2026-03-29T03:00+02:00',
    ])
  })

  it('begins hours where local ones begin, and days after a midnight that is left out', () => {
    expect(read('2026-10-03T13:30Z', '2026-10-03T16:00Z', 'hour', 'Asia/Kathmandu')).toEqual({
      '2026-10-03T19:00+05:45': 45,
      '2026-10-03T20:00+05:45': 60,
      '2026-10-03T21:00+05:45': 45,
    })
    expect(Object.keys(read('2026-04-04T14:00Z', '2026-04-04T17:00Z', 'hour', 'Australia/Lord_Howe'))).toEqual([
      '2026-04-05T01:00+11:00',
      '2026-04-05T02:00+10:30',
      '2026-04-05T03:00+10:30',
    ])
    expect(read('2026-03-27T22:00Z', '2026-03-29T21:00Z', 'day', 'Asia/Beirut')).toEqual({ '2026-03-28': 24 * 60, '2026-03-29': 23 * 60 })
  })

  it('counts weeks as ISO 8601 does, and months', () => {
    expect(Object.keys(read('2026-12-20T00:00Z', '2027-01-05T00:00Z', 'week', 'UTC'))).toEqual([
      '2026-W51',
      '2026-W52',
      '2026-W53',
      '2027-W01',
    ])
    expect(read('2026-01-31T23:30Z', '2026-03-31T22:00Z', 'month', 'Europe/Berlin')).toEqual({
      '2026-02': 28 * 24 * 60 - 30,
      '2026-03': 31 * 24 * 60 - 60,
    })
  })

  it('cuts the first and the last period to the range', () => {
    expect(read('2026-11-20T23:00Z', '2026-11-22T01:00Z', 'day', 'UTC')).toEqual({ '2026-11-20': 60, '2026-11-21': 1440, '2026-11-22': 60 })
  })

  it('refuses more than 10,000 periods, and a time zone that nobody knows', () => {
    expect(() => read('2020-01-01', '2026-01-01', 'hour', 'UTC')).toThrow(expect.objectContaining({ code: 'too_large' }))
    expect(() => read('1970-01-01', '9999-01-01', 'month', 'UTC')).toThrow(expect.objectContaining({ code: 'too_large' }))
    expect(() => read('2026-01-01', '2026-01-02', 'hour', 'Europe/Berln')).toThrow(
      expect.objectContaining({ code: 'invalid', message: "'Europe/Berln' is not a time zone" }),
    )
  })
})

describe('startOf and startOfDay', () => {
  it('find the beginning in the time zone', () => {
    const month = startOf(Date.parse('2026-03-31T22:30:00Z'), 'month', 'Europe/Berlin')
    expect(new Date(month).toISOString()).toBe('2026-03-31T22:00:00.000Z')
    expect(startOf(month, 'month', 'Europe/Berlin')).toBe(month)
    expect(startOf(month - 1, 'month', 'Europe/Berlin')).toBe(Date.parse('2026-02-28T23:00:00Z'))
    const days = ['Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Asia/Kolkata', 'UTC'].map((zone) => startOfDay('2026-12-01', zone, 'from'))
    expect(days.map((at) => new Date(at).toISOString().slice(5, 16))).toEqual(['11-30T10:00', '12-01T11:00', '11-30T18:30', '12-01T00:00'])
  })

  it('refuse a day that a zone skipped, and one that no calendar has', () => {
    expect(() => startOfDay('2011-12-30', 'Pacific/Apia', 'from')).toThrow(expect.objectContaining({ code: 'invalid' }))
    expect(() => startOfDay('2026-02-29', 'UTC', 'from')).toThrow(expect.objectContaining({ message: 'from: 2026-02-29 is not a date' }))
  })
})
