import type { RecordEntry } from '@standin/client'
import { describe, expect, it } from 'vitest'
import { type Ask, queryMessage, type Reply, read } from '../testing/messages.ts'
import { domain, entry, loadedTable, resolverOf, source } from '../testing/tables.ts'
import { rrType } from '../wire/protocol.ts'
import type { RecordTable } from '../zones/record-table.ts'

const withAliases = (id: number, ...aliases: string[]): RecordEntry => ({ ...entry(id), aliases })

function ask(ask: Ask, from: RecordTable): Reply {
  return read(resolverOf(from).reply(queryMessage(ask), source, false) as Buffer)
}
const addresses = (reply: Reply) => reply.answers.map((record) => (record as { address?: string }).address)
const soa = (reply: Reply) => reply.authorities.filter((record) => record.type === rrType.SOA)

describe('aliases', () => {
  const table = loadedTable(withAliases(1001, `demo.${domain}`, `a.b.c.${domain}`, 'shop.example.com', 'demo.localhost'), entry(1002))

  it('give the gateway, in any case', () => {
    expect(ask({ name: `demo.${domain}` }, table)).toMatchObject({ rcode: 'NOERROR', aa: true })
    expect(addresses(ask({ name: `Demo.${domain}` }, table))).toEqual(['127.0.0.1'])
    expect(addresses(ask({ name: `demo.${domain}`, type: rrType.AAAA }, table))).toEqual(['::1'])
    expect(addresses(ask({ name: `a.b.c.${domain}` }, table))).toEqual(['127.0.0.1'])
  })

  it('have no other type: NODATA with the SOA of the domain (RFC 2308, section 2.2)', () => {
    const reply = ask({ name: `demo.${domain}`, type: rrType.TXT }, table)
    expect(reply).toMatchObject({ rcode: 'NOERROR', aa: true, answers: [] })
    expect(soa(reply)).toMatchObject([{ name: domain, ttl: 1 }])
  })

  it('make the names between them and the domain exist (RFC 8020, section 2), and none beside or below', () => {
    for (const name of [`b.c.${domain}`, `c.${domain}`]) expect(ask({ name }, table)).toMatchObject({ rcode: 'NOERROR', answers: [] })
    // What exists keeps the wildcard out (RFC 4592, section 2.2.1).
    for (const name of [`x.demo.${domain}`, `d.c.${domain}`, `x.a.b.c.${domain}`]) {
      expect({ name, rcode: ask({ name }, table).rcode }).toEqual({ name, rcode: 'NXDOMAIN' })
    }
  })

  it('may be outside of the domain: a zone of one name, and nothing beside it', () => {
    expect(addresses(ask({ name: 'shop.example.com' }, table))).toEqual(['127.0.0.1'])
    expect(soa(ask({ name: 'shop.example.com', type: rrType.TXT }, table))).toMatchObject([{ name: 'shop.example.com' }])
    // No upstream in this test: what is not ours is refused.
    for (const name of ['example.com', 'www.shop.example.com', 'other.example.com']) expect(ask({ name }, table).rcode).toBe('REFUSED')
    expect(addresses(ask({ name: 'demo.localhost', type: rrType.AAAA }, table))).toEqual(['::1'])
  })

  it('move without a moment in which they are not there, and leave nothing behind', () => {
    const moving = loadedTable(withAliases(1001, `demo.${domain}`, `a.b.${domain}`), entry(1002))
    const there = () => addresses(ask({ name: `demo.${domain}` }, moving))
    moving.apply({ revision: 8, put: withAliases(1002, `demo.${domain}`, `a.b.${domain}`), remove: null })
    expect(there()).toEqual(['127.0.0.1'])
    moving.apply({ revision: 9, put: entry(1001), remove: null })
    expect(there()).toEqual(['127.0.0.1'])
    moving.apply({ revision: 10, put: null, remove: 1001 })
    expect(there()).toEqual(['127.0.0.1'])
    expect(ask({ name: `x.b.${domain}` }, moving).rcode).toBe('NXDOMAIN')
    moving.apply({ revision: 11, put: null, remove: 1002 })
    // The wildcard's again.
    for (const name of ['x.demo', 'x.b', 'b']) expect(addresses(ask({ name: `${name}.${domain}` }, moving))).toEqual(['127.0.0.1'])
    expect(moving.aliases?.size).toBe(0)
  })

  it('of a snapshot replace those that were known', () => {
    const replaced = loadedTable(withAliases(1001, `old.${domain}`))
    replaced.load({ epoch: 'two', revision: 9, domain, gateway: ['127.0.0.1'], nextId: 2000, items: [withAliases(1001, `new.${domain}`)] })
    expect(ask({ name: `x.old.${domain}` }, replaced).rcode).toBe('NOERROR')
    expect(ask({ name: `x.new.${domain}` }, replaced).rcode).toBe('NXDOMAIN')
    expect(addresses(ask({ name: `new.${domain}` }, replaced))).toEqual(['127.0.0.1'])
    expect(ask({ name: `new.${domain}`, type: rrType.AAAA }, replaced)).toMatchObject({ rcode: 'NOERROR', answers: [] })
  })

  it('that are no names are left out', () => {
    expect(loadedTable(withAliases(1001, 'a..b', `${'x'.repeat(64)}.${domain}`)).aliases?.size).toBe(0)
  })
})
