import { describe, expect, it } from 'vitest'
import { Revision } from '../revision.ts'
import { type Ask, queryMessage, read } from '../testing/messages.ts'
import { source } from '../testing/tables.ts'
import { answerOf, writeAnswer } from './answer.ts'
import { rrType } from './protocol.ts'
import { Query } from './query.ts'
import { alone, placesAhead, ReadyAnswers } from './ready-answers.ts'
import { recordSet } from './record-set.ts'

const output = Buffer.alloc(1232)
const batch = Buffer.alloc(placesAhead * 512)
const limits = { first: 16, most: 64 }

function addressesOf(last: number, count = 1) {
  return answerOf({
    counts: [count, 0, 0],
    records: recordSet(
      rrType.A,
      60,
      Array.from({ length: count }, () => Buffer.from([192, 0, 2, last])),
    ),
  })
}

/** Asked for twice, so that it gets a place. */
function keep(ready: ReadyAnswers, ask: Ask, last: number, { until = Number.POSITIVE_INFINITY, count = 1 } = {}) {
  const query = new Query(queryMessage(ask), source, false)
  const length = writeAnswer(query, addressesOf(last, count), false, output, 0)
  for (let time = 0; time < 2; time++) ready.keep(query, output, 0, length, until)
}

function find(ready: ReadyAnswers, ask: Ask, before = 0): Buffer | undefined {
  const message = Buffer.concat([Buffer.alloc(before, 0xff), queryMessage(ask), Buffer.alloc(50, 0xff)])
  const length = lookUp(ready, message, before, message.length - 50)
  return length === 0 ? undefined : Buffer.from(output.subarray(0, length))
}

function lookUp(ready: ReadyAnswers, message: Buffer, start: number, end: number): number {
  ready.read(message, start, end, alone)
  return ready.write(alone, message, start, output, 0)
}

/** As a listener does it: all of them lie one behind the other. */
function readAhead(ready: ReadyAnswers, asks: readonly Ask[]): readonly Ask[] {
  for (const [place, ask] of asks.entries()) {
    const message = queryMessage(ask)
    message.copy(batch, place * 512)
    ready.read(batch, place * 512, place * 512 + message.length, place)
  }
  ready.bringNear(asks.length)
  return asks
}

function written(ready: ReadyAnswers, asks: readonly Ask[], place: number): Buffer | undefined {
  queryMessage(asks[place] as Ask).copy(batch, place * 512)
  const length = ready.write(place, batch, place * 512, output, 0)
  return length === 0 ? undefined : Buffer.from(output.subarray(0, length))
}

const addressIn = (reply: Buffer | undefined) => reply && read(reply).answers.map((record) => record.address)

