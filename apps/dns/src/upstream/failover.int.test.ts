import dgram from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type AddressRange, defaultForwarding, type ForwardingSettings } from '../dnsmasq/settings.ts'
import { askUdp } from '../testing/ask.ts'
import { type Ask, encodeName, queryMessage, read, words } from '../testing/messages.ts'
import {
  addressRecord,
  recordOf,
  type Script,
  type ScriptedUpstream,
  scriptedUpstream,
  upstreamReply,
} from '../testing/scripted-upstream.ts'
import { serve } from '../testing/serve.ts'
import { entry, loadedTable } from '../testing/tables.ts'
import { unusedPort } from '../testing/unused-port.ts'
import { addressBytes } from '../wire/address.ts'
import { wireName } from '../wire/name.ts'
import { rrType } from '../wire/protocol.ts'
import { Forwarder } from './forwarder.ts'

const table = loadedTable(entry(1001))
const says =
  (last: number, ttl = 60): Script =>
  (query) => [upstreamReply(query, { answers: [addressRecord(last, ttl)] })]
const silence: Script = () => []
const settings = (changes: Partial<ForwardingSettings>): ForwardingSettings => ({ ...defaultForwarding, cacheSize: 100, ...changes })

async function ask(port: number, ask: Ask) {
  return read((await askUdp(port, queryMessage(ask))) as Buffer)
}
const addressOf = async (port: number, name: string) =>
  ((await ask(port, { name })).answers[0] as { address?: string } | undefined)?.address

describe('failover', () => {
  it('stops asking an upstream that is silent, and takes it back when it is there again', async () => {
    await using first = await scriptedUpstream(silence)
    await using second = await scriptedUpstream(says(2))
    const changes: string[] = []
    const forwarder = new Forwarder([first, second], {
      settings: settings({ strictOrder: true, cacheSize: 0 }),
      onHealth: ({ port }, state) => changes.push(`${port === first.port ? 'first' : 'second'} ${state}`),
    })
    await using server = await serve(table, forwarder)
    for (let round = 0; !changes.includes('first down'); round++) {
      expect(await addressOf(server.port, `a${round}.example`)).toBe('192.0.2.2')
      await pause(50)
    }
    const asked = first.asked.length
    for (let round = 0; round < 20; round++) expect(await addressOf(server.port, `b${round}.example`)).toBe('192.0.2.2')
    expect(first.asked.length - asked).toBeLessThanOrEqual(3)
    first.follow(says(1))
    while ((await addressOf(server.port, 'c.example')) !== '192.0.2.1') await pause(50)
    // Whoever is asked next may seem late for a moment.
    expect(changes.filter((change) => change.startsWith('first')).at(-1)).toBe('first healthy')
  })

  it('asks the one that answers soonest, wherever it stands', async () => {
    await using slow = await scriptedUpstream((query) => [{ afterMs: 400, message: upstreamReply(query, { answers: [addressRecord(1)] }) }])
    await using fast = await scriptedUpstream(says(2))
    const forwarder = new Forwarder([slow, fast], { settings: settings({ cacheSize: 0 }) })
    await using server = await serve(table, forwarder)
    await addressOf(server.port, 'first.example')
    while (forwarder.links.some(({ health }) => health.roundTrip === undefined)) await pause(10)
    slow.asked.length = 0
    for (let round = 0; round < 20; round++) expect(await addressOf(server.port, `n${round}.example`)).toBe('192.0.2.2')
    expect(slow.asked.length).toBeLessThanOrEqual(2)
  })

  it('asks all at once where it is told to, and takes the first answer (all-servers)', async () => {
    await using silent = await scriptedUpstream(silence)
    await using failing = await scriptedUpstream((query) => [upstreamReply(query, { flags: 0x8182 })])
    await using working = await scriptedUpstream(says(3))
    await using server = await serve(table, new Forwarder([silent, failing, working], { settings: settings({ allServers: true }) }))
    expect(await addressOf(server.port, 'a.example')).toBe('192.0.2.3')
    expect([silent, failing, working].map(({ asked }) => asked.length)).toEqual([1, 1, 1])
  })

  it('asks the only one again when a datagram is lost, with another id from another port', async () => {
    let asked = 0
    await using upstream = await scriptedUpstream((query, protocol) => (++asked === 1 ? [] : says(1)(query, protocol)))
    await using server = await serve(table, new Forwarder([upstream]))
    expect(await addressOf(server.port, 'a.example')).toBe('192.0.2.1')
    expect(new Set(upstream.asked.map(({ port, message }) => `${port} ${message.readUInt16BE(0)}`)).size).toBe(2)
  })

  it('takes the late reply of an upstream although another was asked meanwhile, and duplicates for nothing', async () => {
    await using late = await scriptedUpstream((query) => {
      const reply = upstreamReply(query, { answers: [addressRecord(1)] })
      return [1100, 1100, 1110].map((afterMs) => ({ afterMs, message: reply }))
    })
    await using silent = await scriptedUpstream(silence)
    const forwarder = new Forwarder([late, silent], { settings: settings({ strictOrder: true }) })
    await using server = await serve(table, forwarder)
    expect(await addressOf(server.port, 'a.example')).toBe('192.0.2.1')
    expect(silent.asked.length).toBeGreaterThan(0)
    expect(forwarder.counters).toMatchObject({ answered: 1, waiting: 0 })
  })
})

