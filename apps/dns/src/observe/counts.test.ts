import { describe, expect, it } from 'vitest'
import { RateLimit } from '../clients/rate-limit.ts'
import { queryMessage } from '../testing/messages.ts'
import { addressRecord, scriptedUpstream, upstreamReply } from '../testing/scripted-upstream.ts'
import { domain, entry, loadedTable, resolverOf, source } from '../testing/tables.ts'
import { Forwarder } from '../upstream/forwarder.ts'
import { rrType } from '../wire/protocol.ts'
import { Source } from '../wire/source.ts'
import { Counts } from './counts.ts'
import { resolverExposition } from './exposition.ts'
import { QueryLog } from './query-log.ts'
import { sumUpstreams, type UpstreamNumbers } from './upstream-numbers.ts'

function counted(isOn = false) {
  const lines: string[] = []
  const log = new QueryLog({ write: (line) => lines.push(line) }, isOn)
  return { counts: new Counts(log), lines, log }
}

const output = Buffer.alloc(1232)
const www = `www-1001.${domain}`

async function page(counts: Counts, upstreams: UpstreamNumbers[] = []): Promise<string[]> {
  const { text } = await resolverExposition(async () => ({
    values: counts.values,
    workers: [],
    isFollowing: true,
    revision: 7,
    upstreams,
  })).page()
  return text.split('\n')
}

describe('Counts', () => {
  it('counts by transport, type, response code and rule, ready replies too', async () => {
    const { counts } = counted()
    const resolver = resolverOf(loadedTable(entry(1001)), undefined, { observer: counts })
    const ask = (message: Buffer): void => void resolver.replyTo(message, 0, message.length, source, output, 0)
    for (let round = 0; round < 10; round++) ask(queryMessage({ name: www }))
    ask(queryMessage({ name: www, type: rrType.AAAA, edns: {} }))
    ask(queryMessage({ name: `nope.1001.${domain}`, type: 65 }))
    ask(queryMessage({ name: www, type: 4711 }))
    ask(queryMessage({ name: www, edns: { version: 3 } }))
    resolver.reply(queryMessage({ name: www }), source, true)
    ask(Buffer.from('garbage'))
    ask(queryMessage({ name: www, flags: 0x8100 }))
    const lines = await page(counts)
    for (const line of [
      'standin_dns_queries_total{type="A",transport="udp"} 11',
      'standin_dns_queries_total{type="AAAA",transport="udp"} 1',
      'standin_dns_queries_total{type="HTTPS",transport="udp"} 1',
      'standin_dns_queries_total{type="other",transport="udp"} 1',
      'standin_dns_queries_total{type="A",transport="tcp"} 1',
      'standin_dns_replies_total{rcode="NOERROR"} 13',
      'standin_dns_replies_total{rcode="NXDOMAIN"} 1',
      'standin_dns_replies_total{rcode="BADVERS"} 1',
      'standin_dns_dropped_queries_total{reason="noise"} 2',
      'standin_dns_table_revision 7',
      'standin_dns_following 1',
    ])
      expect(lines).toContain(line)
    const rule = (name: string) =>
      Number(lines.find((line) => line.startsWith(`standin_dns_rules_total{rule="${name}"}`))?.split(' ')[1] ?? 0)
    expect(rule('ready')).toBeGreaterThanOrEqual(7)
    expect(rule('ready') + rule('own-zone')).toBe(14)
    expect(rule('edns-version')).toBe(1)
  })

  it('counts what a network that asks too much does not get', async () => {
    const { counts } = counted()
    const resolver = resolverOf(loadedTable(entry(1001)), undefined, {
      observer: counts,
      rateLimit: new RateLimit({ perSecond: 1, slip: 2 }),
    })
    const from = new Source().set('10.0.0.9', 5353)
    const message = queryMessage({ name: www })
    // The first second's worth is not there yet: the first query already counts.
    for (let round = 0; round < 21; round++) void resolver.replyTo(message, 0, message.length, from, output, 0)
    const lines = await page(counts)
    expect(lines).toContain('standin_dns_cut_replies_total 10')
    expect(lines).toContain('standin_dns_dropped_queries_total{reason="rate-limit"} 10')
  })
})

