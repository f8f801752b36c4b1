import { isIPv4 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ipv4Number } from './ipv4-number.ts'

describe('ipv4Number', () => {
  it('reads what Node takes for an address, and nothing else', () => {
    const nearly = fc
      .array(fc.constantFrom('0', '1', '25', '255', '256', '01', '.', ':', '', 'a', '-', ' '), { maxLength: 8 })
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), nearly), (text) => {
        const expected = isIPv4(text) ? Buffer.from(text.split('.').map(Number)).readUInt32BE() : -1
        expect(ipv4Number(text)).toBe(expected)
      }),
      { numRuns: 2000 },
    )
  })
})
