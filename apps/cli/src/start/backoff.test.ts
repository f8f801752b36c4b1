import { describe, expect, it } from 'vitest'
import { Backoff } from './backoff.ts'

describe('Backoff', () => {
  it('doubles up to its limit, and begins anew after a steady run', () => {
    const backoff = new Backoff(100, 1000, 30_000)
    expect([5, 5, 5, 5, 5, 5].map((ranMs) => backoff.next(ranMs))).toEqual([100, 200, 400, 800, 1000, 1000])
    expect(backoff.next(30_000)).toBe(100)
    expect(backoff.next(1)).toBe(200)
  })
})
