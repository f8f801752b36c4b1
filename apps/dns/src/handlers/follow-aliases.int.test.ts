import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { RecordEntry } from '@standin/client'
import { afterEach, describe, expect, it } from 'vitest'
import { chain } from '../chain.ts'
import { AccessList } from '../clients/access-list.ts'
import { DnsmasqRules } from '../dnsmasq/dnsmasq-rules.ts'
import { Resolver } from '../resolver.ts'
import { DnsServer } from '../server/dns-server.ts'
import { askUdp } from '../testing/ask.ts'
import { encodeName, queryMessage, type Reply, read } from '../testing/messages.ts'
import { addressRecord, recordOf, rootSoa, type ScriptedUpstream, scriptedUpstream, upstreamReply } from '../testing/scripted-upstream.ts'
import { domain, entry, loadedTable } from '../testing/tables.ts'
import { Forwarder } from '../upstream/forwarder.ts'
import { rrType } from '../wire/protocol.ts'
import type { RecordTable } from '../zones/record-table.ts'

const dig = ['/usr/bin/dig', '/usr/local/bin/dig'].find((path) => {
  try {
    return process.getBuiltinModule('node:fs').statSync(path).isFile()
  } catch {
    return false
  }
})

const cleanup: (() => unknown)[] = []
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) await undo()
})

interface Served {
  readonly port: number
  readonly table: RecordTable
  readonly upstream: ScriptedUpstream
  ask(name: string, type?: number): Promise<Reply>
}

/** The chain with control's table, a dnsmasq file and one upstream that has `records`, by name and type. */
async function serve(file: string, records: Record<string, (query: Buffer) => Buffer> = {}, ...items: RecordEntry[]): Promise<Served> {
  const upstream = await scriptedUpstream((query) => {
    const end = query.indexOf(0, 12) + 5
    const name = query.toString('latin1', 12, end - 4).toLowerCase()
    const found = Object.entries(records).find(([key]) => encodeName(key).toString('latin1') === name)
    return [found?.[1](query) ?? upstreamReply(query, { flags: 0x8183, authorities: [rootSoa(60, 60)] })]
  })
  cleanup.push(() => upstream[Symbol.asyncDispose]())
  const folder = mkdtempSync(join(tmpdir(), 'standin-aliases-'))
  cleanup.push(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'dnsmasq.conf')
  writeFileSync(path, `no-resolv\nno-hosts\nlocal-ttl=30\nserver=127.0.0.1#${upstream.port}\n${file}\n`)
  const table = loadedTable(...(items.length === 0 ? [entry(1001)] : items))
  const rules = new DnsmasqRules(path, { onChange: () => table.changes.bump(), onNotice: () => {}, isSelf: () => false })
  const forwarder = new Forwarder((name, labels) => rules.current.upstreamsFor(name, labels), {
    settings: { ...rules.configuration.forwarding, cacheSize: 100 },
  })
  cleanup.push(() => forwarder.close())
  const access = new AccessList()
  const fail = (cause: unknown) => {
    throw cause
  }
  const resolver = new Resolver(chain({ access, table, forwarder, rules }), {
    access,
    revision: table.changes,
    recursionAvailable: true,
    onFault: fail,
  })
  const server = new DnsServer(resolver, fail)
  const port = await server.listen({ address: '127.0.0.1', port: 0 })
  cleanup.push(() => server.close())
  return {
    port,
    table,
    upstream,
    async ask(name, type = rrType.A) {
      return read((await askUdp(port, queryMessage({ name, type, edns: {} }))) as Buffer)
    },
  }
}

const alias = (target: string, ttl = 60) => recordOf(0xc00c, rrType.CNAME, ttl, encodeName(target))
/** `CNAME x`, `A 192.0.2.1`. */
const chainOf = ({ answers }: Reply) =>
  answers.map((record) => {
    const { name, domain: target, address } = record as { name: string; domain?: string; address?: string }
    return `${name} ${target ?? address}`
  })