describe('an upstream that the system knows no way to', () => {
  // Connecting a datagram socket to it fails at once, as where there is no IPv6.
  const unreachable = { address: '255.255.255.255', port: 53 }

  it('is passed over, and nothing worse', async () => {
    await using working = await scriptedUpstream(says(1))
    const forwarder = new Forwarder([unreachable, working], { settings: settings({ strictOrder: true }) })
    await using server = await serve(table, forwarder)
    expect(await addressOf(server.port, 'a.example')).toBe('192.0.2.1')
    expect(forwarder.links[0]?.counters.unreachable).toBe(1)
  })

  it('is said to be one where there is no other (RFC 8914, section 4.24)', async () => {
    await using server = await serve(table, new Forwarder([unreachable]))
    const reply = await ask(server.port, { name: 'a.example', edns: {} })
    expect(reply.rcode).toBe('SERVFAIL')
    expect(JSON.stringify(reply.opts)).toContain('no upstream could be asked')
  })
})

describe('an upstream that is to be asked from an address which is none of ours', () => {
  it('is passed over at once, again and again', async () => {
    await using working = await scriptedUpstream(says(1))
    const wrong = { address: '127.0.0.1', port: working.port, sourceAddress: '::1' }
    const forwarder = new Forwarder([wrong], { deadlineMs: 60_000 })
    await using server = await serve(table, forwarder)
    for (let round = 0; round < 200; round++) {
      const reply = await ask(server.port, { name: `n${round}.example`, edns: {} })
      expect(reply.rcode).toBe('SERVFAIL')
      expect(JSON.stringify(reply.opts)).toContain('no upstream could be asked')
    }
    expect(forwarder.links[0]?.isOpen).toBe(false)
  })
})

describe('an upstream that cuts its replies and takes no connection', () => {
  const cut: Script = (query) => [upstreamReply(query, { flags: 0x8380, answers: [addressRecord(66)] })]
  /** Over TCP it hangs up, says nothing, or nobody is there. */
  const scripts: [string, Script][] = [
    ['hangs up', (query, protocol) => (protocol === 'tcp' ? ['hangUp'] : cut(query, protocol))],
    ['says nothing', (query, protocol) => (protocol === 'tcp' ? [] : cut(query, protocol))],
    ['cuts there too', cut],
  ]

  it.each(scripts)('and %s: the next one is asked (RFC 7766, section 5)', async (_, script) => {
    await using short = await scriptedUpstream(script)
    await using whole = await scriptedUpstream(says(1))
    const forwarder = new Forwarder([short, whole], { settings: settings({ strictOrder: true }) })
    await using server = await serve(table, forwarder)
    expect(await addressOf(server.port, 'a.example')).toBe('192.0.2.1')
    expect(short.asked.map(({ protocol }) => protocol)).toEqual(expect.arrayContaining(['udp', 'tcp']))
  })

  it('is named where there is no other, with what it lacks (RFC 8914, section 4.23)', async () => {
    // The system could have given the port of the same number to anybody who listens over TCP.
    const port = await unusedPort('127.0.0.1')
    const upstream = dgram.createSocket('udp4').bind(port, '127.0.0.1')
    await once(upstream, 'listening')
    upstream.on('message', (query, source) => upstream.send(cut(query, 'udp')[0] as Buffer, source.port, source.address))
    await using server = await serve(table, new Forwarder([{ address: '127.0.0.1', port }], { deadlineMs: 60_000 }))
    const reply = await askUdp(server.port, queryMessage({ name: 'a.example', edns: {} }))
    upstream.close()
    expect(read(reply as Buffer)).toMatchObject({ rcode: 'SERVFAIL', answers: [] })
    expect(reply?.toString('latin1')).toContain(
      `no upstream gave an answer: 127.0.0.1:${port}: its reply is too long for UDP, and over TCP: connection refused`,
    )
  })
})

