import { describe, expect, it } from 'vitest'
import { parseDuration } from './duration.ts'

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['1500ms', 1500],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
  ])('reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms))

  it.each(['', '15', 'm', '1h 30m', '-5m', '1y', '1h30'])('refuses %o', (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'invalid' }))
  })
})
