import { describe, expect, it } from 'vitest'
import { type Ask, encodeName, opt, queryMessage, read, words } from '../testing/messages.ts'
import { domain, entry, loadedTable, resolverOf, source } from '../testing/tables.ts'
import { opcode, rrClass, rrType } from '../wire/protocol.ts'
import { Source } from '../wire/source.ts'

const resolver = resolverOf(loadedTable(entry(1001)))
const send = (message: Buffer, from = source) => resolver.reply(message, from, false) as Buffer | undefined
const ask = (ask: Ask) => read(send(queryMessage(ask)) as Buffer)
const www = `www-1001.${domain}`

describe('checks', () => {
  it('drops responses: an answer to an answer never ends (RFC 1035, section 4.1.1: QR)', () => {
    expect(send(queryMessage({ name: www, flags: 0x8100 }))).toBeUndefined()
    expect(send(queryMessage({ name: www, flags: 0xffff }))).toBeUndefined()
  })

  it('drops what comes from port 0 (RFC 6335, section 6)', () => {
    expect(send(queryMessage({ name: www }), new Source().set('127.0.0.1', 0))).toBeUndefined()
  })

  it('refuses who is not on our networks, and says why (RFC 8914, section 4.19), though the answer lies ready for others', () => {
    const message = queryMessage({ name: www, edns: {} })
    const output = Buffer.alloc(1232)
    const over = (from: Source) =>
      read(Buffer.from(output.subarray(0, resolver.replyTo(message, 0, message.length, from, output, 0) as number)))
    for (let time = 0; time < 4; time++) expect(over(source).rcode).toBe('NOERROR')
    const stranger = over(new Source().set('192.0.2.1', 5353))
    expect(stranger).toMatchObject({ rcode: 'REFUSED', aa: false, answers: [] })
    expect(JSON.stringify(stranger.opts)).toContain('does not serve your network')
    expect(over(source).rcode).toBe('NOERROR')
    expect(read(send(message, new Source().set('2001:db8::1', 5353)) as Buffer).rcode).toBe('REFUSED')
  })

  it('drops what has no whole header (RFC 1035, section 4.1.1)', () => {
    const message = queryMessage({ name: www })
    for (let length = 0; length < 12; length++) expect(send(message.subarray(0, length))).toBeUndefined()
  })

  it('answers FORMERR to a question that is cut off (RFC 1035, section 4.1.1)', () => {
    const message = queryMessage({ name: www })
    for (let length = 12; length < message.length; length++) {
      const reply = read(send(message.subarray(0, length)) as Buffer)
      expect(reply).toMatchObject({ id: 0x1234, rcode: 'FORMERR', questions: [], rd: true })
    }
  })

  it('answers FORMERR to no question and to several (RFC 9619, section 4)', () => {
    expect(ask({ name: www, questions: 0 }).rcode).toBe('FORMERR')
    const two = Buffer.concat([queryMessage({ name: www, questions: 2 }), encodeName('a.b'), words(1, 1)])
    expect(read(send(two) as Buffer).rcode).toBe('FORMERR')
    expect(ask({ name: www, questions: 0x0101 }).rcode).toBe('FORMERR')
  })

  it('answers FORMERR to labels and names that are too long, and to pointers in a question (RFC 1035, sections 2.3.4 and 4.1.4)', () => {
    const name = (...labels: number[]) =>
      Buffer.concat([...labels.map((length) => Buffer.concat([Buffer.from([length]), Buffer.alloc(length, 'a')])), Buffer.from([0])])
    expect(ask({ name: name(63, 63, 63, 61) }).rcode).toBe('REFUSED')
    expect(ask({ name: name(63, 63, 63, 62) }).rcode).toBe('FORMERR')
    expect(ask({ name: name(64) }).rcode).toBe('FORMERR')
    expect(ask({ name: Buffer.from([0xc0, 0x0c]) }).rcode).toBe('FORMERR')
    expect(ask({ name: Buffer.from([1, 0x61, 0xc0, 0x0c]) }).rcode).toBe('FORMERR')
    expect(ask({ name: Buffer.from([0x41, 1, 0]) }).rcode).toBe('FORMERR')
  })

  it('answers FORMERR to octets after the message (RFC 1035, section 4.1)', () => {
    expect(read(send(Buffer.concat([queryMessage({ name: www }), Buffer.from([0])])) as Buffer).rcode).toBe('FORMERR')
  })

  it('answers FORMERR to two OPT records, and to one with an owner (RFC 6891, sections 6.1.1 and 6.1.2)', () => {
    const two = Buffer.concat([queryMessage({ name: www, edns: {} }), opt({})])
    two.writeUInt16BE(2, 10)
    expect(read(send(two) as Buffer).rcode).toBe('FORMERR')
    const owned = Buffer.concat([queryMessage({ name: www }), encodeName('a'), opt({}).subarray(1)])
    owned.writeUInt16BE(1, 10)
    expect(read(send(owned) as Buffer).rcode).toBe('FORMERR')
    const asAnswer = queryMessage({ name: www, edns: {} })
    asAnswer.writeUInt16BE(1, 6)
    asAnswer.writeUInt16BE(0, 10)
    expect(read(send(asAnswer) as Buffer).rcode).toBe('FORMERR')
  })

  it('answers NOTIMP to other opcodes (RFC 1035, section 4.1.1)', () => {
    for (const code of [...Object.values(opcode).filter((value) => value !== opcode.QUERY), 3, 15]) {
      expect(ask({ name: www, flags: code << 11 })).toMatchObject({ rcode: 'NOTIMP', opcode: code, id: 0x1234 })
    }
    // Whatever else is in it.
    expect(ask({ name: www, flags: opcode.DSO << 11, questions: 0 }).rcode).toBe('NOTIMP')
  })

  it('answers BADVERS to EDNS versions above 0, telling its own (RFC 6891, section 6.1.3)', () => {
    const reply = ask({ name: www, edns: { version: 1 } })
    expect(reply).toMatchObject({ rcode: 'BADVERS', answers: [], opts: [{ version: 0 }] })
    expect(ask({ name: www, edns: { version: 0 } }).rcode).toBe('NOERROR')
  })

  it('refuses classes other than IN (RFC 1035, section 3.2.4)', () => {
    expect(ask({ name: 'version.bind', type: rrType.TXT, class: rrClass.CH }).rcode).toBe('REFUSED')
    expect(ask({ name: www, class: rrClass.ANY }).rcode).toBe('REFUSED')
    expect(ask({ name: www, class: 0 }).rcode).toBe('REFUSED')
  })

  it('refuses zone transfers (RFC 5936, section 2.2.1; RFC 1995, section 2)', () => {
    expect(ask({ name: domain, type: rrType.AXFR }).rcode).toBe('REFUSED')
    const ixfr = Buffer.concat([
      queryMessage({ name: domain, type: rrType.IXFR }),
      encodeName(domain),
      words(rrType.SOA, 1, 0, 0, 22),
      Buffer.alloc(22),
    ])
    ixfr.writeUInt16BE(1, 8)
    expect(read(send(ixfr) as Buffer).rcode).toBe('REFUSED')
  })

  it('knows the types that no name has (RFC 6895, section 3.1)', () => {
    expect(ask({ name: www, type: rrType.MAILA }).rcode).toBe('NOTIMP')
    expect(ask({ name: www, type: rrType.MAILB }).rcode).toBe('NOTIMP')
    for (const type of [rrType.OPT, rrType.TKEY, rrType.TSIG]) expect(ask({ name: www, type }).rcode).toBe('FORMERR')
    expect(ask({ name: www, type: 65_280 })).toMatchObject({ rcode: 'NOERROR', answers: [] })
  })

  it('refuses foreign names when there is no upstream (RFC 8914, section 4.21)', () => {
    const reply = ask({ name: 'example.com', edns: {} })
    expect(reply).toMatchObject({ rcode: 'REFUSED', aa: false, ra: false })
    expect(JSON.stringify(reply.opts)).toContain('no upstream')
  })

  it('knows localhost and what is below it (RFC 6761, section 6.3)', () => {
    expect(ask({ name: 'localhost' }).answers).toMatchObject([{ address: '127.0.0.1' }])
    expect(ask({ name: 'app.LOCALHOST', type: rrType.AAAA }).answers).toMatchObject([{ address: '::1' }])
    expect(ask({ name: 'localhost', type: rrType.NS })).toMatchObject({
      rcode: 'NOERROR',
      answers: [],
      authorities: [{ name: 'localhost' }],
    })
  })
})
