import { describe, expect, it } from 'vitest'
import { defaultForwarding } from '../dnsmasq/settings.ts'
import { askTcp, askUdp } from '../testing/ask.ts'
import { type Ask, encodeName, opt, queryMessage, read, words } from '../testing/messages.ts'
import {
  addressRecord,
  recordOf,
  rootSoa,
  type Script,
  type ScriptedUpstream,
  scriptedUpstream,
  upstreamReply,
} from '../testing/scripted-upstream.ts'
import { serve } from '../testing/serve.ts'
import { domain, entry, loadedTable } from '../testing/tables.ts'
import { rrType } from '../wire/protocol.ts'
import { Forwarder } from './forwarder.ts'
import type { ForwarderOptions } from './forwarder-options.ts'

const table = loadedTable(entry(1001))
const honest: Script = (query) => [upstreamReply(query, { answers: [addressRecord(1)] })]
/** One upstream after the other, nobody else asked beside. */
const inOrder: ForwarderOptions = { settings: { ...defaultForwarding, strictOrder: true } }
const uncached: ForwarderOptions = { settings: { ...defaultForwarding, strictOrder: true, cacheSize: 0 } }

async function through(upstreams: readonly ScriptedUpstream[], ask: Ask, options: ForwarderOptions = inOrder) {
  await using server = await serve(table, new Forwarder(upstreams, options))
  const reply = await askUdp(server.port, queryMessage(ask))
  return { reply: read(reply as Buffer), octets: reply as Buffer }
}

/** In the case in which `name` is written, which is that of a client, not of ours. */
const inCase = (query: Buffer, name: string) => {
  const copy = Buffer.from(query)
  encodeName(name).copy(copy, 12)
  return copy
}

