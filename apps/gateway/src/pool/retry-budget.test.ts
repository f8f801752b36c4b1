import { describe, expect, it } from 'vitest'
import { RetryBudget } from './retry-budget.ts'

const spendAll = (budget: RetryBudget, percent: number, now: number) => {
  let spent = 0
  while (spent < 100_000 && budget.spend(percent, now)) spent++
  return spent
}

describe('RetryBudget', () => {
  it('always allows ten in a second, and ten more in the next', () => {
    const budget = new RetryBudget(0)
    expect(spendAll(budget, 0, 10)).toBe(10)
    expect(spendAll(budget, 0, 999)).toBe(0)
    expect(spendAll(budget, 0, 1_000)).toBe(10)
  })

  it('allows a share of the requests of the last ten seconds', () => {
    const budget = new RetryBudget(0)
    for (let ms = 0; ms < 60_000; ms++) budget.count(ms)
    // About ten thousand requests in the window, whose edge is soft.
    const spent = spendAll(budget, 20, 60_000)
    expect(spent).toBeGreaterThan(1_700)
    expect(spent).toBeLessThan(2_300)
    expect(spendAll(budget, 20, 60_999)).toBe(0)
  })

  it('forgets requests of long ago', () => {
    const budget = new RetryBudget(0)
    for (let i = 0; i < 10_000; i++) budget.count(0)
    expect(spendAll(budget, 20, 120_000)).toBe(10)
  })
})