describe('the hit ratio', () => {
  it('counts replies of the cache that are given again as a whole apart from our own', async () => {
    await using upstream = await scriptedUpstream((query) => [upstreamReply(query, { answers: [addressRecord(1)] })])
    const { counts } = counted()
    const forwarder = new Forwarder([upstream])
    const resolver = resolverOf(loadedTable(entry(1001)), forwarder, { observer: counts })
    const message = queryMessage({ name: 'example.com' })
    for (let round = 0; round < 10; round++) await resolver.replyTo(message, 0, message.length, source, output, 0)
    const lines = await page(counts)
    const { hits, misses } = forwarder.cache.counters
    const figure = (rule: string) =>
      Number(lines.find((line) => line.startsWith(`standin_dns_rules_total{rule="${rule}"}`))?.split(' ')[1] ?? 0)
    expect(misses).toBe(1)
    expect(figure('ready-cache')).toBeGreaterThan(0)
    expect(hits + figure('ready-cache')).toBe(9)
    expect(figure('ready')).toBe(0)
    forwarder.close()
  })
})

describe('QueryLog', () => {
  it('says who asked what, and which rule answered, of every query while it is on', () => {
    const { counts, lines, log } = counted(true)
    const resolver = resolverOf(loadedTable(entry(1001)), undefined, { observer: counts })
    const ask = (name: string, from: Source, type?: number) => {
      const message = queryMessage({ name, ...(type === undefined ? {} : { type }) })
      void resolver.replyTo(message, 0, message.length, from, output, 0)
    }
    for (let round = 0; round < 5; round++) ask(www, source)
    ask('example.com', new Source().set('fd00::7', 53), 4711)
    resolver.reply(queryMessage({ name: `nope.1001.${domain}` }), source, true)
    log.isOn = false
    ask(www, source)
    const told = lines.map((line) => JSON.parse(line))
    expect(told).toHaveLength(7)
    expect(told[4]).toEqual({
      ...{ level: 30, time: expect.any(Number), msg: 'query', client: '127.0.0.1', transport: 'udp' },
      ...{ name: www, type: 'A', rcode: 'NOERROR', rule: 'own-zone', ms: expect.any(Number) },
    })
    expect(told[5]).toMatchObject({ client: 'fd00:0:0:0:0:0:0:7', name: 'example.com', type: 'TYPE4711', rcode: 'REFUSED', rule: 'nobody' })
    expect(told[6]).toMatchObject({ transport: 'tcp', rcode: 'NXDOMAIN' })
  })
})

describe('numbers of upstreams', () => {
  const upstream = (label: string, asked: number): UpstreamNumbers => ({
    ...{ label, state: 'healthy', reason: '', roundTripMs: 1, roundTrips: [0, asked, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, asked / 1000] },
    counters: { asked, answered: asked, silent: 1, unreachable: 0, unfit: 0, truncated: 0, suspicious: 0 },
  })

  it('are added up over processes, and have a bounded number of labels', async () => {
    expect(sumUpstreams([upstream('a', 1), upstream('b', 2), upstream('a', 3)])).toMatchObject([
      { label: 'a', counters: { asked: 4, silent: 2 }, roundTrips: [0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.004] },
      { label: 'b', counters: { asked: 2 } },
    ])
    const many = sumUpstreams(Array.from({ length: 1000 }, (_, index) => upstream(`u${index}`, 1)))
    expect(many).toHaveLength(65)
    expect(many.at(-1)).toMatchObject({ label: 'others', counters: { asked: 936 } })
  })

  it('are shown as a histogram and by what failed', async () => {
    const lines = await page(counted().counts, [{ ...upstream('192.0.2.1:53', 3), state: 'down' }])
    expect(lines).toContain('standin_dns_upstream_duration_seconds_bucket{upstream="192.0.2.1:53",le="0.0005"} 0')
    expect(lines).toContain('standin_dns_upstream_duration_seconds_bucket{upstream="192.0.2.1:53",le="0.001"} 3')
    expect(lines).toContain('standin_dns_upstream_duration_seconds_count{upstream="192.0.2.1:53"} 3')
    expect(lines).toContain('standin_dns_upstream_failures_total{upstream="192.0.2.1:53",reason="silent"} 1')
    expect(lines).toContain('standin_dns_upstream_up{upstream="192.0.2.1:53"} 0')
  })
})