describe('forwarder', () => {
  it('asks the upstream for foreign names and gives its answer, question in the case that was asked', async () => {
    await using upstream = await scriptedUpstream(honest)
    const { reply } = await through([upstream], { name: 'Www.Example' })
    expect(reply).toMatchObject({ id: 0x1234, rcode: 'NOERROR', aa: false, ra: true, rd: true })
    expect(reply.answers).toMatchObject([{ name: 'Www.Example', address: '192.0.2.1', ttl: 60 }])
    expect(upstream.asked).toHaveLength(1)
  })

  it('never asks for names of ours, nor for localhost or loopback addresses (RFC 6303; RFC 6761, section 6.3)', async () => {
    await using upstream = await scriptedUpstream(honest)
    for (const name of [`nope.${domain}`, `www-1001.${domain}`, 'localhost', 'x.localhost', '9.9.9.127.in-addr.arpa'])
      await through([upstream], { name })
    expect(upstream.asked).toEqual([])
  })

  it('uses another id, another port and another case for each question (RFC 5452, section 9.2)', async () => {
    await using upstream = await scriptedUpstream(honest)
    await using server = await serve(table, new Forwarder([upstream], uncached))
    for (let round = 0; round < 20; round++) await askUdp(server.port, queryMessage({ id: 5, name: 'a.long.enough.example' }))
    const distinct = (values: unknown[]) => new Set(values).size
    expect(distinct(upstream.asked.map((asked) => asked.message.readUInt16BE(0)))).toBeGreaterThan(15)
    expect(distinct(upstream.asked.map((asked) => asked.port))).toBeGreaterThan(15)
    expect(distinct(upstream.asked.map((asked) => asked.message.toString('latin1', 12, 35)))).toBeGreaterThan(15)
  })

  it('asks over few ports under load, and over none for long', async () => {
    await using upstream = await scriptedUpstream(honest)
    await using server = await serve(table, new Forwarder([upstream], uncached))
    const rounds = 40
    for (let round = 0; round < rounds; round++)
      await Promise.all(Array.from({ length: 50 }, (_, index) => askUdp(server.port, queryMessage({ name: `n${round}-${index}.example` }))))
    const uses = new Map<number, number>()
    for (const { port } of upstream.asked) uses.set(port, (uses.get(port) ?? 0) + 1)
    expect(upstream.asked.length).toBeGreaterThanOrEqual(rounds * 50)
    expect(uses.size).toBeGreaterThanOrEqual(32)
    expect(uses.size).toBeLessThan(200)
    // The system may give out a number again, by chance, that was closed before.
    expect([...uses.values()].filter((count) => count > 64).length).toBeLessThanOrEqual(1)
  })

  it('ignores replies with another id, another question, or none, and octets that are no message (RFC 5452, section 9.1)', async () => {
    await using upstream = await scriptedUpstream((query) => {
      const right = upstreamReply(query, { answers: [addressRecord(1)] })
      const wrong = () => Buffer.from(upstreamReply(query, { answers: [addressRecord(66)] }))
      const otherId = wrong()
      otherId.writeUInt16BE(otherId.readUInt16BE(0) ^ 1, 0)
      const otherName = wrong()
      otherName[13] = 0x7a
      const otherType = wrong()
      otherType.writeUInt16BE(rrType.MX, otherType.indexOf(0, 12) + 1)
      const noResponse = upstreamReply(query, { flags: 0x0180, answers: [addressRecord(66)] })
      const noQuestion = wrong()
      noQuestion.writeUInt16BE(0, 4)
      return [otherId, otherName, otherType, noResponse, noQuestion, Buffer.from([1]), Buffer.alloc(0), right]
    })
    const { reply } = await through([upstream], { name: 'a.example' })
    expect(reply.answers).toMatchObject([{ address: '192.0.2.1' }])
  })

  it('ignores replies from another port (RFC 5452, section 9.1)', async () => {
    await using upstream = await scriptedUpstream((query) => [
      { fromElsewhere: upstreamReply(query, { answers: [addressRecord(66)] }) },
      { afterMs: 50, message: upstreamReply(query, { answers: [addressRecord(1)] }) },
    ])
    expect((await through([upstream], { name: 'a.example' })).reply.answers).toMatchObject([{ address: '192.0.2.1' }])
  })

  it('asks over TCP when forged replies come in (RFC 5452, section 9.1)', async () => {
    await using upstream = await scriptedUpstream((query, protocol) => {
      if (protocol === 'tcp') return [upstreamReply(query, { answers: [addressRecord(1)] })]
      return Array.from({ length: 20 }, (_, guess) => {
        const forged = Buffer.from(upstreamReply(query, { answers: [addressRecord(66)] }))
        forged.writeUInt16BE(forged.readUInt16BE(0) ^ (guess + 1), 0)
        return forged
      })
    })
    const { reply } = await through([upstream], { name: 'a.example' })
    expect(reply.answers).toMatchObject([{ address: '192.0.2.1' }])
    expect(upstream.asked.map(({ protocol }) => protocol)).toContain('tcp')
  })

  it('asks nothing more from a port that a forger has found out (RFC 5452, section 9.2)', async () => {
    await using upstream = await scriptedUpstream(honest)
    await using server = await serve(table, new Forwarder([upstream], uncached))
    const round = (name: string) =>
      Promise.all(Array.from({ length: 40 }, (_, index) => askUdp(server.port, queryMessage({ name: `${name}${index}.example` }))))
    const portsOf = () => new Set(upstream.asked.map(({ port }) => port))
    // More than there are ports: the next ones would come from one of these.
    await round('a')
    const found = portsOf()
    for (const port of found) for (let guess = 0; guess < 8; guess++) await upstream.send(queryMessage({ name: 'b.example' }), port)
    upstream.asked.length = 0
    await round('c')
    // One of 32: the system may give out a number again, by chance, that was closed before.
    expect([...portsOf()].filter((port) => found.has(port)).length).toBeLessThanOrEqual(1)
  })

  it('asks a server over TCP that does not keep the case of letters, and believes it of it then', async () => {
    const lowering: Script = (query) => [upstreamReply(inCase(query, 'a.long.enough.example'), { answers: [addressRecord(1)] })]
    await using upstream = await scriptedUpstream(lowering)
    const forwarder = new Forwarder([upstream], uncached)
    await using server = await serve(table, forwarder)
    const ask = async () => read((await askUdp(server.port, queryMessage({ name: 'A.Long.enough.Example' }))) as Buffer)
    expect((await ask()).answers).toMatchObject([{ name: 'A.Long.enough.Example', address: '192.0.2.1' }])
    expect(upstream.asked.map(({ protocol }) => protocol)).toEqual(['udp', 'tcp'])
    expect((await ask()).answers).toHaveLength(1)
    expect(upstream.asked.slice(2).map(({ protocol }) => protocol)).toEqual(['udp'])
  })

  it('asks once more without mixed case a server that does not keep it and takes no connections', async () => {
    await using upstream = await scriptedUpstream((query, protocol) =>
      protocol === 'tcp' ? ['hangUp'] : [upstreamReply(inCase(query, 'a.long.enough.example'), { answers: [addressRecord(1)] })],
    )
    await using server = await serve(table, new Forwarder([upstream], uncached))
    for (let round = 0; round < 2; round++) {
      const reply = read((await askUdp(server.port, queryMessage({ name: 'a.long.enough.example' }))) as Buffer)
      expect(reply.answers).toMatchObject([{ address: '192.0.2.1' }])
    }
    expect(upstream.asked.map(({ protocol }) => protocol)).toEqual(['udp', 'tcp', 'udp', 'udp'])
  })

  it('does not fall for a forger who has the port and the id, but not the case', async () => {
    await using upstream = await scriptedUpstream((query, protocol) => {
      const right = upstreamReply(query, { answers: [addressRecord(1)] })
      if (protocol === 'tcp') return [right]
      return [upstreamReply(inCase(query, 'a.long.enough.example'), { answers: [addressRecord(66)] }), { afterMs: 5, message: right }]
    })
    const forwarder = new Forwarder([upstream], uncached)
    await using server = await serve(table, forwarder)
    for (let round = 0; round < 5; round++) {
      const reply = read((await askUdp(server.port, queryMessage({ name: 'a.long.enough.example' }))) as Buffer)
      expect(reply.answers).toMatchObject([{ address: '192.0.2.1' }])
    }
    // It goes on mixing the case.
    expect(new Set(upstream.asked.map(({ message }) => message.toString('latin1', 12, 35))).size).toBeGreaterThan(4)
  })

  it('asks again over TCP when a reply is truncated, over one connection (RFC 7766, sections 5 and 6.2.1)', async () => {
    const many = Array.from({ length: 60 }, (_, index) => addressRecord(index))
    await using upstream = await scriptedUpstream((query, protocol) => [
      protocol === 'udp' ? upstreamReply(query, { flags: 0x8380, answers: [addressRecord(1)] }) : upstreamReply(query, { answers: many }),
    ])
    await using server = await serve(table, new Forwarder([upstream]))
    for (const name of ['big.example', 'bigger.example', 'biggest.example']) {
      const [whole] = await askTcp(server.port, [queryMessage({ name })])
      expect(read(whole as Buffer).answers).toHaveLength(60)
    }
    expect(upstream.asked.map((asked) => asked.protocol)).toEqual(['udp', 'tcp', 'udp', 'tcp', 'udp', 'tcp'])
    expect(upstream.connections).toBe(1)
    // Who asks over UDP can take 512 octets (RFC 1035, section 4.2.1), and whoever asks again is answered from the cache.
    const cut = await askUdp(server.port, queryMessage({ name: 'big.example' }))
    expect(read(cut as Buffer)).toMatchObject({ tc: true, answers: [] })
    expect((cut as Buffer).length).toBeLessThanOrEqual(512)
    expect(upstream.asked).toHaveLength(6)
  })

  it('answers SERVFAIL with an extended error when nobody answers (RFC 8914, section 4.23)', async () => {
    await using silent = await scriptedUpstream(() => [])
    const { reply } = await through([silent], { name: 'a.example', edns: {} }, { deadlineMs: 100 })
    expect(reply.rcode).toBe('SERVFAIL')
    expect(JSON.stringify(reply.opts)).toContain('no upstream gave an answer')
  })

  it('answers SERVFAIL at once when nobody can be asked (RFC 8914, section 4.24), and not more often than once a second (RFC 9520, section 3.2)', async () => {
    const gone = await scriptedUpstream(honest)
    await gone[Symbol.asyncDispose]()
    const forwarder = new Forwarder([gone], { deadlineMs: 60_000 })
    await using server = await serve(table, forwarder)
    for (let round = 0; round < 3; round++) {
      const reply = read((await askUdp(server.port, queryMessage({ name: 'a.example', edns: {} }))) as Buffer)
      expect(reply.rcode).toBe('SERVFAIL')
      expect(JSON.stringify(reply.opts)).toContain(`no upstream could be asked: 127.0.0.1:${gone.port}: connection refused`)
    }
    expect(forwarder.counters).toMatchObject({ missed: 3, failed: 1 })
  })

  it('goes on to the next upstream after silence, a closed port, SERVFAIL, REFUSED and a referral (RFC 1035, section 7.2)', async () => {
    await using silent = await scriptedUpstream(() => [])
    await using failing = await scriptedUpstream((query) => [upstreamReply(query, { flags: 0x8182 })])
    await using refusing = await scriptedUpstream((query) => [upstreamReply(query, { flags: 0x8185 })])
    const elsewhere = recordOf(Buffer.from([0]), rrType.NS, 60, encodeName('ns.example'))
    await using referring = await scriptedUpstream((query) => [upstreamReply(query, { flags: 0x8100, authorities: [elsewhere] })])
    await using working = await scriptedUpstream(honest)
    const gone = await scriptedUpstream(honest)
    await gone[Symbol.asyncDispose]()
    for (const bad of [silent, failing, refusing, referring, gone]) {
      const { reply } = await through([bad, working], { name: 'a.example' })
      expect(reply).toMatchObject({ rcode: 'NOERROR', answers: [{ address: '192.0.2.1' }] })
    }
    expect((await through([refusing, failing], { name: 'a.example' })).reply.rcode).toBe('REFUSED')
    expect((await through([referring], { name: 'a.example' })).reply.rcode).toBe('SERVFAIL')
  })

  it('says of an upstream that failed without a reason that it was the upstream (RFC 8914, section 4.23)', async () => {
    await using refusing = await scriptedUpstream((query) => [upstreamReply(query, { flags: 0x8185 })])
    const { octets } = await through([refusing], { name: 'a.example', edns: {} })
    expect(octets.toString('latin1')).toContain(`upstream 127.0.0.1:${refusing.port} answered REFUSED`)
  })

  it('passes on why an upstream failed (RFC 8914, section 3)', async () => {
    const reason = Buffer.concat([words(15, 2 + 5, 6), Buffer.from('bogus')])
    await using failing = await scriptedUpstream((query) => [
      upstreamReply(query, { flags: 0x8182, additionals: [opt({ options: reason })] }),
    ])
    const { reply } = await through([failing], { name: 'a.example', edns: {} })
    expect(reply.rcode).toBe('SERVFAIL')
    expect(JSON.stringify(reply.opts)).toContain('bogus')
  })

  it('takes NXDOMAIN as an answer', async () => {
    await using upstream = await scriptedUpstream((query) => [upstreamReply(query, { flags: 0x8183 })])
    await using second = await scriptedUpstream(honest)
    expect((await through([upstream, second], { name: 'a.example' })).reply.rcode).toBe('NXDOMAIN')
    expect(second.asked).toEqual([])
  })

  it('passes DO and CD on, options not, and clears AA and AD (RFC 6891, section 6.1.1; RFC 4035, section 3.2)', async () => {
    await using upstream = await scriptedUpstream((query) => [
      upstreamReply(query, {
        flags: 0x85b0,
        answers: [addressRecord(1)],
        additionals: [opt({ udpSize: 4096, options: Buffer.concat([words(10, 2), Buffer.from([1, 2])]) })],
      }),
    ])
    const cookie = Buffer.concat([words(10, 8), Buffer.alloc(8, 7)])
    const { reply } = await through([upstream], {
      name: 'a.example',
      flags: 0x0110,
      edns: { dnssecOk: true, udpSize: 4096, options: cookie },
    })
    const asked = upstream.asked[0]?.message as Buffer
    expect(read(asked)).toMatchObject({ cd: true, rd: true, opts: [{ class: 1232, doFlag: true }] })
    expect(asked.includes(Buffer.alloc(8, 7))).toBe(false)
    expect(reply).toMatchObject({ aa: false, ad: false, cd: true, additionals: [], opts: [{ class: 1232, doFlag: true, rdata: [] }] })
    const plain = await through([upstream], { name: 'a.example' })
    expect(read(upstream.asked[1]?.message as Buffer)).toMatchObject({ cd: false, opts: [{ class: 1232, doFlag: false }] })
    expect(plain.reply.opts).toEqual([])
  })

  it('asks without EDNS a server that does not know it, and remembers that (RFC 6891, section 6.2.2)', async () => {
    const bare = (query: Buffer) => Buffer.concat([query.subarray(0, 2), words(0x8181, 0, 0, 0, 0)])
    for (const error of [
      bare,
      (query: Buffer) => upstreamReply(query, { flags: 0x8181 }),
      (query: Buffer) => upstreamReply(query, { flags: 0x8184 }),
    ]) {
      await using upstream = await scriptedUpstream((query) =>
        query[11] === 0 ? [upstreamReply(query, { answers: [addressRecord(1)] })] : [error(query)],
      )
      await using server = await serve(table, new Forwarder([upstream], uncached))
      for (let round = 0; round < 2; round++) {
        const reply = read((await askUdp(server.port, queryMessage({ name: 'a.example', edns: {} }))) as Buffer)
        expect(reply).toMatchObject({ rcode: 'NOERROR', answers: [{ address: '192.0.2.1' }], opts: [{ class: 1232 }] })
      }
      expect(upstream.asked.map(({ message }) => message[11])).toEqual([1, 0, 0])
    }
  })

  it('does not use replies with broken records, or with records of other names (RFC 5452, section 6)', async () => {
    const foreign = recordOf(encodeName('bank.example'), rrType.A, 60, Buffer.from([192, 0, 2, 66]))
    for (const answers of [[addressRecord(1).subarray(0, 13)], [addressRecord(1), foreign]]) {
      await using upstream = await scriptedUpstream((query) => [upstreamReply(query, { answers })])
      expect((await through([upstream], { name: 'a.example' })).reply.rcode).toBe('SERVFAIL')
    }
  })

  it('refuses who does not want recursion, what is in the cache too (RFC 1035, section 4.1.1: RD)', async () => {
    await using upstream = await scriptedUpstream(honest)
    await using server = await serve(table, new Forwarder([upstream]))
    const ask = async (flags: number) => read((await askUdp(server.port, queryMessage({ name: 'a.example', flags }))) as Buffer)
    expect(await ask(0)).toMatchObject({ rcode: 'REFUSED', ra: true })
    expect(upstream.asked).toEqual([])
    expect((await ask(0x0100)).rcode).toBe('NOERROR')
    expect(await ask(0)).toMatchObject({ rcode: 'REFUSED', answers: [] })
  })

  it('keeps names with dots and odd octets inside labels as they are (RFC 2181, section 11)', async () => {
    await using upstream = await scriptedUpstream(honest)
    const name = Buffer.from([3, 0x2d, 0x2e, 0x30, 2, 0xff, 0x01, 0])
    const { octets } = await through([upstream], { name })
    expect(upstream.asked[0]?.message.subarray(12, 20)).toEqual(name)
    expect(octets.subarray(12, 20)).toEqual(name)
  })

  it('holds so many queries at once and no more', async () => {
    await using silent = await scriptedUpstream(() => [])
    const forwarder = new Forwarder([silent], { deadlineMs: 60_000, limit: 3 })
    await using server = await serve(table, forwarder)
    const waiting = Array.from({ length: 3 }, (_, id) => askUdp(server.port, queryMessage({ id, name: `a${id}.example` })))
    while (forwarder.counters.waiting < 3) await new Promise((resolve) => setTimeout(resolve, 5))
    const reply = read((await askUdp(server.port, queryMessage({ name: 'b.example', edns: {} }))) as Buffer)
    expect(JSON.stringify(reply.opts)).toContain('too many questions')
    // Those that wait are answered when the resolver stops.
    forwarder.close()
    expect((await Promise.all(waiting)).map((late) => read(late as Buffer).rcode)).toEqual(['SERVFAIL', 'SERVFAIL', 'SERVFAIL'])
  })

  it('gives SERVFAIL to a question of its own that came back by way of its upstream, which passes its EDNS option on (RFC 6891, section 6.1.2)', async () => {
    // An upstream that asks us what we ask it: OPT as it got it, another id, as dnsmasq does.
    await using upstream = await scriptedUpstream(() => [])
    const looping = new Forwarder([upstream], { deadlineMs: 60_000 })
    await using outer = await serve(table, looping)
    upstream.follow((query) => {
      const returned = Buffer.from(query)
      returned.writeUInt16BE(0x7777, 0)
      void askUdp(outer.port, returned).then((reply) => {
        replies.push(read(reply as Buffer).rcode)
      })
      return [upstreamReply(query, { flags: 0x8182 })]
    })
    const replies: string[] = []
    expect(read((await askUdp(outer.port, queryMessage({ name: 'a.example' }))) as Buffer).rcode).toBe('SERVFAIL')
    while (replies.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(replies).toEqual(['SERVFAIL'])
    expect(looping.counters.looped).toBe(1)
    expect(upstream.asked).toHaveLength(1)
  })

  it('keeps what it may: by SOA for negative answers (RFC 2308, section 5), never truncated ones (RFC 2181, section 9), never those with a TTL of 0 (RFC 1035, section 3.2.1)', async () => {
    const replies: Record<string, (query: Buffer) => Buffer> = {
      gone: (query) => upstreamReply(query, { flags: 0x8183, authorities: [rootSoa(900, 30)] }),
      empty: (query) => upstreamReply(query, { authorities: [rootSoa(20, 300)] }),
      nosoa: (query) => upstreamReply(query, { flags: 0x8183 }),
      zero: (query) => upstreamReply(query, { answers: [addressRecord(1, 0)] }),
      minus: (query) => upstreamReply(query, { answers: [addressRecord(1, 0xffff_ffff)] }),
      fine: (query) => upstreamReply(query, { answers: [addressRecord(1), addressRecord(2, 20)] }),
    }
    await using upstream = await scriptedUpstream((query) => {
      const label = query.toString('latin1', 13, 13 + (query[12] as number)).toLowerCase()
      return [(replies[label] as (query: Buffer) => Buffer)(query)]
    })
    await using server = await serve(table, new Forwarder([upstream]))
    const ask = async (name: string, type: number = rrType.A) => read((await askUdp(server.port, queryMessage({ name, type }))) as Buffer)
    expect((await ask('gone.example')).authorities).toMatchObject([{ ttl: 30 }])
    expect(await ask('gone.example', rrType.MX)).toMatchObject({ rcode: 'NXDOMAIN', authorities: [{ ttl: 30 }] })
    expect((await ask('empty.example')).authorities).toMatchObject([{ ttl: 20 }])
    await ask('empty.example')
    expect(upstream.asked).toHaveLength(2)
    // NODATA is of one type (RFC 2308, section 5).
    await ask('empty.example', rrType.MX)
    expect(upstream.asked).toHaveLength(3)
    for (const name of ['nosoa.example', 'zero.example', 'minus.example']) {
      upstream.asked.length = 0
      await ask(name)
      expect((await ask(name)).answers.map(({ ttl }) => ttl)).toEqual(name === 'nosoa.example' ? [] : [0])
      expect(upstream.asked).toHaveLength(2)
    }
    expect((await ask('fine.example')).answers.map(({ ttl }) => ttl)).toEqual([60, 20])
  })

  it('keeps a negative answer without SOA as long as neg-ttl says, and no longer than it (RFC 2308, section 5)', async () => {
    await using upstream = await scriptedUpstream((query) => [upstreamReply(query, { flags: 0x8183 })])
    for (const [negTtl, asked] of [
      [30, 1],
      [undefined, 2],
    ] as const) {
      upstream.asked.length = 0
      await using server = await serve(table, new Forwarder([upstream], { settings: { ...defaultForwarding, negTtl } }))
      for (let round = 0; round < 2; round++)
        expect(read((await askUdp(server.port, queryMessage({ name: 'gone.example' }))) as Buffer).rcode).toBe('NXDOMAIN')
      expect(upstream.asked).toHaveLength(asked)
    }
  })

  it('asks once for what many want at once (RFC 5452, section 5: no more chances for a forger)', async () => {
    await using upstream = await scriptedUpstream((query) => [
      // Less than after what it would be asked again, and long enough for all of them to have come.
      { afterMs: 300, message: upstreamReply(query, { answers: [addressRecord(1, 0)] }) },
    ])
    const forwarder = new Forwarder([upstream])
    await using server = await serve(table, forwarder)
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, id) => askUdp(server.port, queryMessage({ id, name: id % 2 === 0 ? 'a.example' : 'A.Example' }))),
    )
    expect(replies.map((reply) => read(reply as Buffer).id)).toEqual(Array.from({ length: 30 }, (_, id) => id))
    expect(upstream.asked).toHaveLength(1)
    expect(forwarder.counters).toMatchObject({ missed: 30, joined: 29, answered: 1 })
    // DO and CD make it another question.
    await Promise.all([{}, { dnssecOk: true }].map((edns) => askUdp(server.port, queryMessage({ name: 'b.example', edns }))))
    expect(upstream.asked).toHaveLength(3)
  })
})
