import { describe, expect, it } from 'vitest'
import { formatAge, formatElapsed, formatSize, parseDuration, parseMoment, parseSpan } from './duration.ts'

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['30d', 2_592_000_000],
    ['2w', 1_209_600_000],
  ])('takes %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each(['', '5', '-5m', '5 m', '5x', 'm5', '1e3s', '5M', 'ms'])("refuses '%s', naming it", (text) => {
    expect(() => parseDuration(text)).toThrow(`'${text}' is not a duration`)
  })
})

describe('parseSpan', () => {
  it('refuses what is over before it began', () => {
    expect(parseSpan(1000)('1s')).toBe(1000)
    expect(() => parseSpan(1000)('0s')).toThrow("'0s' is too short: at least 1s is needed")
  })
})

describe('parseMoment', () => {
  const now = new Date(2026, 10, 21, 16, 0, 0).getTime()

  it('takes how long ago', () => {
    expect(parseMoment('10m', now)).toBe(now - 600_000)
  })

  it('takes a time of today', () => {
    expect(parseMoment('15:40', now)).toBe(new Date(2026, 10, 21, 15, 40).getTime())
  })

  it('takes an instant with its zone, and local time without one', () => {
    expect(parseMoment('2026-11-21T15:40:00Z', now)).toBe(Date.UTC(2026, 10, 21, 15, 40))
    expect(parseMoment('2026-11-21 15:40', now)).toBe(new Date(2026, 10, 21, 15, 40).getTime())
    expect(parseMoment('2026-11-20', now)).toBe(new Date(2026, 10, 20).getTime())
  })

  it.each(['yesterday', '12', '2026', '2026-13-45', ''])("refuses '%s'", (text) => {
    expect(() => parseMoment(text, now)).toThrow('is not a moment')
  })
})

describe('what people read', () => {
  it('says ages in one unit', () => {
    expect([850, 42_000, 119_000, 720_000, 7_300_000, 200_000_000].map(formatAge)).toEqual(['850ms', '42s', '2m', '12m', '2h', '2d'])
  })

  it('takes a clock that runs behind for no age at all', () => {
    expect(formatAge(-5)).toBe('0ms')
  })

  it('says what steps took so that they can be compared', () => {
    expect([12.4, 1234, 59_949, 185_000].map(formatElapsed)).toEqual(['12ms', '1.2s', '59.9s', '3m05s'])
  })

  it('says sizes with their unit', () => {
    expect([0, 512, 1536, 3_565_158, 536_870_912, 2 ** 43].map(formatSize)).toEqual([
      '0 B',
      '512 B',
      '1.5 KiB',
      '3.4 MiB',
      '512 MiB',
      '8.0 TiB',
    ])
  })
})
