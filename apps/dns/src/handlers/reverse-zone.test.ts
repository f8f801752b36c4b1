import { describe, expect, it } from 'vitest'
import { queryMessage, type Reply, read } from '../testing/messages.ts'
import { domain, entry, loadedTable, resolverOf, source } from '../testing/tables.ts'
import { addressBytes, reverseName } from '../wire/address.ts'
import { displayName } from '../wire/name.ts'
import { rrType } from '../wire/protocol.ts'
import type { RecordTable } from '../zones/record-table.ts'

function ask(table: RecordTable, name: string, type: number = rrType.PTR): Reply {
  return read(resolverOf(table).reply(queryMessage({ name, type }), source, false) as Buffer)
}
const pointer = (address: string) => displayName(reverseName(addressBytes(address) as Buffer))
const targets = (reply: Reply) => reply.answers.map((record) => (record as { domain?: string }).domain)

describe('reverse zone', () => {
  it('has a PTR for every instance address (RFC 1035, section 3.5; RFC 3596, section 2.5)', () => {
    const table = loadedTable(entry(1001))
    expect(targets(ask(table, pointer('127.64.1.1')))).toEqual([`web-1.1001.${domain}`])
    expect(targets(ask(table, pointer('fd00::1:3')))).toEqual([`db-1.1001.${domain}`])
    expect(targets(ask(table, pointer('10.9.1.4')))).toEqual([`queue.internal.1001.${domain}`])
    expect(ask(table, pointer('127.64.1.1'))).toMatchObject({ aa: true, answers: [{ ttl: 5 }] })
  })

  it('serves all of 127.in-addr.arpa itself (RFC 6303, section 4.2)', () => {
    const table = loadedTable(entry(1001))
    expect(ask(table, '127.in-addr.arpa', rrType.SOA).answers).toMatchObject([{ serial: 7, primary: `ns.${domain}` }])
    expect(ask(table, pointer('127.99.9.9'))).toMatchObject({ rcode: 'NXDOMAIN', aa: true, authorities: [{ name: '127.in-addr.arpa' }] })
    expect(ask(table, '64.127.in-addr.arpa')).toMatchObject({ rcode: 'NOERROR', answers: [] })
    expect(ask(table, '1.64.127.in-addr.arpa')).toMatchObject({ rcode: 'NOERROR', answers: [] })
    expect(ask(table, '65.127.in-addr.arpa').rcode).toBe('NXDOMAIN')
    expect(ask(table, pointer('127.64.1.1'), rrType.TXT)).toMatchObject({ rcode: 'NOERROR', authorities: [{ name: '127.in-addr.arpa' }] })
  })

  it('has SOA and NS for the networks of its instances, of both families (RFC 6303, section 3)', () => {
    const table = loadedTable(entry(1001))
    for (const zone of ['10.in-addr.arpa', 'd.f.ip6.arpa']) {
      expect(ask(table, zone, rrType.SOA)).toMatchObject({ aa: true, answers: [{ name: zone, serial: 7, primary: `ns.${domain}` }] })
      expect(ask(table, zone, rrType.NS)).toMatchObject({ aa: true, answers: [{ name: zone, ns: `ns.${domain}` }] })
      expect(ask(table, zone)).toMatchObject({ rcode: 'NOERROR', answers: [], authorities: [{ name: zone }] })
    }
    table.apply({ revision: 8, put: null, remove: 1001 })
    expect(ask(table, 'd.f.ip6.arpa', rrType.SOA).answers).toMatchObject([{ serial: 8 }])
  })

  it('has the names between a network and its addresses: NODATA (RFC 8020, section 2)', () => {
    const table = loadedTable(entry(1001))
    const whole = pointer('fd00::1:3').split('.')
    for (let labels = 5; labels < 34; labels++) {
      const name = whole.slice(34 - labels).join('.')
      expect({ name, ...ask(table, name) }).toMatchObject({ name, rcode: 'NOERROR', answers: [], authorities: [{ name: 'd.f.ip6.arpa' }] })
      expect(ask(table, `e.${name}`)).toMatchObject({ rcode: 'NXDOMAIN', authorities: [{ name: 'd.f.ip6.arpa' }] })
    }
    for (const name of ['9.10.in-addr.arpa', '1.9.10.in-addr.arpa'])
      expect(ask(table, name)).toMatchObject({ rcode: 'NOERROR', answers: [] })
    for (const name of [
      '8.10.in-addr.arpa',
      '2.9.10.in-addr.arpa',
      '09.10.in-addr.arpa',
      'x.1.9.10.in-addr.arpa',
      `0.${pointer('10.9.1.4')}`,
    ])
      expect({ name, rcode: ask(table, name).rcode }).toEqual({ name, rcode: 'NXDOMAIN' })
  })

  it('has of networks that others serve only the addresses of instances', () => {
    const table = loadedTable({
      ...entry(1001),
      records: [{ name: `web-1.1001.${domain}`, addresses: ['192.0.1.4', '2600::4'], ptr: true }],
    })
    for (const [address, beside] of [
      ['192.0.1.4', '192.0.1.5'],
      ['2600::4', '2600::5'],
    ] as const) {
      expect(targets(ask(table, pointer(address)))).toEqual([`web-1.1001.${domain}`])
      expect(ask(table, pointer(address), rrType.TXT)).toMatchObject({ rcode: 'NOERROR', authorities: [{ name: pointer(address) }] })
      expect(ask(table, pointer(beside))).toMatchObject({ rcode: 'REFUSED', aa: false })
      expect(ask(table, pointer(address).split('.').slice(1).join('.'))).toMatchObject({ rcode: 'REFUSED', aa: false })
    }
  })

  it('forgets the addresses of what was removed, changed or stopped', () => {
    const table = loadedTable(entry(1001), entry(1002))
    table.apply({ revision: 8, put: entry(1001, 'stopped'), remove: null })
    expect(ask(table, pointer('127.64.1.1')).rcode).toBe('NXDOMAIN')
    expect(ask(table, '1.64.127.in-addr.arpa').rcode).toBe('NXDOMAIN')
    expect(ask(table, '64.127.in-addr.arpa').rcode).toBe('NOERROR')
    table.apply({ revision: 9, put: null, remove: 1002 })
    expect(ask(table, '64.127.in-addr.arpa').rcode).toBe('NXDOMAIN')
    expect(table.reverse.size).toBe(0)
  })

  it('answers for an address that several environments have until the last is gone', () => {
    const shared = (id: number) => ({
      ...entry(id),
      records: [{ name: `www-1.${id}.${domain}`, addresses: ['127.0.0.1', '127.0.0.1'], ptr: true }],
    })
    const table = loadedTable(shared(1001), shared(1002))
    expect(targets(ask(table, pointer('127.0.0.1')))[0]).toBe(`www-1.1001.${domain}`)
    table.apply({ revision: 8, put: null, remove: 1001 })
    expect(targets(ask(table, pointer('127.0.0.1')))[0]).toBe(`www-1.1002.${domain}`)
    table.apply({ revision: 9, put: null, remove: 1002 })
    expect(targets(ask(table, pointer('127.0.0.1')))).toEqual(['localhost'])
  })
})
