import { describe, expect, it } from 'vitest'
import { type Ask, queryMessage } from '../testing/messages.ts'
import { AskedQuestions } from './asked-questions.ts'
import { rrType } from './protocol.ts'

const questions = new AskedQuestions(2)

/** Undefined: it can't be found again. */
function hashOf(ask: Ask, asked = questions): number | undefined {
  const message = Buffer.concat([Buffer.alloc(3), queryMessage(ask)])
  asked.read(new DataView(message.buffer, message.byteOffset, message.length), 3, message.length, 1)
  return asked.nameLengths[1] === 0 ? undefined : asked.hashes[1]
}

describe('AskedQuestions', () => {
  it('reads one name as one, whatever the case of its letters (RFC 4343, section 3)', () => {
    expect(hashOf({ name: 'wEb.1001.Example' })).toBe(hashOf({ name: 'WeB.1001.eXAMPLE' }))
    expect(hashOf({ name: '[.example' })).not.toBe(hashOf({ name: '{.example' }))
    expect(hashOf({ name: '@.example' })).not.toBe(hashOf({ name: '`.example' }))
  })

  it('spreads names that differ little over all bits', () => {
    const asks: Ask[] = Array.from({ length: 20_000 }, (_, index) => ({ name: `h${index % 10}.${1001 + Math.floor(index / 10)}.example` }))
    const hashes = asks.map((ask) => hashOf(ask) as number)
    expect(new Set(hashes).size).toBeGreaterThan(19_990)
    for (const shift of [0, 8, 16, 24]) {
      const counts = new Uint32Array(256)
      for (const hash of hashes) counts[(hash >>> shift) & 0xff] = (counts[(hash >>> shift) & 0xff] as number) + 1
      expect(Math.min(...counts)).toBeGreaterThan(30)
      expect(Math.max(...counts)).toBeLessThan(160)
    }
  })

  it('tells name, type, class and shape apart', () => {
    const name = 'a.example'
    const asks: Ask[] = [
      { name },
      { name: 'b.example' },
      { name, type: rrType.AAAA },
      { name, class: 3 },
      { name, flags: 0 },
      { name, flags: 0x0110 },
      { name, edns: {} },
      { name, edns: { dnssecOk: true } },
    ]
    expect(new Set(asks.map((ask) => hashOf(ask))).size).toBe(asks.length)
  })

  it('hashes otherwise in every process, so that nobody can choose names that fall together', () => {
    const others = Array.from({ length: 4 }, () => hashOf({ name: 'a.example' }, new AskedQuestions(2)))
    expect(new Set(others).size).toBeGreaterThan(1)
  })

  it('has no question for a name above 255 octets (RFC 1035, section 2.3.4)', () => {
    const label = `\x3f${'q'.repeat(63)}`
    expect(hashOf({ name: Buffer.from(`${label.repeat(3)}\x3d${'q'.repeat(61)}\0`, 'latin1') })).toBeDefined()
    expect(hashOf({ name: Buffer.from(`${label.repeat(3)}\x3e${'q'.repeat(62)}\0`, 'latin1') })).toBeUndefined()
  })
})