describe('ReadyAnswers', () => {
  it('gives the reply with the id and the letters of who asks now (RFC 1035, section 2.3.3; RFC 4343, section 4.1)', () => {
    const ready = new ReadyAnswers(new Revision(), limits)
    keep(ready, { id: 1, name: 'WWW.example.com' }, 7)
    const reply = find(ready, { id: 0xbeef, name: 'www.ExAmPlE.com' }, 33)
    expect(reply?.subarray(12).includes(Buffer.from('ExAmPlE'))).toBe(true)
    expect(read(reply as Buffer)).toMatchObject({ id: 0xbeef, rcode: 'NOERROR', answers: [{ address: '192.0.2.7' }] })
  })

  it('is as the chain would have written it, octet by octet', () => {
    const ready = new ReadyAnswers(new Revision(), limits)
    for (const edns of [undefined, {}, { dnssecOk: true }, { udpSize: 4096, options: Buffer.from([0, 10, 0, 2, 1, 2]) }]) {
      const ask = { id: 5, name: 'Mixed.Case', ...(edns && { edns }) }
      keep(ready, ask, 9)
      const query = new Query(queryMessage(ask), source, false)
      const fresh = Buffer.alloc(512)
      const length = writeAnswer(query, addressesOf(9), false, fresh, 0)
      expect(find(ready, ask)).toEqual(fresh.subarray(0, length))
    }
  })

  it('keeps apart what differs in name, type, class, RD, CD, EDNS and DO', () => {
    const ready = new ReadyAnswers(new Revision(), limits)
    const asks: Ask[] = [
      { name: 'a.example' },
      { name: 'b.example' },
      { name: Buffer.from('\x09a.example\0', 'latin1') },
      { name: 'a.example', type: rrType.AAAA },
      { name: 'a.example', class: 3 },
      { name: 'a.example', flags: 0 },
      { name: 'a.example', flags: 0x0110 },
      { name: 'a.example', edns: {} },
      { name: 'a.example', edns: { dnssecOk: true } },
    ]
    for (const [index, ask] of asks.entries()) {
      expect(find(ready, ask)).toBeUndefined()
      keep(ready, ask, index)
    }
    for (const [index, ask] of asks.entries()) expect(addressIn(find(ready, ask))).toEqual([`192.0.2.${index}`])
  })

  it('forgets everything when the tables change', () => {
    const revision = new Revision()
    const ready = new ReadyAnswers(revision, limits)
    keep(ready, { name: 'a.example' }, 1)
    revision.bump()
    expect(find(ready, { name: 'a.example' })).toBeUndefined()
    keep(ready, { name: 'a.example' }, 2)
    expect(addressIn(find(ready, { name: 'a.example' }))).toEqual(['192.0.2.2'])
  })

  it('gives nothing whose time is over', () => {
    const ready = new ReadyAnswers(new Revision(), limits)
    keep(ready, { name: 'a.example' }, 1, { until: performance.now() + 60_000 })
    keep(ready, { name: 'b.example' }, 1, { until: performance.now() - 1 })
    expect(find(ready, { name: 'a.example' })).toBeDefined()
    expect(find(ready, { name: 'b.example' })).toBeUndefined()
  })

  it('takes a new reply in the place of one whose time is over', () => {
    const ready = new ReadyAnswers(new Revision(), limits)
    for (let round = 0; round < 2000; round++)
      keep(ready, { name: 'a.example' }, round % 250, { until: performance.now() - 1, count: 1 + (round % 5) })
    keep(ready, { name: 'a.example' }, 5)
    expect(addressIn(find(ready, { name: 'a.example' }))).toEqual(['192.0.2.5'])
  })

  it('keeps nothing that was cut, or is longer than what every asker takes (RFC 1035, section 4.2.1)', () => {
    const ready = new ReadyAnswers(new Revision(), limits)
    keep(ready, { name: 'cut.example' }, 1, { count: 200 })
    keep(ready, { name: 'long.example', edns: {} }, 1, { count: 40 })
    expect(find(ready, { name: 'cut.example' })).toBeUndefined()
    expect(find(ready, { name: 'long.example', edns: {} })).toBeUndefined()
  })

  it('knows nothing of other opcodes, EDNS versions, several records, or octets behind the message', () => {
    const ready = new ReadyAnswers(new Revision(), limits)
    keep(ready, { name: 'a.example' }, 1)
    keep(ready, { name: 'a.example', edns: {} }, 1)
    expect(find(ready, { name: 'a.example', flags: 0x2100 })).toBeUndefined()
    expect(find(ready, { name: 'a.example', flags: 0x8100 })).toBeUndefined()
    expect(find(ready, { name: 'a.example', edns: { version: 1 } })).toBeUndefined()
    const message = queryMessage({ name: 'a.example' })
    for (let length = 0; length < message.length; length++) expect(lookUp(ready, message, 0, length)).toBe(0)
    expect(lookUp(ready, Buffer.concat([message, Buffer.alloc(1)]), 0, message.length + 1)).toBe(0)
    expect(lookUp(ready, message, 0, message.length)).toBeGreaterThan(0)
  })

  it('looks up a batch that was read ahead as it looks up each query by itself', () => {
    const ready = new ReadyAnswers(new Revision(), limits)
    const asks: Ask[] = Array.from({ length: placesAhead }, (_, index) => ({
      id: index,
      name: `${'x'.repeat(index % 7)}host-${index}.example`,
    }))
    for (const [index, ask] of asks.entries()) if (index % 3 > 0) keep(ready, ask, index)
    for (const batch of [asks, asks.slice(5, 6), asks.toReversed()]) {
      const single = batch.map((ask) => find(ready, ask))
      expect(readAhead(ready, batch).map((_, place) => written(ready, batch, place))).toEqual(single)
    }
  })

  it('gives no reply that was forgotten, replaced or driven out after its query was read ahead', () => {
    const revision = new Revision()
    const ready = new ReadyAnswers(revision, limits)
    const asks: Ask[] = [{ name: 'a.example' }, { name: 'b.example' }, { name: 'c.example' }]
    const addresses = () => asks.map((_, place) => addressIn(written(ready, asks, place))?.[0])
    for (const [index, ask] of asks.entries()) keep(ready, ask, index)
    readAhead(ready, asks)
    expect(addresses()).toEqual(['192.0.2.0', '192.0.2.1', '192.0.2.2'])
    revision.bump()
    expect(addresses()).toEqual([undefined, undefined, undefined])
    keep(ready, { name: 'B.example' }, 7)
    expect(addresses()).toEqual([undefined, '192.0.2.7', undefined])
    // Until the room has grown as far as it may, and has been round.
    for (let index = 0; index < 1000; index++) keep(ready, { name: `other-${index}.example` }, 1)
    expect(addresses()).toEqual([undefined, undefined, undefined])
  })

  it('knows nothing of a place whose query can not lie ready, whatever was read there before', () => {
    const ready = new ReadyAnswers(new Revision(), limits)
    const ask = { name: 'a.example' }
    keep(ready, ask, 1)
    readAhead(ready, [ask])
    expect(written(ready, [ask], 0)).toBeDefined()
    readAhead(ready, [{ ...ask, flags: 0x8100 }])
    expect(written(ready, [ask], 0)).toBeUndefined()
  })

  it('compares the whole question, not only its hash', () => {
    const ready = new ReadyAnswers(new Revision(), limits)
    const ask = { name: 'abcdefghij.example' }
    keep(ready, ask, 1)
    const others: Ask[] = [{ name: 'abcdefghiK.example' }, { name: 'bbcdefghij.example' }, { ...ask, type: 2 }, { ...ask, class: 3 }]
    for (const other of others) {
      readAhead(ready, [ask])
      expect(written(ready, [ask], 0)).toBeDefined()
      // As if its hash were the same.
      expect(written(ready, [other], 0)).toBeUndefined()
    }
  })

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])(
    'gives nothing that was written over, even by octets that look just like it (%i)',
    (shift) => {
      const ready = new ReadyAnswers(new Revision(), { first: 16, most: 16 })
      const name = 'abc'
      keep(ready, { name: 'first.example' }, 1, { count: 3 })
      keep(ready, { name }, 2)
      const reply = find(ready, { name }) as Buffer
      const head = Buffer.from([255, 255, 255, 255, ...reply.subarray(2, 4), 5, 1, reply.length, 0, ...reply.subarray(6, 12)])
      const forged = Buffer.concat([head, reply.subarray(17, 21), reply.subarray(12, 20), reply.subarray(21, -1), Buffer.from([66])])
      // Once round: 2048 octets.
      for (let index = 0; index < 4; index++) keep(ready, { name: `round-${index}.example` }, 3, { count: 26 })
      expect(addressIn(find(ready, { name }))).toEqual(['192.0.2.2'])
      const query = new Query(queryMessage({ name: 'over.example' }), source, false)
      const records = Buffer.alloc(300)
      for (let at = shift * 4; at + forged.length < records.length; at += 48) forged.copy(records, at)
      const length = writeAnswer(query, answerOf({ counts: [1, 0, 0], records }), false, output, 0)
      for (let time = 0; time < 2; time++) ready.keep(query, output, 0, length, Number.POSITIVE_INFINITY)
      expect(find(ready, { name })).toBeUndefined()
    },
  )

  it('keeps replies to names of any length, the root and the longest as well', () => {
    const ready = new ReadyAnswers(new Revision(), { first: 1024, most: 1024 })
    const longest = Buffer.from(`${`\x3f${'Q'.repeat(63)}`.repeat(3)}\x3d${'q'.repeat(61)}\0`, 'latin1')
    const names: (string | Buffer)[] = ['.', ...Array.from({ length: 62 }, (_, index) => `${'w'.repeat(index + 1)}`), longest]
    expect(longest).toHaveLength(255)
    for (const [index, name] of names.entries())
      for (const type of [rrType.A, 0x4141]) keep(ready, { name, type }, index, { count: type & 3 })
    for (const [index, name] of names.entries())
      for (const type of [rrType.A, 0x4141]) {
        expect(addressIn(find(ready, { name, type }))).toEqual([`192.0.2.${index}`])
        expect(find(ready, { name, type: type + 0x2020 })).toBeUndefined()
      }
  })

  it('gives a message of no answers, as of a name without records', () => {
    const ready = new ReadyAnswers(new Revision(), limits)
    keep(ready, { name: 'empty.example' }, 1, { count: 0 })
    expect(find(ready, { name: 'empty.example' })).toHaveLength(12 + 15 + 4)
  })

  it('writes at most three octets behind a reply', () => {
    const ready = new ReadyAnswers(new Revision(), limits)
    for (let index = 0; index < 4; index++) {
      const name = `${'n'.repeat(index + 1)}.example`
      keep(ready, { name }, 1)
      output.fill(0xa5)
      const reply = find(ready, { name }) as Buffer
      expect(output.subarray(reply.length + 3).every((octet) => octet === 0xa5)).toBe(true)
    }
  })

  it('never gives a wrong reply, whatever is overwritten and however far its room has grown', () => {
    const ready = new ReadyAnswers(new Revision(), limits)
    let found = 0
    let missed = 0
    for (let time = 0; time < 6000; time++) {
      // Some are asked for much more often than others.
      const index = Math.floor(200 * (((time * 7919) % 6007) / 6007) ** 4)
      const ask = { name: `${'n'.repeat(1 + (index % 40))}-${index}.example` }
      const reply = find(ready, ask)
      if (reply === undefined) {
        missed++
        keep(ready, ask, index, { count: 1 + (index % 9) })
      } else {
        found++
        expect(addressIn(reply)?.[0]).toBe(`192.0.2.${index}`)
      }
    }
    expect(found).toBeGreaterThan(1000)
    expect(missed).toBeGreaterThan(1000)
  })
})
