import dns2 from 'dns2'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeName, opt, queryMessage } from '../testing/messages.ts'
import { domain, entry, loadedTable, resolverOf, source } from '../testing/tables.ts'
import { takeFrames, withLength } from './frame.ts'
import { Query } from './query.ts'

const resolver = resolverOf(loadedTable(entry(1001), entry(1002, 'stopped')))

/** What must hold for every message, well-formed or not. */
function check(message: Buffer): void {
  const copy = Buffer.from(message)
  const reply = resolver.reply(message, source, false)
  expect(message).toEqual(copy)
  if (message.length < 12 || ((message[2] as number) & 0x80) !== 0) {
    expect(reply).toBeUndefined()
    return
  }
  if (!Buffer.isBuffer(reply)) throw new Error('no reply, and not at once')
  const query = new Query(message, source, false)
  expect(reply.length).toBeLessThanOrEqual(query.limit)
  expect(reply.subarray(0, 2)).toEqual(message.subarray(0, 2))
  expect((reply[2] as number) & 0xf9).toBe(0x80 | ((message[2] as number) & 0x79))
  expect(reply.subarray(12, query.questionEnd)).toEqual(message.subarray(12, query.questionEnd))
  const read = dns2.Packet.parse(reply)
  expect(read.errors).toEqual([])
  expect(read.additionals.filter((record) => record.type === 41)).toHaveLength(query.edns === undefined ? 0 : 1)
  expect(resolver.reply(reply, source, false)).toBeUndefined()
}

const octets = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes))
const names = fc.oneof(
  fc
    .constantFrom('www-1001', 'web.1001', 'web-2.1001', 'db.1002', 'internal.1001', 'nope', 'ns')
    .map((name) => encodeName(`${name}.${domain}`)),
  fc.constantFrom(domain, 'localhost', 'example.com', '1.1.64.127.in-addr.arpa', '127.in-addr.arpa').map(encodeName),
  fc
    .array(fc.uint8Array({ minLength: 1, maxLength: 63 }), { maxLength: 6 })
    .map((labels) => Buffer.concat([...labels.map((label) => Buffer.concat([Buffer.from([label.length]), label])), Buffer.from([0])])),
)
const queries = fc
  .record({
    id: fc.nat(0xffff),
    name: names,
    type: fc.oneof(fc.constantFrom(1, 28, 12, 6, 2, 255, 252, 41), fc.nat(0xffff)),
    class: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, fc.nat(0xffff)),
    flags: fc.oneof({ weight: 4, arbitrary: fc.constant(0x0100) }, fc.nat(0xffff)),
    edns: fc.option(
      fc.record({ udpSize: fc.nat(0xffff), version: fc.constantFrom(0, 0, 0, 1, 255), dnssecOk: fc.boolean(), options: octets(20) }),
      { nil: undefined },
    ),
  })
  .map(({ edns, ...ask }) => queryMessage(edns === undefined ? ask : { ...ask, edns }))

describe('codec under fuzz', { timeout: 120_000 }, () => {
  it('survives octets at random', () => {
    fc.assert(fc.property(octets(120), check), { numRuns: 4000 })
  })

  it('answers every well-formed query within its limits', () => {
    fc.assert(fc.property(queries, check), { numRuns: 6000 })
  })

  it('survives well-formed queries that were mutated, cut or lengthened', () => {
    const mutated = fc
      .record({
        message: queries,
        changes: fc.array(fc.tuple(fc.nat(40), fc.nat(0xff)), { maxLength: 4 }),
        cut: fc.oneof(fc.constant(0), fc.nat(60)),
        tail: fc.oneof(fc.constant(Buffer.alloc(0)), fc.constant(opt({})), octets(12)),
      })
      .map(({ message, changes, cut, tail }) => {
        const bent = Buffer.concat([message.subarray(0, Math.max(0, message.length - cut)), tail])
        for (const [at, value] of changes) if (at < bent.length) bent[at] = value
        return bent
      })
    fc.assert(fc.property(mutated, check), { numRuns: 8000 })
  })

  it('finds the messages of a TCP stream again', () => {
    fc.assert(
      fc.property(fc.array(octets(60), { maxLength: 8 }), octets(30), fc.nat(), (messages, next, cut) => {
        const begun = withLength(next).subarray(0, cut % (next.length + 2))
        const { messages: found, rest } = takeFrames(Buffer.concat([...messages.map(withLength), begun]))
        expect(found).toEqual(messages)
        expect(rest).toEqual(begun)
      }),
      { numRuns: 500 },
    )
  })
})