describe('stale answers', () => {
  it('are given while no upstream can be reached, and fresh ones as soon as one can (RFC 8767, sections 4 and 5)', async () => {
    await using upstream = await scriptedUpstream(says(1, 1))
    const forwarder = new Forwarder([upstream])
    await using server = await serve(table, forwarder)
    const name = 'a.example'
    expect((await ask(server.port, { name, edns: {} })).answers).toMatchObject([{ ttl: 1 }])
    await pause(1050)
    upstream.follow((query) => [upstreamReply(query, { flags: 0x8182 })])
    const stale = await ask(server.port, { name, edns: {} })
    expect(stale).toMatchObject({ rcode: 'NOERROR', answers: [{ address: '192.0.2.1', ttl: 30 }] })
    // RFC 8914, section 4.4.
    expect(JSON.stringify(stale.opts)).toContain('"ednsCode":15,"infoCode":3')
    const asked = upstream.asked.length
    expect((await ask(server.port, { name })).answers).toMatchObject([{ ttl: 30 }])
    expect(upstream.asked.length).toBe(asked)
    // Of a name that was never known there is nothing to give.
    expect((await ask(server.port, { name: 'b.example' })).rcode).toBe('SERVFAIL')
    upstream.follow(says(2))
    expect(await addressOf(server.port, 'c.example')).toBe('192.0.2.2')
    expect(forwarder.cache.counters.stale).toBeGreaterThan(1)
  })

  it('are given to who has waited for long, while upstreams are still asked (RFC 8767, section 5: the client response timer)', async () => {
    await using upstream = await scriptedUpstream(says(1, 1))
    await using server = await serve(table, new Forwarder([upstream], { deadlineMs: 15_000 }))
    await ask(server.port, { name: 'a.example' })
    await pause(1050)
    upstream.follow((query) => [{ afterMs: 3800, message: upstreamReply(query, { answers: [addressRecord(2)] }) }])
    expect((await ask(server.port, { name: 'a.example' })).answers).toMatchObject([{ address: '192.0.2.1', ttl: 30 }])
    // Whoever asks while it is looked for is not kept waiting.
    expect((await ask(server.port, { name: 'a.example' })).answers).toMatchObject([{ address: '192.0.2.1', ttl: 30 }])
    while ((await addressOf(server.port, 'a.example')) !== '192.0.2.2') await pause(50)
  })

  it('are not given where that is switched off', async () => {
    await using upstream = await scriptedUpstream(says(1, 1))
    await using server = await serve(table, new Forwarder([upstream], { staleFor: 0, deadlineMs: 100 }))
    await ask(server.port, { name: 'a.example' })
    await pause(1050)
    upstream.follow(silence)
    expect((await ask(server.port, { name: 'a.example' })).rcode).toBe('SERVFAIL')
  })
})

