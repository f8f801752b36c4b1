import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { defaultForwarding, type UpstreamServer } from '../dnsmasq/settings.ts'
import { askUdp } from '../testing/ask.ts'
import { type Ask, queryMessage, read } from '../testing/messages.ts'
import { addressRecord, type Script, scriptedUpstream, upstreamReply } from '../testing/scripted-upstream.ts'
import { serve } from '../testing/serve.ts'
import { entry, loadedTable } from '../testing/tables.ts'
import { Forwarder } from './forwarder.ts'
import type { ForwarderOptions } from './forwarder-options.ts'

const table = loadedTable(entry(1001))
const honest: Script = (query) => [upstreamReply(query, { answers: [addressRecord(1)] })]
/** As an upstream that has more to say than fits into a datagram. */
const overTcp =
  (script: Script): Script =>
  (query, protocol) =>
    protocol === 'udp' ? [upstreamReply(query, { flags: 0x8380 })] : script(query, protocol)
const uncached: ForwarderOptions = { settings: { ...defaultForwarding, strictOrder: true, cacheSize: 0 } }

async function ask(port: number, ask: Ask) {
  return read((await askUdp(port, queryMessage(ask))) as Buffer)
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** A certificate for a name, signed by itself, with its key. */
async function certificateFor(name: string): Promise<{ cert: string; key: string }> {
  const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', `/CN=${name}`]
  const san = /^[0-9.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`
  const { stdout } = await promisify(execFile)('openssl', [
    'req',
    ...options,
    '-addext',
    `subjectAltName=${san}`,
    '-keyout',
    '-',
    '-out',
    '-',
  ])
  const [key = ''] = /-----BEGIN PRIVATE KEY-----[\s\S]*?-----END PRIVATE KEY-----\n/.exec(stdout) ?? []
  const [cert = ''] = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----\n/.exec(stdout) ?? []
  return { cert, key }
}

describe('upstream over TCP', () => {
  it('sends what was on its way again when the upstream closes an idle connection (RFC 7766, section 6.2.4)', async () => {
    let asked = 0
    await using upstream = await scriptedUpstream(overTcp((query, protocol) => (++asked === 2 ? ['hangUp'] : honest(query, protocol))))
    await using server = await serve(table, new Forwarder([upstream], uncached))
    expect((await ask(server.port, { name: 'a.example' })).answers).toHaveLength(1)
    expect((await ask(server.port, { name: 'b.example' })).answers).toHaveLength(1)
    expect(upstream.connections).toBe(2)
    expect(asked).toBe(3)
  })

  it('goes on to the next upstream when one dies in the middle of a reply (RFC 7766, section 6.2.4)', async () => {
    await using dying = await scriptedUpstream(
      overTcp((query) => {
        const whole = upstreamReply(query, { answers: [addressRecord(66)] })
        return [{ octets: Buffer.concat([Buffer.from([0, whole.length]), whole.subarray(0, 20)]) }, 'hangUp']
      }),
    )
    await using working = await scriptedUpstream(honest)
    await using server = await serve(table, new Forwarder([dying, working], uncached))
    expect((await ask(server.port, { name: 'a.example' })).answers).toMatchObject([{ address: '192.0.2.1' }])
    expect(dying.connections).toBe(1)
  })

  it('ignores garbage, and other replies than its own (RFC 7766, section 7)', async () => {
    await using upstream = await scriptedUpstream(
      overTcp((query) => {
        const other = Buffer.from(upstreamReply(query, { answers: [addressRecord(66)] }))
        other[13] = 0x7a
        return [
          Buffer.from([1]),
          Buffer.alloc(40, 0xff),
          other,
          { octets: Buffer.from([0, 0]) },
          upstreamReply(query, { answers: [addressRecord(1)] }),
        ]
      }),
    )
    await using server = await serve(table, new Forwarder([upstream], uncached))
    expect((await ask(server.port, { name: 'a.example' })).answers).toMatchObject([{ address: '192.0.2.1' }])
  })

  it('closes a connection that nobody uses (RFC 7766, section 6.2.3)', async () => {
    await using upstream = await scriptedUpstream(overTcp(honest))
    await using server = await serve(table, new Forwarder([upstream], { ...uncached, idleMs: 50 }))
    await ask(server.port, { name: 'a.example' })
    await until(() => upstream.open === 0)
    expect((await ask(server.port, { name: 'a.example' })).answers).toHaveLength(1)
    expect(upstream.connections).toBe(2)
  })

  it('takes replies in any order (RFC 7766, section 7)', async () => {
    const held: Buffer[] = []
    await using upstream = await scriptedUpstream(
      overTcp((query) => {
        held.push(upstreamReply(query, { answers: [addressRecord(held.length)] }))
        return held.length < 5 ? [] : held.splice(0).reverse()
      }),
    )
    await using server = await serve(table, new Forwarder([upstream], uncached))
    const replies = await Promise.all(Array.from({ length: 5 }, (_, index) => ask(server.port, { name: `n${index}.example` })))
    expect(replies.map(({ rcode }) => rcode)).toEqual(Array(5).fill('NOERROR'))
    expect(replies.map(({ answers }) => answers[0]?.name)).toEqual(Array.from({ length: 5 }, (_, index) => `n${index}.example`))
    expect(upstream.connections).toBe(1)
  })
})

describe('upstream over TLS', () => {
  let identity: { cert: string; key: string }
  beforeAll(async () => {
    identity = await certificateFor('dns.example')
  })
  const secured = (upstream: { address: string; port: number }, name: string | undefined, authorities?: string): UpstreamServer => ({
    address: upstream.address,
    port: upstream.port,
    tls: { ...(name === undefined ? {} : { name }), ...(authorities === undefined ? {} : { authorities }) },
  })

  it('is asked over one connection, padded, and over nothing else (RFC 7858, sections 3.3 and 3.4; RFC 8467, section 4.1)', async () => {
    await using upstream = await scriptedUpstream(honest, identity)
    await using server = await serve(table, new Forwarder([secured(upstream, 'dns.example', identity.cert)], uncached))
    for (const name of ['a.example', 'a.much.longer.example', 'c.example'])
      expect(await ask(server.port, { name, edns: {} })).toMatchObject({ rcode: 'NOERROR', answers: [{ address: '192.0.2.1' }] })
    expect(upstream.asked.map(({ protocol }) => protocol)).toEqual(['tcp', 'tcp', 'tcp'])
    expect(new Set(upstream.asked.map(({ message }) => message.length))).toEqual(new Set([128]))
    expect(upstream.connections).toBe(1)
  })

  it('gets no question if its certificate is for another name, or of nobody that we know (RFC 8310, section 8.1)', async () => {
    await using upstream = await scriptedUpstream(honest, identity)
    for (const server of [
      secured(upstream, 'other.example', identity.cert),
      secured(upstream, undefined, identity.cert),
      secured(upstream, 'dns.example'),
    ]) {
      await using resolver = await serve(table, new Forwarder([server], uncached))
      const reply = await ask(resolver.port, { name: 'a.example', edns: {} })
      expect(reply.rcode).toBe('SERVFAIL')
      expect(JSON.stringify(reply.opts)).toContain('no upstream could be asked')
    }
    // What was sent nonetheless has come by now.
    await until(() => upstream.open === 0)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(upstream.asked).toEqual([])
  })

  it('gets none either where NODE_TLS_REJECT_UNAUTHORIZED lets other programs trust everybody', async () => {
    await using upstream = await scriptedUpstream(honest, identity)
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    try {
      await using resolver = await serve(table, new Forwarder([secured(upstream, 'dns.example')], uncached))
      expect((await ask(resolver.port, { name: 'a.example' })).rcode).toBe('SERVFAIL')
      expect(upstream.asked).toEqual([])
    } finally {
      vi.unstubAllEnvs()
    }
  })

  it('may have a certificate for its address', async () => {
    const ofAddress = await certificateFor('127.0.0.1')
    await using upstream = await scriptedUpstream(honest, ofAddress)
    await using server = await serve(table, new Forwarder([secured(upstream, undefined, ofAddress.cert)], uncached))
    expect((await ask(server.port, { name: 'a.example' })).answers).toHaveLength(1)
  })

  it('is believed what it has validated, for who asks with AD or DO (RFC 4035, section 3.2.3; RFC 6840, section 5.8)', async () => {
    await using upstream = await scriptedUpstream(
      (query) => [upstreamReply(query, { flags: 0x81a0, answers: [addressRecord(1)] })],
      identity,
    )
    await using server = await serve(table, new Forwarder([secured(upstream, 'dns.example', identity.cert)]))
    for (let round = 0; round < 3; round++) {
      expect((await ask(server.port, { name: 'a.example', flags: 0x0120 })).ad).toBe(true)
      expect((await ask(server.port, { name: 'a.example' })).ad).toBe(false)
      expect((await ask(server.port, { name: 'a.example', edns: { dnssecOk: true } })).ad).toBe(true)
    }
    expect(upstream.asked).toHaveLength(2)
  })

  it('is left for the next one when it is not there', async () => {
    const gone = await scriptedUpstream(honest, identity)
    await gone[Symbol.asyncDispose]()
    await using silent = await scriptedUpstream(() => [], identity)
    await using working = await scriptedUpstream(honest)
    for (const bad of [gone, silent]) {
      await using server = await serve(table, new Forwarder([secured(bad, 'dns.example', identity.cert), working], uncached))
      expect((await ask(server.port, { name: 'a.example' })).answers).toHaveLength(1)
    }
  })
})
