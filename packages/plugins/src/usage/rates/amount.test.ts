import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apportion, formatUnits, roundAmount } from './amount.ts'

describe('apportion', () => {
  it.each([
    // Three thirds of 1.00: 33 each, and the one that is missing goes to the first.
    { parts: [1n, 1n, 1n], of: 3n, decimals: 2, rows: [34n, 33n, 33n], total: 100n },
    // 0.004 + 0.004 + 0.007 = 0.015, half up 0.02: 0.007 and the first 0.004 get a cent.
    { parts: [4n, 4n, 7n], of: 1000n, decimals: 2, rows: [1n, 0n, 1n], total: 2n },
    { parts: [4n], of: 1000n, decimals: 2, rows: [0n], total: 0n },
    { parts: [], of: 7n, decimals: 6, rows: [], total: 0n },
    { parts: [25n, 50n], of: 100n, decimals: 2, rows: [25n, 50n], total: 75n },
  ])('gives $parts / $of to $decimals decimals', ({ parts, of, decimals, rows, total }) => {
    expect(apportion(parts, of, decimals)).toEqual({ rows, total })
  })

  it('gives rows that add up to the total, none of them off by a unit, and a total that does not depend on the rows', () => {
    const amounts = fc.array(fc.bigInt({ min: 0n, max: 10n ** 24n }), { maxLength: 50 })
    fc.assert(
      fc.property(amounts, fc.bigInt({ min: 1n, max: 10n ** 20n }), fc.nat(6), (numerators, denominator, decimals) => {
        const { rows, total } = apportion(numerators, denominator, decimals)
        const whole = numerators.reduce((sum, each) => sum + each, 0n)
        expect(rows.reduce((sum, each) => sum + each, 0n)).toBe(total)
        expect(total).toBe(roundAmount(whole, denominator, decimals))
        for (const [index, row] of rows.entries()) {
          const floor = ((numerators[index] ?? 0n) * 10n ** BigInt(decimals)) / denominator
          expect(row === floor || row === floor + 1n).toBe(true)
        }
      }),
    )
  })
})

describe('formatUnits', () => {
  it.each([
    [1_234_567n, 6, '1.234567'],
    [5n, 2, '0.05'],
    [0n, 6, '0.000000'],
    [42n, 0, '42'],
  ])('writes %s with %s decimals as %s', (units, decimals, text) => expect(formatUnits(units, decimals)).toBe(text))
})