describe('addresses in answers', () => {
  const range = (text: string, bits: number): AddressRange => ({ octets: addressBytes(text) as Buffer, bits })
  /** Says the address that the name's first label is, dashes for dots and colons. */
  const spelled: Script = (query) => {
    const label = query.toString('latin1', 13, 13 + (query[12] as number)).toLowerCase()
    const data = addressBytes(label.replaceAll('-', '.')) ?? (addressBytes(label.replaceAll('-', ':')) as Buffer)
    return [upstreamReply(query, { answers: [recordOf(0xc00c, data.length === 4 ? rrType.A : rrType.AAAA, 60, data)] })]
  }
  async function answered(upstream: ScriptedUpstream, changes: Partial<ForwardingSettings>, names: readonly string[]) {
    const rebinds: string[] = []
    const options = { settings: settings(changes), onRebind: (name: string) => rebinds.push(name) }
    const forwarder = new Forwarder([upstream], options)
    await using server = await serve(table, forwarder)
    const replies = []
    for (const name of names) {
      const type = /^[0-9]+-[0-9]+-[0-9]+-[0-9]+\./.test(name) ? rrType.A : rrType.AAAA
      replies.push(await ask(server.port, { name, type, edns: {} }))
    }
    return { replies, rebinds, kept: forwarder.cache.counters.entries }
  }
  const privates = ['10-0-0-1', '172-16-0-1', '172-31-255-255', '192-168-1-1', '169-254-1-1', '192-0-2-1', '198-51-100-1', '203-0-113-1']
  const localhosts = ['127-0-0-1', '0-0-0-0', '0-1-2-3', '0-0-0-0-0-0-0-1', '0-0-0-0-0-0-0-0']
  const privates6 = ['fe80-0-0-0-0-0-0-1', 'fd00-0-0-0-0-0-0-1', 'fc00-0-0-0-0-0-0-1', 'fec0-0-0-0-0-0-0-1', '2001-db8-0-0-0-0-0-1']
  const mapped = ['0-0-0-0-0-ffff-a00-1', '0-0-0-0-0-ffff-c0a8-101', '0-0-0-0-0-ffff-0-0']
  const translated = [
    '64-ff9b-0-0-0-0-a00-1',
    '64-ff9b-0-0-0-0-7f00-1',
    '64-ff9b-1-0-0-0-c0a8-101',
    '2002-a00-1-0-0-0-0-1',
    '2002-c0a8-101-0-0-0-0-1',
  ]
  const publics = ['8-8-8-8', '100-64-0-1', '172-32-0-1', '11-0-0-1', '2600-0-0-0-0-0-0-1', '0-0-0-0-0-ffff-808-808']
  const translatedPublics = ['64-ff9b-0-0-0-0-808-808', '2002-808-808-0-0-0-0-1']

  it('are dropped where a public name has those of private networks, IPv6 ones that lead there too (RFC 1918, 3056, 3927, 4193, 4291, 6052, 6890, 8215)', async () => {
    await using upstream = await scriptedUpstream(spelled)
    const stop = { rebind: { stop: true, localhostOk: false, exemptDomains: [] } }
    const bad = [...privates, ...localhosts, ...privates6, ...mapped, ...translated].map((label) => `${label}.example`)
    const { replies, rebinds, kept } = await answered(upstream, stop, bad)
    for (const reply of replies) {
      expect(reply).toMatchObject({ rcode: 'NOERROR', answers: [], authorities: [], additionals: [] })
      expect(JSON.stringify(reply.opts)).toContain('rebinding')
    }
    expect(rebinds).toEqual(bad.map((name) => wireName(name)))
    expect(kept).toBe(0)
    const good = await answered(
      upstream,
      stop,
      [...publics, ...translatedPublics].map((label) => `${label}.example`),
    )
    expect(good.replies.map(({ answers }) => answers.length)).toEqual([...publics, ...translatedPublics].map(() => 1))
  })

  it('are let through below exempt domains, and loopback where that is allowed', async () => {
    await using upstream = await scriptedUpstream(spelled)
    const rebind = { stop: true, localhostOk: true, exemptDomains: [wireName('corp.example') as string] }
    const names = ['10-0-0-1.corp.example', '10-0-0-1.x.Corp.example', '127-0-0-1.example', '10-0-0-1.notcorp.example', '10-0-0-1.example']
    const { replies } = await answered(upstream, { rebind }, names)
    expect(replies.map(({ answers }) => answers.length)).toEqual([1, 1, 1, 0, 0])
    expect((await answered(upstream, {}, names)).replies.every(({ answers }) => answers.length === 1)).toBe(true)
  })

  it('are looked at at the end of aliases too', async () => {
    const target = encodeName('inside.example')
    const answers = [recordOf(0xc00c, rrType.CNAME, 60, target), recordOf(target, rrType.A, 60, Buffer.from([10, 0, 0, 1]))]
    await using upstream = await scriptedUpstream((query) => [upstreamReply(query, { answers })])
    const exemptDomains = [wireName('inside.example') as string]
    const { replies } = await answered(upstream, { rebind: { stop: true, localhostOk: false, exemptDomains } }, ['1-1-1-1.example'])
    expect(replies[0]).toMatchObject({ rcode: 'NOERROR', answers: [] })
  })

  it('are looked at in HTTPS records too (RFC 9460, section 7.3)', async () => {
    const hint = (key: number, address: string) => {
      const octets = addressBytes(address) as Buffer
      return Buffer.concat([words(1), Buffer.from([0]), words(1, 3), Buffer.from([2, 0x68, 0x32]), words(key, octets.length), octets])
    }
    let data: Buffer = hint(4, '10.0.0.1')
    await using upstream = await scriptedUpstream((query) => [upstreamReply(query, { answers: [recordOf(0xc00c, rrType.HTTPS, 0, data)] })])
    const rebind = { stop: true, localhostOk: false, exemptDomains: [] }
    await using server = await serve(table, new Forwarder([upstream], { settings: settings({ rebind }) }))
    const count = async () => (await ask(server.port, { name: 'a.example', type: rrType.HTTPS })).answers.length
    expect(await count()).toBe(0)
    data = hint(6, 'fd00::1')
    expect(await count()).toBe(0)
    // Its target as a pointer to the name that was asked for.
    data = Buffer.concat([words(1, 0xc00c), hint(4, '10.0.0.1').subarray(3)])
    expect(await count()).toBe(0)
    for (const harmless of [hint(6, '2600::1'), hint(4, '8.8.8.8'), words(0, 0)]) {
      data = harmless
      expect(await count()).toBe(1)
    }
  })

  it('come along with nothing else in the additional section: it is left out, the answer is given (RFC 1035, section 4.1)', async () => {
    const target = encodeName('mail.example')
    const mail = (query: Buffer, address: Buffer) =>
      upstreamReply(query, {
        answers: [recordOf(0xc00c, rrType.MX, 60, Buffer.concat([words(10), target]))],
        authorities: [recordOf(Buffer.from([0]), rrType.NS, 60, target)],
        additionals: [recordOf(target, rrType.A, 60, address), recordOf(Buffer.from([0]), rrType.TXT, 60, Buffer.from([1, 120]))],
      })
    await using upstream = await scriptedUpstream((query) => [
      mail(query, Buffer.from((query[13] ?? 0) > 0x39 ? [10, 0, 0, 1] : [8, 8, 8, 8])),
    ])
    const rebind = { stop: true, localhostOk: false, exemptDomains: [wireName('ok.example') as string] }
    await using server = await serve(table, new Forwarder([upstream], { settings: settings({ rebind }) }))
    // Asked twice: out of the cache it is the same.
    for (let round = 0; round < 2; round++) {
      const harmless = await ask(server.port, { name: '1.example', type: rrType.MX })
      expect(harmless).toMatchObject({ rcode: 'NOERROR', answers: [{ type: rrType.MX }], authorities: [{ type: rrType.NS }] })
      expect(harmless.additionals).toHaveLength(2)
      expect(await ask(server.port, { name: 'a.example', type: rrType.MX })).toMatchObject({ answers: [{ ttl: 60 }], additionals: [] })
    }
    expect((await ask(server.port, { name: 'a.ok.example', type: rrType.MX })).additionals).toHaveLength(2)
  })

  it('make it NXDOMAIN where they stand for no such name (bogus-nxdomain), before all else', async () => {
    await using upstream = await scriptedUpstream(spelled)
    const changes = {
      bogusAddresses: [range('8.8.8.0', 22), range('2600::1', 128), range('10.0.0.1', 32)],
      rebind: { stop: true, localhostOk: false, exemptDomains: [] },
    }
    const names = ['8-8-8-8', '8-8-11-1', '8-8-12-1', '2600-0-0-0-0-0-0-1', '2600-0-0-0-0-0-0-2', '10-0-0-1']
    const { replies, kept } = await answered(
      upstream,
      changes,
      names.map((label) => `${label}.example`),
    )
    expect(replies.map(({ rcode }) => rcode)).toEqual(['NXDOMAIN', 'NXDOMAIN', 'NOERROR', 'NXDOMAIN', 'NOERROR', 'NXDOMAIN'])
    expect(kept).toBe(2)
  })

  it('make it as if the reply had not come where they are to be ignored (ignore-address)', async () => {
    await using lying = await scriptedUpstream(says(66))
    await using working = await scriptedUpstream(says(1))
    const options = { settings: settings({ strictOrder: true, ignoredAddresses: [range('192.0.2.66', 32)] }) }
    await using server = await serve(table, new Forwarder([lying, working], options))
    expect(await addressOf(server.port, 'a.example')).toBe('192.0.2.1')
  })
})
