import type { EnvironmentState } from '@standin/client'
import { describe, expect, it } from 'vitest'
import { type Ask, queryMessage, type Reply, read } from '../testing/messages.ts'
import { domain, entry, loadedTable, resolverOf, snapshot, source } from '../testing/tables.ts'
import { rrType } from '../wire/protocol.ts'
import { RecordTable } from '../zones/record-table.ts'

const table = loadedTable(entry(1001), entry(1002), entry(1003, 'starting'), entry(1004, 'suspended'), entry(1005, 'stopped'))

function ask(ask: Ask, from: RecordTable = table): Reply {
  return read(resolverOf(from).reply(queryMessage(ask), source, false) as Buffer)
}
/** Of the first answer, whose owner is a pointer. */
function rdata(question: Ask, from: RecordTable = table): string {
  const message = queryMessage(question)
  const reply = resolverOf(from).reply(message, source, true) as Buffer
  return reply.toString('latin1', message.length + 12, message.length + 12 + reply.readUInt16BE(message.length + 10))
}
const addresses = (reply: Reply) => reply.answers.map((record) => (record as { address?: string }).address)
const soa = (reply: Reply) => reply.authorities.filter((record) => record.type === rrType.SOA)

describe('own zone', () => {
  it('gives the gateway for a service', () => {
    const reply = ask({ name: `www-1001.${domain}` })
    expect(reply).toMatchObject({ rcode: 'NOERROR', aa: true, tc: false })
    expect(addresses(reply)).toEqual(['127.0.0.1'])
    expect(addresses(ask({ name: `my-api-1002.${domain}` }))).toEqual(['127.0.0.1'])
    expect(addresses(ask({ name: `www-1001.${domain}`, type: rrType.AAAA }))).toEqual(['::1'])
  })

  it('gives the gateway and its port for a published service (RFC 2782)', () => {
    const reply = ask({ name: `_my-api._tcp.1001.${domain}`, type: rrType.SRV })
    expect(reply).toMatchObject({ rcode: 'NOERROR', aa: true })
    expect(reply.answers).toMatchObject([{ type: rrType.SRV, priority: 0, weight: 0, port: 8080, target: `my-api-1001.${domain}`, ttl: 5 }])
    expect(reply.additionals).toMatchObject([
      { name: `my-api-1001.${domain}`, address: '127.0.0.1', ttl: 5 },
      { name: `my-api-1001.${domain}`, address: '::1', ttl: 5 },
    ])
    expect(ask({ name: `_my-api._tcp.1001.${domain}` })).toMatchObject({ rcode: 'NOERROR', answers: [] })
    expect(ask({ name: `_nope._tcp.1001.${domain}`, type: rrType.SRV }).rcode).toBe('NXDOMAIN')
    expect(ask({ name: `_www._udp.1001.${domain}`, type: rrType.SRV }).rcode).toBe('NXDOMAIN')
    // A control that does not say the port.
    const { gatewayPort: _, ...older } = snapshot(entry(1001))
    const silent = new RecordTable([])
    silent.load(older)
    expect(ask({ name: `_www._tcp.1001.${domain}`, type: rrType.SRV }, silent).rcode).toBe('NXDOMAIN')
  })

  it('gives state and owner as TXT (RFC 1464, section 2)', () => {
    const text = (id: number, from?: RecordTable) => ask({ name: `${id}.${domain}`, type: rrType.TXT }, from).answers
    const strings = (...texts: string[]) => texts.map((each) => String.fromCharCode(each.length) + each).join('')
    expect(text(1001)).toHaveLength(1)
    expect(rdata({ name: `1001.${domain}`, type: rrType.TXT })).toBe(strings('state=running', 'owner=alice'))
    expect(rdata({ name: `1005.${domain}`, type: rrType.TXT })).toBe(strings('state=stopped', 'owner=alice'))
    expect(ask({ name: `1001.${domain}` })).toMatchObject({ rcode: 'NOERROR', answers: [] })
    const long = loadedTable({ ...entry(1001), owner: 'x'.repeat(300) })
    expect(rdata({ name: `1001.${domain}`, type: rrType.TXT }, long)).toBe(strings('state=running', `owner=${'x'.repeat(249)}`))
  })

  it('gives all instances for a host, one for an instance', () => {
    expect(addresses(ask({ name: `web.1001.${domain}` }))).toEqual(['127.64.1.1', '127.64.1.2'])
    expect(addresses(ask({ name: `web-2.1001.${domain}` }))).toEqual(['127.64.1.2'])
    expect(addresses(ask({ name: `db.1002.${domain}`, type: rrType.AAAA }))).toEqual(['fd00::2:3'])
    expect(addresses(ask({ name: `queue.internal.1001.${domain}` }))).toEqual(['10.9.1.4'])
  })

  it('has no record twice (RFC 2181, section 5)', () => {
    const twice = { ...entry(1001), records: [{ name: `web.1001.${domain}`, addresses: ['127.64.1.1', '127.64.1.1'], ptr: false }] }
    expect(addresses(ask({ name: `web.1001.${domain}` }, loadedTable(twice)))).toEqual(['127.64.1.1'])
  })

  it('sets AA in its own zones and nowhere else (RFC 1035, section 4.1.1)', () => {
    for (const name of [domain, `www-1001.${domain}`, `nope.1001.${domain}`, `typo.${domain}`]) expect(ask({ name }).aa).toBe(true)
    for (const name of ['example.com', 'localhost.example', `${domain}.example`]) expect(ask({ name }).aa).toBe(false)
  })

  it('matches without regard to case and echoes the question byte for byte (RFC 4343, section 3; RFC 1035, section 7.3)', () => {
    const message = queryMessage({ name: `WeB.1001.TEST-envs.LocalHost` })
    const reply = resolverOf(table).reply(message, source, false) as Buffer
    expect(reply.subarray(12, message.length)).toEqual(message.subarray(12))
    expect(addresses(read(reply))).toEqual(['127.64.1.1', '127.64.1.2'])
    expect(read(reply).answers[0]?.name).toBe('WeB.1001.TEST-envs.LocalHost')
  })

  it('has SOA and NS at the apex, the serial being the revision (RFC 1035, section 3.3.13)', () => {
    const reply = ask({ name: domain, type: rrType.SOA })
    expect(reply.answers).toMatchObject([{ type: rrType.SOA, name: domain, serial: 7, primary: `ns.${domain}` }])
    expect(ask({ name: domain, type: rrType.NS }).answers).toMatchObject([{ type: rrType.NS, ns: `ns.${domain}` }])
    expect(addresses(ask({ name: `ns.${domain}` }))).toEqual(['127.0.0.1'])
    const changed = loadedTable(entry(1001))
    changed.apply({ revision: 2 ** 32 + 9, put: null, remove: 1001 })
    expect(ask({ name: domain, type: rrType.SOA }, changed).answers).toMatchObject([{ serial: 9 }])
  })

  it('answers NXDOMAIN with SOA for a name that does not exist (RFC 2308, section 2.1)', () => {
    const missing = ['web.1999', 'nope.1001', 'x.web.1001', '1.1001', 'web.01001', 'x.www-1001', 'x.ns', 'x.*', 'a.b.c.1001']
    for (const name of missing) {
      const reply = ask({ name: `${name}.${domain}` })
      expect({ name, rcode: reply.rcode, aa: reply.aa, answers: reply.answers.length }).toEqual({
        name,
        rcode: 'NXDOMAIN',
        aa: true,
        answers: 0,
      })
      expect(soa(reply)).toMatchObject([{ name: domain, serial: 7, minimum: 1, ttl: /1999|01001/.test(name) ? 0 : 1 }])
    }
  })

  it('answers NODATA with SOA for a type that the name does not have (RFC 2308, section 2.2)', () => {
    for (const [name, type] of [
      [`web.1001.${domain}`, rrType.AAAA],
      [`www-1001.${domain}`, rrType.MX],
      [`ns.${domain}`, rrType.TXT],
      [domain, rrType.A],
    ] as const) {
      const reply = ask({ name, type })
      expect({ name, rcode: reply.rcode, answers: reply.answers.length }).toEqual({ name, rcode: 'NOERROR', answers: 0 })
      expect(soa(reply)).toHaveLength(1)
    }
  })

  it('answers NODATA for empty non-terminals (RFC 8020, section 2; RFC 4592, section 2.2.2)', () => {
    for (const name of ['internal.1001', '_tcp.1001']) {
      for (const type of [rrType.A, rrType.SRV, rrType.ANY]) {
        const reply = ask({ name: `${name}.${domain}`, type })
        expect({ name, type, rcode: reply.rcode, answers: reply.answers }).toEqual({ name, type, rcode: 'NOERROR', answers: [] })
        expect(soa(reply)).toHaveLength(1)
      }
    }
  })

  it('answers ANY with HINFO (RFC 8482, section 4.2), NXDOMAIN where there is no name', () => {
    const reply = ask({ name: `web.1001.${domain}`, type: rrType.ANY })
    expect(reply.answers).toMatchObject([{ type: rrType.HINFO, data: Buffer.from('\x07RFC8482\x00', 'latin1') }])
    expect(ask({ name: domain, type: rrType.ANY }).answers).toMatchObject([{ type: rrType.HINFO }])
    expect(ask({ name: `nope.1001.${domain}`, type: rrType.ANY }).rcode).toBe('NXDOMAIN')
  })

  it('keeps labels of any octets apart (RFC 2181, section 11)', () => {
    // One label `web.1001`, which is not the two labels `web` and `1001`.
    const dotted = Buffer.concat([Buffer.from('\x08web.1001', 'latin1'), Buffer.from('\x09test-envs\x09localhost\x00', 'latin1')])
    expect(addresses(ask({ name: dotted }))).toEqual(['127.0.0.1'])
    // The domain's octets in the middle of a label are not the domain.
    const inside = Buffer.from('\x0dabc\x09test-envs\x09localhost\x00', 'latin1')
    expect(ask({ name: inside })).toMatchObject({ aa: true })
    expect(addresses(ask({ name: inside }))).toEqual(['127.0.0.1'])
    const binary = Buffer.concat([
      Buffer.from([4, 0xff, 0x00, 0xc0, 0x2e]),
      Buffer.from('\x041001\x09test-envs\x09localhost\x00', 'latin1'),
    ])
    expect(ask({ name: binary }).rcode).toBe('NXDOMAIN')
  })

  it('lets nobody keep an address of an environment that is changing (RFC 1035, section 3.2.1: TTL 0)', () => {
    const ttl = (id: number) => [`web.${id}.${domain}`, `www-${id}.${domain}`].map((name) => ask({ name }).answers[0]?.ttl)
    expect(ttl(1001)).toEqual([5, 5])
    expect(ttl(1003)).toEqual([0, 0])
    expect(ttl(1004)).toEqual([5, 5])
    expect(soa(ask({ name: `nope.1003.${domain}` }))).toMatchObject([{ ttl: 0 }])
    const of = (name: string, type: number) => ask({ name: `${name}.${domain}`, type }).answers[0]?.ttl
    expect([of('1001', rrType.TXT), of('_www._tcp.1001', rrType.SRV)]).toEqual([5, 5])
    expect([of('1003', rrType.TXT), of('_www._tcp.1003', rrType.SRV)]).toEqual([0, 0])
    const changing: EnvironmentState[] = ['starting', 'suspending', 'resuming', 'stopping', 'snapshotting', 'deleting', 'failed']
    for (const state of changing) expect(ask({ name: `web.1001.${domain}` }, loadedTable(entry(1001, state))).answers[0]?.ttl).toBe(0)
  })

  it('takes the time to live that it is given, for what does not change and for what is not there', () => {
    const long = new RecordTable(['127.0.0.1'], { ttl: 60 })
    long.load(snapshot(entry(1001), entry(1003, 'starting')))
    const ttls = (from: RecordTable) =>
      ['web.1001', 'www-1001', 'typo', 'ns'].map((name) => ask({ name: `${name}.${domain}` }, from).answers[0]?.ttl)
    expect(ttls(long)).toEqual([60, 60, 60, 60])
    expect(ask({ name: `web.1003.${domain}` }, long).answers[0]?.ttl).toBe(0)
    expect(soa(ask({ name: `nope.1001.${domain}` }, long))).toMatchObject([{ ttl: 1, minimum: 1 }])
    const none = new RecordTable(['127.0.0.1'], { ttl: 0 })
    none.load(snapshot(entry(1001)))
    expect(ttls(none)).toEqual([0, 0, 0, 0])
    expect(soa(ask({ name: `nope.1001.${domain}` }, none))).toMatchObject([{ ttl: 0, minimum: 0 }])
  })

  it('answers NODATA for the hosts of a stopped environment and says why (RFC 8914, section 4.1)', () => {
    const reply = ask({ name: `web.1005.${domain}`, edns: {} })
    expect(reply).toMatchObject({ rcode: 'NOERROR', answers: [] })
    expect(soa(reply)).toMatchObject([{ ttl: 0 }])
    expect(JSON.stringify(reply.opts)).toContain('environment 1005 is stopped')
    // Who sends no OPT record gets none (RFC 6891, section 6.1.1).
    expect(ask({ name: `web.1005.${domain}` }).opts).toEqual([])
    expect(ask({ name: `nope.1005.${domain}` }).rcode).toBe('NXDOMAIN')
    // Requests wake it, and the gateway has a page for it.
    expect(addresses(ask({ name: `www-1005.${domain}` }))).toEqual(['127.0.0.1'])
    expect(addresses(ask({ name: `web.1004.${domain}` }))).toEqual(['127.64.4.1', '127.64.4.2'])
  })

  it('answers NODATA for a host that has no address yet, and says so (RFC 8914, section 4.1)', () => {
    const bare = { ...entry(1001, 'starting'), records: [{ name: `web.1001.${domain}`, addresses: [], ptr: false }] }
    const reply = ask({ name: `web.1001.${domain}`, edns: {} }, loadedTable(bare))
    expect(reply).toMatchObject({ rcode: 'NOERROR', answers: [] })
    expect(soa(reply)).toMatchObject([{ ttl: 0 }])
    expect(JSON.stringify(reply.opts)).toContain('environment 1001 is starting: this host has no address')
    // That it has no address of one family needs no words.
    expect(JSON.stringify(ask({ name: `web.1002.${domain}`, type: rrType.AAAA, edns: {} }).opts)).not.toContain('environment')
  })

  it('follows the table: new, changed and removed environments', () => {
    const changing = loadedTable(entry(1001))
    expect(ask({ name: `web.1002.${domain}` }, changing).rcode).toBe('NXDOMAIN')
    changing.apply({ revision: 8, put: entry(1002), remove: null })
    expect(addresses(ask({ name: `web.1002.${domain}` }, changing))).toEqual(['127.64.2.1', '127.64.2.2'])
    const moved = entry(1002)
    changing.apply({
      revision: 9,
      put: { ...moved, records: [{ name: `web.1002.${domain}`, addresses: ['127.64.9.9'], ptr: true }] },
      remove: null,
    })
    expect(addresses(ask({ name: `web.1002.${domain}` }, changing))).toEqual(['127.64.9.9'])
    expect(ask({ name: `db.1002.${domain}` }, changing).rcode).toBe('NXDOMAIN')
    changing.apply({ revision: 10, put: null, remove: 1002 })
    expect(ask({ name: `web.1002.${domain}` }, changing)).toMatchObject({ rcode: 'NXDOMAIN', authorities: [{ serial: 10 }] })
    expect(ask({ name: `1002.${domain}`, type: rrType.TXT }, changing)).toMatchObject({ rcode: 'NOERROR', answers: [] })
    changing.load({ ...snapshot(entry(1003)), domain: 'other.example', revision: 3 })
    expect(ask({ name: `www-1003.other.example` }, changing).rcode).toBe('NOERROR')
    expect(ask({ name: `web.1001.other.example` }, changing).rcode).toBe('NXDOMAIN')
    expect(ask({ name: `web.1003.${domain}` }, changing).aa).toBe(true)
  })

  it('answers SERVFAIL while there is no table (RFC 8914, section 4.15)', () => {
    const reply = ask({ name: `www-1001.${domain}`, edns: {} }, new RecordTable([]))
    expect(reply.rcode).toBe('SERVFAIL')
    expect(JSON.stringify(reply.opts)).toContain('no record table yet')
  })
})
