import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { UsageSpan } from '../metering/usage-span.ts'
import { storageMinutes } from './storage-minutes.ts'

const span = (mebibytes: number) => ({ from: 60_000, storageBytes: mebibytes * 2 ** 20 }) as UsageSpan

it('storageMinutes of the parts of a span add up to those of the whole, which are those that the mean was made of', () => {
  const minutes = fc.integer({ min: 1, max: 1500 })
  fc.assert(
    fc.property(fc.nat(2_000_000), minutes, fc.array(fc.nat(1500), { maxLength: 8 }), (total, length, cuts) => {
      const edges = [0, ...cuts.filter((cut) => cut < length).sort((a, b) => a - b), length].map((minute) => (minute + 1) * 60_000)
      const parts = edges.slice(1).map((end, index) => storageMinutes(span(total / length), edges[index] as number, end))
      expect(parts.reduce((a, b) => a + b, 0)).toBe(total)
      for (const part of parts) expect(part).toBeGreaterThanOrEqual(0)
    }),
  )
})
