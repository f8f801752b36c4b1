import { describe, expect, it } from 'vitest'
import { askTcp, askUdp } from '../testing/ask.ts'
import { type Ask, opt, queryMessage, read, words } from '../testing/messages.ts'
import { addressRecord, type Script, type ScriptedUpstream, scriptedUpstream, upstreamReply } from '../testing/scripted-upstream.ts'
import { serve } from '../testing/serve.ts'
import { domain, entry, loadedTable } from '../testing/tables.ts'
import { rrType } from '../wire/protocol.ts'
import { Forwarder } from './forwarder.ts'

const table = loadedTable(entry(1001))
const honest: Script = (query) => [upstreamReply(query, { answers: [addressRecord(1)] })]

async function through(upstreams: readonly ScriptedUpstream[], ask: Ask, options: { timeoutMs?: number } = {}) {
  await using server = await serve(table, new Forwarder(upstreams, { timeoutMs: 3000, ...options }))
  const reply = await askUdp(server.port, queryMessage(ask))
  return { reply: read(reply as Buffer), octets: reply as Buffer }
}

describe('forwarder', () => {
  it('asks the upstream for foreign names and gives its answer, question in the case that was asked', async () => {
    await using upstream = await scriptedUpstream(honest)
    const { reply } = await through([upstream], { name: 'Www.Example' })
    expect(reply).toMatchObject({ id: 0x1234, rcode: 'NOERROR', aa: false, ra: true, rd: true })
    expect(reply.answers).toMatchObject([{ name: 'Www.Example', address: '192.0.2.1', ttl: 60 }])
    expect(upstream.asked).toHaveLength(1)
  })

  it('never asks for names of ours, nor for localhost or loopback addresses', async () => {
    await using upstream = await scriptedUpstream(honest)
    for (const name of [`nope.${domain}`, `www-1001.${domain}`, 'localhost', 'x.localhost', '9.9.9.127.in-addr.arpa'])
      await through([upstream], { name })
    expect(upstream.asked).toEqual([])
  })

  it('uses another id and another port for each question (RFC 5452, section 9.2)', async () => {
    await using upstream = await scriptedUpstream(honest)
    await using server = await serve(table, new Forwarder([upstream]))
    for (let round = 0; round < 20; round++) await askUdp(server.port, queryMessage({ id: 5, name: 'a.example' }))
    expect(new Set(upstream.asked.map((asked) => asked.message.readUInt16BE(0))).size).toBeGreaterThan(15)
    expect(new Set(upstream.asked.map((asked) => asked.port)).size).toBeGreaterThan(15)
  })

  it('ignores replies with another id, another question, or none (RFC 5452, section 9.1)', async () => {
    await using upstream = await scriptedUpstream((query) => {
      const right = upstreamReply(query, { answers: [addressRecord(1)] })
      const otherId = Buffer.from(upstreamReply(query, { answers: [addressRecord(66)] }))
      otherId.writeUInt16BE(otherId.readUInt16BE(0) ^ 1, 0)
      const otherName = upstreamReply(query, { answers: [addressRecord(66)] })
      otherName[13] = 0x7a
      const otherType = upstreamReply(query, { answers: [addressRecord(66)] })
      otherType.writeUInt16BE(rrType.MX, otherType.indexOf(0, 12) + 1)
      const noResponse = upstreamReply(query, { flags: 0x0180, answers: [addressRecord(66)] })
      const noQuestion = upstreamReply(query, { answers: [addressRecord(66)] })
      noQuestion.writeUInt16BE(0, 4)
      return [otherId, otherName, otherType, noResponse, noQuestion, Buffer.from([1]), right]
    })
    const { reply } = await through([upstream], { name: 'a.example' })
    expect(reply.answers).toMatchObject([{ address: '192.0.2.1' }])
  })

  it('takes a reply whose question has another case (RFC 4343, section 3)', async () => {
    await using upstream = await scriptedUpstream((query) => {
      const lower = Buffer.from(query)
      lower.write('ab', 13, 'latin1')
      return [upstreamReply(lower, { answers: [addressRecord(1)] })]
    })
    const { reply } = await through([upstream], { name: 'AB.Example' })
    expect(reply.answers).toMatchObject([{ name: 'AB.Example', address: '192.0.2.1' }])
  })

  it('asks again over TCP when a reply is truncated (RFC 7766, section 5)', async () => {
    const many = Array.from({ length: 60 }, (_, index) => addressRecord(index))
    await using upstream = await scriptedUpstream((query, protocol) => [
      protocol === 'udp' ? upstreamReply(query, { flags: 0x8380 }) : upstreamReply(query, { answers: many }),
    ])
    await using server = await serve(table, new Forwarder([upstream]))
    const [whole] = await askTcp(server.port, [queryMessage({ name: 'big.example' })])
    expect(read(whole as Buffer).answers).toHaveLength(60)
    expect(upstream.asked.map((asked) => asked.protocol)).toEqual(['udp', 'tcp'])
    // Who asks over UDP can take 512 octets (RFC 1035, section 4.2.1).
    const cut = await askUdp(server.port, queryMessage({ name: 'big.example' }))
    expect(read(cut as Buffer)).toMatchObject({ tc: true, answers: [] })
    expect((cut as Buffer).length).toBeLessThanOrEqual(512)
  })

  it('answers SERVFAIL with an extended error when nobody answers (RFC 8914, section 4.23)', async () => {
    await using silent = await scriptedUpstream(() => [])
    const { reply } = await through([silent], { name: 'a.example', edns: {} }, { timeoutMs: 100 })
    expect(reply.rcode).toBe('SERVFAIL')
    expect(JSON.stringify(reply.opts)).toContain('no upstream gave an answer')
  })

  it('goes on to the next upstream after silence, a closed port, SERVFAIL and REFUSED', async () => {
    await using silent = await scriptedUpstream(() => [])
    await using failing = await scriptedUpstream((query) => [upstreamReply(query, { flags: 0x8182 })])
    await using refusing = await scriptedUpstream((query) => [upstreamReply(query, { flags: 0x8185 })])
    await using working = await scriptedUpstream(honest)
    const gone = await scriptedUpstream(honest)
    await gone[Symbol.asyncDispose]()
    for (const bad of [silent, failing, refusing, gone]) {
      const { reply } = await through([bad, working], { name: 'a.example' }, { timeoutMs: 150 })
      expect(reply).toMatchObject({ rcode: 'NOERROR', answers: [{ address: '192.0.2.1' }] })
    }
    expect((await through([refusing, failing], { name: 'a.example' })).reply.rcode).toBe('REFUSED')
  })

  it('takes NXDOMAIN as an answer', async () => {
    await using upstream = await scriptedUpstream((query) => [upstreamReply(query, { flags: 0x8183 })])
    await using second = await scriptedUpstream(honest)
    expect((await through([upstream, second], { name: 'a.example' })).reply.rcode).toBe('NXDOMAIN')
    expect(second.asked).toEqual([])
  })

  it('passes DO and CD on, options not, and clears AA and AD (RFC 6891, section 6.1.1; RFC 4035, section 3.2.2)', async () => {
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
    expect(read(upstream.asked[0]?.message as Buffer)).toMatchObject({
      cd: true,
      rd: true,
      opts: [{ class: 1232, doFlag: true, rdata: [] }],
    })
    expect(reply).toMatchObject({ aa: false, ad: false, cd: true, additionals: [], opts: [{ class: 1232, doFlag: true, rdata: [] }] })
    const plain = await through([upstream], { name: 'a.example' })
    expect(read(upstream.asked[1]?.message as Buffer).opts).toEqual([])
    expect(plain.reply.opts).toEqual([])
  })

  it('answers SERVFAIL to replies with broken records', async () => {
    await using upstream = await scriptedUpstream((query) => [upstreamReply(query, { answers: [addressRecord(1).subarray(0, 13)] })])
    expect((await through([upstream], { name: 'a.example' })).reply.rcode).toBe('SERVFAIL')
  })

  it('refuses who does not want recursion (RFC 1035, section 4.1.1: RD)', async () => {
    await using upstream = await scriptedUpstream(honest)
    expect((await through([upstream], { name: 'a.example', flags: 0 })).reply).toMatchObject({ rcode: 'REFUSED', ra: true })
    expect(upstream.asked).toEqual([])
  })

  it('keeps names with dots and odd octets inside labels as they are (RFC 2181, section 11)', async () => {
    await using upstream = await scriptedUpstream(honest)
    const name = Buffer.from([3, 0x61, 0x2e, 0x62, 2, 0xff, 0x01, 0])
    const { octets } = await through([upstream], { name })
    expect(upstream.asked[0]?.message.subarray(12, 20)).toEqual(name)
    expect(octets.subarray(12, 20)).toEqual(name)
  })

  it('holds so many queries at once and no more', async () => {
    await using silent = await scriptedUpstream(() => [])
    const forwarder = new Forwarder([silent], { timeoutMs: 60_000, limit: 3 })
    await using server = await serve(table, forwarder)
    const waiting = Array.from({ length: 3 }, (_, id) => askUdp(server.port, queryMessage({ id, name: 'a.example' })))
    while (silent.asked.length < 3) await new Promise((resolve) => setTimeout(resolve, 5))
    const reply = read((await askUdp(server.port, queryMessage({ name: 'b.example', edns: {} }))) as Buffer)
    expect(JSON.stringify(reply.opts)).toContain('too many queries')
    // Those that wait are answered when the resolver stops.
    forwarder.close()
    expect((await Promise.all(waiting)).map((late) => read(late as Buffer).rcode)).toEqual(['SERVFAIL', 'SERVFAIL', 'SERVFAIL'])
  })
})
