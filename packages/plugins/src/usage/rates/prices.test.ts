import { describe, expect, it } from 'vitest'
import { bytesPerGb, costDenominator, costOf, Prices } from './prices.ts'
import type { RatesConfig } from './rates-config.ts'

const rates = (more: Partial<RatesConfig> = {}): RatesConfig => ({ currency: 'EUR', svmHour: 0.05, gbHour: 0.0002, changes: [], ...more })

describe('Prices', () => {
  const prices = new Prices(
    rates({
      changes: [
        { from: '2026-12-01', svmHour: 0.06 },
        { project: 'shop', svmHour: 0.04 },
        { template: 'big', from: '2027-01-01', gbHour: 0 },
      ],
    }),
    'Europe/Berlin',
  )
  const at = (instant: string, project = '', template = '') => {
    const { svmHour, gbHour } = prices.at(Date.parse(instant), project, template)
    return [Number(svmHour) / 1e9, Number(gbHour) / 1e9]
  }

  it('hold from midnight of their day in the time zone', () => {
    expect(at('2026-11-30T22:59:00Z')).toEqual([0.05, 0.0002])
    expect(at('2026-11-30T23:00:00Z')).toEqual([0.06, 0.0002])
    expect(prices.edges.map((edge) => new Date(edge).toISOString())).toEqual(['2026-11-30T23:00:00.000Z', '2026-12-31T23:00:00.000Z'])
  })

  it('are those of the last entry that fits and names one', () => {
    expect(at('2026-12-24T00:00:00Z', 'shop')).toEqual([0.04, 0.0002])
    expect(at('2026-12-24T00:00:00Z', 'shop', 'big')).toEqual([0.04, 0.0002])
    expect(at('2027-01-24T00:00:00Z', 'shop', 'big')).toEqual([0.04, 0])
    expect(at('2027-01-24T00:00:00Z', 'other', 'big')).toEqual([0.06, 0])
  })

  it('of 90 minutes on two SVMs and of 10 GB for a day are 0.15 and 0.048', () => {
    const price = prices.at(0, '', '')
    expect((costOf(price, 2n * 90n, 0n) * 1000n) / costDenominator).toBe(150n)
    expect(costOf(price, 0n, 10n * bytesPerGb * 24n * 60n) * 1000n).toBe(48n * costDenominator)
  })

  it.each([
    ['a negative rate', { svmHour: -0.05 }, 'rates.svmHour: -0.05 is negative'],
    ['more than nine decimals', { gbHour: 0.00000000012 }, 'rates.gbHour: 1.2e-10 has more than nine decimals'],
    ['a date that is none', { changes: [{ from: '2026-02-30', svmHour: 1 }] }, 'rates.changes[0].from: 2026-02-30 is not a date'],
    ['a change without a price', { changes: [{ project: 'shop' }] }, 'rates.changes[0] changes nothing'],
  ])('refuse %s', (_, more, message) => {
    expect(() => new Prices(rates(more), 'UTC')).toThrow(expect.objectContaining({ code: 'invalid', message }))
  })
})
