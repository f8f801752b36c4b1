import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeName, opt, queryMessage, words } from '../testing/messages.ts'
import { addressRecord, recordOf, rootSoa, upstreamReply } from '../testing/scripted-upstream.ts'
import { nameBytes, wireName } from '../wire/name.ts'
import { rcode, rrType } from '../wire/protocol.ts'
import { type CheckedReply, checkReply } from './reply-check.ts'

const rules = { trustsAd: false, negativeTtl: undefined }
const asked = queryMessage({ name: 'www.example' })
const question = {
  name: wireName('www.example') as string,
  type: rrType.A as number,
  dnssecOk: false,
  checkingDisabled: false,
  trail: Buffer.alloc(0),
}
const questionEnd = asked.length
const check = (parts: Parameters<typeof upstreamReply>[1], others: Partial<typeof question> = {}, more: Partial<typeof rules> = {}) =>
  checkReply(upstreamReply(asked, parts), questionEnd, { ...question, ...others }, { ...rules, ...more })
const alias = (owner: Buffer | number, target: string) => recordOf(owner, rrType.CNAME, 50, encodeName(target))
const address = (owner: string) => recordOf(encodeName(owner), rrType.A, 40, Buffer.from([192, 0, 2, 1]))

describe('checkReply', () => {
  it('takes aliases and what they lead to, in any order (RFC 1034, section 3.6.2)', () => {
    const chained = [alias(0xc00c, 'a.example'), alias(encodeName('a.example'), 'b.example'), address('b.example')]
    for (const answers of [chained, [...chained].reverse()]) expect(check({ answers })).toMatchObject({ kind: 'positive', lifetime: 40 })
    expect(check({ answers: chained.slice(0, 2), authorities: [rootSoa(30, 30)] })).toMatchObject({ kind: 'negative', lifetime: 30 })
  })

  it('takes a DNAME above the name with the alias that it stands for (RFC 6672, section 3.1)', () => {
    const dname = recordOf(encodeName('example'), rrType.DNAME, 60, encodeName('test'))
    const answers = [dname, alias(0xc00c, 'www.test'), address('www.test')]
    expect(check({ answers })).toMatchObject({ kind: 'positive' })
    expect(check({ answers: [recordOf(encodeName('ample'), rrType.DNAME, 60, encodeName('test')), address('www.example')] })).toEqual(
      expect.stringContaining('not about'),
    )
  })

  it('does not take answers of other names, whatever stands before them (RFC 5452, section 6)', () => {
    for (const answers of [
      [address('bank.example')],
      [addressRecord(1), address('bank.example')],
      [alias(0xc00c, 'a.example'), address('b.example')],
      [alias(encodeName('a.example'), 'www.example'), addressRecord(1)],
    ])
      expect(check({ answers })).toBe('its records are not about what was asked')
  })

  it('does not take records that are cut off, of another class, or of the wrong length', () => {
    expect(check({ answers: [addressRecord(1).subarray(0, 11)] })).toBe('its records are cut off')
    const chaos = Buffer.from(addressRecord(1))
    chaos.writeUInt16BE(3, 4)
    expect(check({ answers: [chaos] })).toBe('a record is of another class')
    expect(check({ answers: [recordOf(0xc00c, rrType.A, 1, Buffer.alloc(5))] })).toBe('an address has the wrong length')
  })

  it('does not take names whose pointers lead forward or round (RFC 1035, section 4.1.4: "a prior occurrence")', () => {
    const at = 0xc000 | questionEnd
    for (const owner of [at, at + 40, 0xc003, 0xc000])
      expect(check({ answers: [recordOf(owner, rrType.A, 1, Buffer.alloc(4))] })).toBe('a record has a broken name')
  })

  it('tells what is a negative answer, and for how long it may be kept (RFC 2308, sections 2 and 5)', () => {
    const [empty, gone, soa] = [0x8180, 0x8183, [rootSoa(100, 70)]]
    expect(check({ flags: empty, authorities: soa })).toMatchObject({ kind: 'negative', lifetime: 70, forAllTypes: false, ttls: [5, 70] })
    expect(check({ flags: gone, authorities: soa })).toMatchObject({
      kind: 'negative',
      rcode: rcode.NXDOMAIN,
      lifetime: 70,
      forAllTypes: true,
    })
    // The alias exists; what it leads to doesn't.
    const dangling = check({ flags: gone, answers: [alias(0xc00c, 'a.example')], authorities: soa })
    expect(dangling).toMatchObject({ kind: 'negative', lifetime: 50, forAllTypes: false })
    expect(check({ flags: gone })).toMatchObject({ kind: 'negative', lifetime: 0 })
    expect(check({ flags: gone }, {}, { negativeTtl: 15 as never })).toMatchObject({ lifetime: 15 })
    expect(check({ flags: empty, authorities: [recordOf(Buffer.from([0]), rrType.NS, 60, Buffer.from([0]))] })).toMatchObject({
      kind: 'referral',
    })
    expect(check({ flags: 0x8182 })).toMatchObject({ kind: 'failure' })
  })

  it('reads TTLs above 2^31 as 0 (RFC 2181, section 8)', () => {
    expect(check({ answers: [addressRecord(1, 0x8000_0000)] })).toMatchObject({ lifetime: 0 })
    expect(check({ answers: [addressRecord(1, 0x7fff_ffff)] })).toMatchObject({ lifetime: 0x7fff_ffff })
  })

  it('leaves out OPT, and reads from it the upper bits of the error and the extended error (RFC 6891, section 6.1.3; RFC 8914, section 2)', () => {
    const upper = opt({ options: Buffer.concat([words(10, 0), words(15, 2, 15)]) })
    upper[5] = 1
    expect(check({ flags: 0x8180, additionals: [upper] })).toMatchObject({ rcode: 16, explanation: words(15, 2, 15), counts: [0, 0, 0] })
  })

  it('gives names back in lower case where they are written out, as they are in the random case of ours', () => {
    const reply = check({ answers: [recordOf(encodeName('wWw.ExAmPlE'), rrType.A, 60, Buffer.alloc(4))] }) as CheckedReply
    expect(reply.records.subarray(0, 13)).toEqual(nameBytes(question.name))
  })

  it('says AD only of those that are believed (RFC 4035, section 3.2.3)', () => {
    expect(check({ flags: 0x81a0, answers: [addressRecord(1)] })).toMatchObject({ authentic: false })
    expect(check({ flags: 0x81a0, answers: [addressRecord(1)] }, {}, { trustsAd: true })).toMatchObject({ authentic: true })
  })

  it('survives any octets', () => {
    const octets = fc.uint8Array({ maxLength: 160 }).map((bytes) => Buffer.from(bytes))
    const mutated = fc.array(fc.tuple(fc.nat(150), fc.nat(255)), { maxLength: 6 }).map((changes) => {
      const message = upstreamReply(asked, {
        answers: [alias(0xc00c, 'a.example'), address('a.example')],
        authorities: [rootSoa(5, 5)],
        additionals: [opt({ options: words(15, 2, 1) })],
      })
      for (const [at, value] of changes) if (at < message.length) message[at] = value
      return message
    })
    const property = (reply: Buffer) => {
      if (reply.length < questionEnd) return
      const checked = checkReply(Buffer.from(reply), questionEnd, question, rules)
      if (typeof checked === 'string') return
      expect(checked.records.length).toBeLessThanOrEqual(reply.length - questionEnd)
      for (let index = 0; index < checked.ttls.length; index += 2)
        expect(checked.ttls[index] as number).toBeLessThanOrEqual(checked.records.length - 4)
    }
    fc.assert(fc.property(octets, property), { numRuns: 3000 })
    fc.assert(fc.property(mutated, property), { numRuns: 5000 })
  })
})
