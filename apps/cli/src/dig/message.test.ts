import { describe, expect, it } from 'vitest'
import { decodeReply, encodeQuery, isReplyTo } from './message.ts'
import { recordText } from './record-text.ts'
import { typeName, typeNumber } from './record-types.ts'
import { reverseName } from './reverse-name.ts'
import { readName, writeName } from './wire-name.ts'

describe('names', () => {
  it.each(['example.com.', 'a.b.c.d.', '.', 'x\\.y.test.', '_sip._tcp.test.', 'a\\032b.test.'])('are read as %s was written', (name) => {
    expect(readName(writeName(name) as Buffer, 0).name).toBe(name)
  })

  it('have labels of 1 to 63 octets, and 255 in all (RFC 1035, section 2.3.4)', () => {
    expect(writeName(`${'x'.repeat(63)}.test`)).toBeDefined()
    for (const bad of ['', 'a..b', '.a', `${'x'.repeat(64)}.test`, 'x.'.repeat(128)]) expect(writeName(bad), bad).toBeUndefined()
    expect(readName(writeName('bücher.test') as Buffer, 0).name).toBe('xn--bcher-kva.test.')
  })

  it('that go round in a circle, or are cut off, are told from names (RFC 1035, section 4.1.4)', () => {
    expect(() => readName(Buffer.from([0xc0, 0]), 0)).toThrow(RangeError)
    expect(() => readName(Buffer.from([1, 0x61, 0xc0, 0]), 0)).toThrow(RangeError)
    expect(() => readName(Buffer.from([5, 0x61]), 0)).toThrow(RangeError)
  })

  it('of addresses are turned round (RFC 1035, section 3.5; RFC 3596, section 2.5)', () => {
    expect(reverseName('192.0.2.1')).toBe('1.2.0.192.in-addr.arpa')
    expect(reverseName('2001:db8::1')).toBe(`1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`)
    expect(reverseName('::')).toBe(`${'0.'.repeat(32)}ip6.arpa`)
  })
})

describe('records', () => {
  const text = (type: number, ...octets: number[]) => recordText(Buffer.from(octets), type, 0, octets.length)

  it('are shown as master files have them', () => {
    expect(text(1, 192, 0, 2, 1)).toBe('192.0.2.1')
    expect(text(15, 0, 10, 1, 0x6d, 0)).toBe('10 m.')
    expect(text(16, 2, 0x61, 0x22, 1, 0)).toBe('"a\\"" "\\000"')
    expect(text(33, 0, 1, 0, 2, 0x1f, 0x90, 1, 0x77, 0)).toBe('1 2 8080 w.')
    expect(text(6, 1, 0x6e, 0, 1, 0x68, 0, ...Array(20).fill(1))).toBe('n. h. 16843009 16843009 16843009 16843009 16843009')
    expect(text(4711, 1, 2, 0xff)).toBe('\\# 3 0102ff')
    expect(text(4711)).toBe('\\# 0')
  })

  it.each([
    ['20010db8000000000000000000000001', '2001:db8::1'],
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['fe800000000000000000000000000000', 'fe80::'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['00010010000000000000000000000010', '1:10::10'],
  ])('%s is %s (RFC 5952, section 4)', (hex, address) => {
    expect(text(28, ...Buffer.from(hex, 'hex'))).toBe(address)
  })

  it('have types by name or number (RFC 3597, section 5)', () => {
    expect([typeNumber('aaaa'), typeNumber('TYPE65'), typeName(65), typeName(4711)]).toEqual([28, 65, 'HTTPS', 'TYPE4711'])
    for (const bad of ['AAA', 'TYPE', 'TYPE0', 'TYPE65536', 'toString']) expect(() => typeNumber(bad), bad).toThrow('is not a type')
  })
})

describe('a reply', () => {
  const query = encodeQuery('web.test', 1)
  /** OPT with options: an extended error, and what a resolver of ours says of the rule. */
  const reply = (told: string, rcode = 3) => {
    const data = Buffer.from(told)
    const options = Buffer.concat([Buffer.from([0, 15, 0, 5, 0, 18, 0x6e, 0x6f, 0x21, 0xfe, 0x1d, 0, data.length]), data])
    const message = Buffer.concat([
      query.message.subarray(0, query.message.length - 15),
      Buffer.from([0, 0, 41, 4, 0xd0, 0, 0, 0, 0, options.length >> 8, options.length & 0xff]),
      options,
    ])
    message[2] = 0x85
    message[3] = 0x80 | rcode
    return message
  }

  it('tells status, flags, why, and the rule', () => {
    const message = reply('{"rule":"file","detail":"a:1","ms":0.5}')
    expect(isReplyTo(query, message)).toBe(true)
    expect(decodeReply(message)).toMatchObject({
      ...{ status: 'NXDOMAIN', flags: ['aa', 'rd', 'ra'], answers: [], authorities: [], additionals: [] },
      ...{ extendedErrors: [{ code: 18, text: 'no!' }], rule: { rule: 'file', detail: 'a:1', ms: 0.5 } },
    })
  })

  it('may have something else under the number of the option', () => {
    for (const told of ['', 'hello', '[]', '{"rule":1}']) expect(decodeReply(reply(told)).rule).toBeNull()
  })

  it('is none to another query, and none that is cut off', () => {
    const message = reply('')
    expect(isReplyTo(encodeQuery('other.test', 1), message)).toBe(false)
    expect(isReplyTo({ ...query, id: query.id ^ 1 }, message)).toBe(false)
    expect(isReplyTo(query, query.message)).toBe(false)
    for (let length = 12; length < message.length; length++)
      expect(() => decodeReply(message.subarray(0, length)), String(length)).toThrow(RangeError)
  })
})