describe('aliases from one zone to another', () => {
  it("lead from dnsmasq's file to a host of an environment (RFC 1034, section 3.6.2)", async () => {
    const { ask, table } = await serve(`cname=db.corp.example,web-1.1001.${domain}`)
    const reply = await ask('db.corp.example')
    expect(reply).toMatchObject({ rcode: 'NOERROR', aa: true })
    expect(chainOf(reply)).toEqual([`db.corp.example web-1.1001.${domain}`, `web-1.1001.${domain} 127.64.1.1`])
    expect(reply.answers.map(({ ttl }) => ttl)).toEqual([30, 5])
    // Asked twice, so the whole reply was kept; it must not outlive the host.
    await ask('db.corp.example')
    await ask('db.corp.example')
    table.apply({
      revision: 8,
      put: { ...entry(1001), records: [{ name: `web-1.1001.${domain}`, addresses: ['127.64.9.9'], ptr: true }] },
      remove: null,
    })
    expect(chainOf(await ask('db.corp.example')).at(-1)).toBe(`web-1.1001.${domain} 127.64.9.9`)
  })

  it("lead from dnsmasq's file to names of others", async () => {
    const { ask } = await serve('cname=shop.corp.example,www.example.com', {
      'www.example.com': (query) =>
        upstreamReply(query, {
          answers: [alias('edge.example.net'), recordOf(encodeName('edge.example.net'), rrType.A, 60, Buffer.from([192, 0, 2, 7]))],
        }),
    })
    expect(chainOf(await ask('shop.corp.example'))).toEqual([
      'shop.corp.example www.example.com',
      'www.example.com edge.example.net',
      'edge.example.net 192.0.2.7',
    ])
  })

  it('lead to no private address of ours with stop-dns-rebind, unless the name is exempt (RFC 1918, section 3)', async () => {
    const rebinding = (target: string) => (query: Buffer) => upstreamReply(query, { answers: [alias(target)] })
    const { ask } = await serve(
      'stop-dns-rebind\nrebind-domain-ok=/corp.example/\nhost-record=router.lan,192.168.1.1\nhost-record=public.lan,8.8.8.8\n',
      {
        'a.evil.example': rebinding(`db.1001.${domain}`),
        'b.evil.example': rebinding('router.lan'),
        'c.evil.example': rebinding('localhost'),
        'harmless.example': rebinding('public.lan'),
        'db.corp.example': rebinding(`db.1001.${domain}`),
      },
    )
    for (const name of ['a', 'b', 'c', 'a', 'b', 'c'].map((label) => `${label}.evil.example`)) {
      const reply = await ask(name)
      expect({ name, ...reply }).toMatchObject({ name, rcode: 'NOERROR', answers: [] })
      expect(JSON.stringify(reply.opts)).toContain('rebinding')
    }
    expect(chainOf(await ask('harmless.example')).at(-1)).toBe('public.lan 8.8.8.8')
    expect(chainOf(await ask('db.corp.example')).at(-1)).toBe(`db.1001.${domain} 127.64.1.3`)
    expect(chainOf(await ask('router.lan'))).toEqual(['router.lan 192.168.1.1'])
  })

  it('lead from names of others to ours, of which their servers know nothing (RFC 1034, section 3.6.2)', async () => {
    const { ask, upstream } = await serve('', {
      'db.corp.example': (query) =>
        upstreamReply(query, { flags: 0x8183, answers: [alias(`DB.1001.${domain}`)], authorities: [rootSoa(60, 60)] }),
      'lied.corp.example': (query) =>
        upstreamReply(query, {
          answers: [alias(`db.1001.${domain}`), recordOf(encodeName(`db.1001.${domain}`), rrType.A, 60, Buffer.from([192, 0, 2, 66]))],
        }),
    })
    for (let round = 0; round < 3; round++) {
      const reply = await ask('db.corp.example')
      expect(reply).toMatchObject({ rcode: 'NOERROR', aa: false, authorities: [] })
      expect(chainOf(reply)).toEqual([`db.corp.example db.1001.${domain}`, `db.1001.${domain} 127.64.1.3`])
    }
    // What another says of our names does not count.
    expect(chainOf(await ask('lied.corp.example')).at(-1)).toBe(`db.1001.${domain} 127.64.1.3`)
    expect(upstream.asked).toHaveLength(2)
  })

  it('say what is at their end: its code, and why there is nothing (RFC 6604, section 3; RFC 2308, section 2.1)', async () => {
    const { ask } = await serve(
      [
        `cname=gone.corp.example,web.1003.${domain}`,
        `cname=off.corp.example,web.1005.${domain}`,
        'cname=nx.corp.example,nothing.example.com',
      ].join('\n'),
      {},
      entry(1001),
      entry(1005, 'stopped'),
    )
    const gone = await ask('gone.corp.example')
    expect(gone).toMatchObject({ rcode: 'NXDOMAIN', aa: true, authorities: [{ type: rrType.SOA, name: domain }] })
    expect(chainOf(gone)).toEqual([`gone.corp.example web.1003.${domain}`])
    const off = await ask('off.corp.example')
    expect(off).toMatchObject({ rcode: 'NOERROR', authorities: [{ type: rrType.SOA, name: domain }] })
    expect(JSON.stringify(off.opts)).toContain('environment 1005 is stopped')
    expect(await ask('nx.corp.example')).toMatchObject({ rcode: 'NXDOMAIN', authorities: [{ type: rrType.SOA }] })
  })

  it('are not followed for CNAME and ANY (RFC 1034, section 4.3.2, step 3a), nor asked of others again', async () => {
    const { ask, upstream } = await serve(`cname=db.corp.example,web-1.1001.${domain}`, {
      'v4.example.com': (query) => upstreamReply(query, { answers: [alias('edge.example.net')], authorities: [rootSoa(60, 60)] }),
    })
    expect(chainOf(await ask('db.corp.example', rrType.CNAME))).toEqual([`db.corp.example web-1.1001.${domain}`])
    expect((await ask('db.corp.example', rrType.ANY)).answers).toMatchObject([{ type: rrType.HINFO }])
    expect(chainOf(await ask('v4.example.com', rrType.AAAA))).toEqual(['v4.example.com edge.example.net'])
    expect(upstream.asked).toHaveLength(1)
  })

  it('that go round in a circle, or on and on, are an error that says so (RFC 1034, section 3.6.2)', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `n${index}.example.com`)
    const { ask } = await serve(
      ['cname=here.corp.example,there.example.com', ...names.map((name, index) => `cname=x${index}.corp.example,${name}`)].join('\n'),
      {
        'there.example.com': (query) => upstreamReply(query, { answers: [alias('here.corp.example')], authorities: [rootSoa(60, 60)] }),
        ...Object.fromEntries(
          names.map((name, index) => [name, (query: Buffer) => upstreamReply(query, { answers: [alias(`x${index + 1}.corp.example`)] })]),
        ),
      },
    )
    for (const name of ['here.corp.example', 'there.example.com', 'x0.corp.example']) {
      const reply = await ask(name)
      expect({ name, rcode: reply.rcode, answers: reply.answers }).toEqual({ name, rcode: 'SERVFAIL', answers: [] })
      expect(JSON.stringify(reply.opts)).toContain('go round in a circle')
    }
    expect((await ask('x28.corp.example')).rcode).not.toBe('SERVFAIL')
  })

  it('keep records with names in them whole, wherever they stand (RFC 1035, section 4.1.4)', async () => {
    const { ask } = await serve('cname=mail.corp.example,example.com', {
      'example.com': (query) =>
        upstreamReply(query, {
          answers: [
            recordOf(0xc00c, rrType.MX, 60, Buffer.concat([Buffer.from([0, 10, 2]), Buffer.from('mx'), Buffer.from([0xc0, 0x0c])])),
          ],
        }),
    })
    const reply = await ask('mail.corp.example', rrType.MX)
    expect(reply.answers).toMatchObject([{ domain: 'example.com' }, { name: 'example.com', exchange: 'mx.example.com', priority: 10 }])
  })

  it.skipIf(dig === undefined)('are understood by dig', async () => {
    const { port } = await serve(`cname=db.corp.example,web.1001.${domain}`, {
      'plain.example.com': (query) => upstreamReply(query, { answers: [addressRecord(1)] }),
    })
    const run = async (...args: string[]) =>
      (await promisify(execFile)(dig as string, ['@127.0.0.1', '-p', String(port), '+short', ...args])).stdout
    expect(await run('db.corp.example')).toBe(`web.1001.${domain}.\n127.64.1.1\n127.64.1.2\n`)
    expect(await run('plain.example.com')).toBe('192.0.2.1\n')
  })
})
