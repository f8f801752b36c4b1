import { describe, expect, it } from 'vitest'
import { type Ask, encodeName, queryMessage, type Reply, read } from '../testing/messages.ts'
import { domain, entry, loadedTable, resolverOf, source } from '../testing/tables.ts'
import { rrType } from '../wire/protocol.ts'
import type { RecordTable } from '../zones/record-table.ts'

const aliased = { ...entry(1002), aliases: [`demo.${domain}`, `deep.down.${domain}`] }
const table = loadedTable(entry(1001), aliased, entry(1003, 'starting'))

function ask(ask: Ask, from: RecordTable = table): Reply {
  return read(resolverOf(from).reply(queryMessage(ask), source, false) as Buffer)
}
const addresses = (name: string, type: number = rrType.A) =>
  ask({ name: `${name}.${domain}`, type }).answers.map((record) => (record as { address?: string }).address)
const verdict = (name: string, type: number = rrType.A) => {
  const { rcode, answers, authorities, aa } = ask({ name: `${name}.${domain}`, type })
  return { name, rcode, answers: answers.length, soa: authorities.filter((record) => record.type === rrType.SOA).length, aa }
}

describe('the wildcard *.<domain>', () => {
  it('gives the gateway for names that nobody has (RFC 4592, section 3.3.3)', () => {
    const names = ['typo', 'www', 'www-1999', 'nope-1001', '-1001', 'www-', '1001-www', 'www-01001', '1001x', '_dmarc', 'xn--bcher-kva']
    for (const name of names) {
      expect([name, ...addresses(name)]).toEqual([name, '127.0.0.1'])
      expect([name, ...addresses(name, rrType.AAAA)]).toEqual([name, '::1'])
    }
    const reply = ask({ name: `TyPo.${domain}` })
    expect(reply).toMatchObject({ rcode: 'NOERROR', aa: true, answers: [{ name: `TyPo.${domain}`, ttl: 5 }] })
  })

  it('is for names of any number of labels (RFC 4592, section 2.1.3)', () => {
    for (const name of ['a.b', 'x.typo', 'web.www-1999', 'web.1001.typo']) expect([name, ...addresses(name)]).toEqual([name, '127.0.0.1'])
  })

  it('answers its own name, which exists (RFC 4592, sections 2.1.1 and 2.2.1)', () => {
    expect(addresses('*')).toEqual(['127.0.0.1'])
    expect(verdict('x.*')).toMatchObject({ rcode: 'NXDOMAIN', soa: 1 })
  })

  it('has no other types: NODATA (RFC 4592, section 3.3.3; RFC 2308, section 2.2)', () => {
    for (const type of [rrType.TXT, rrType.MX, rrType.SRV, rrType.CNAME, rrType.NS, rrType.SOA])
      expect(verdict('typo', type)).toEqual({ name: 'typo', rcode: 'NOERROR', answers: 0, soa: 1, aa: true })
  })

  it('is not for names below one that exists: NXDOMAIN (RFC 4592, section 2.2.1)', () => {
    for (const name of ['x.www-1001', 'x.ns', 'x.demo', 'x.down', 'x.deep.down', 'nope.1001', 'x.web.1001', 'a.b.c.1001'])
      expect(verdict(name)).toEqual({ name, rcode: 'NXDOMAIN', answers: 0, soa: 1, aa: true })
  })

  it('is not for a name that exists without the type (RFC 4592, section 2.2.1)', () => {
    expect(verdict('ns', rrType.AAAA)).toMatchObject({ rcode: 'NOERROR', answers: 0, soa: 1 })
    expect(verdict('web.1001', rrType.AAAA)).toMatchObject({ rcode: 'NOERROR', answers: 0, soa: 1 })
  })

  it('is not for empty non-terminals: NODATA (RFC 4592, section 2.2.2)', () => {
    for (const name of ['down', 'internal.1001', '1001']) expect(verdict(name)).toMatchObject({ rcode: 'NOERROR', answers: 0, soa: 1 })
  })

  it('is not for numbers, which are kept for environments: NODATA, and NXDOMAIN below', () => {
    for (const name of ['1999', '9999', '0', '01001', '4294967297', '9'.repeat(63)]) {
      expect(verdict(name)).toEqual({ name, rcode: 'NOERROR', answers: 0, soa: 1, aa: true })
      for (const below of [`web.${name.slice(0, 50)}`, `_www._tcp.${name.slice(0, 50)}`])
        expect(verdict(below)).toEqual({ name: below, rcode: 'NXDOMAIN', answers: 0, soa: 1, aa: true })
    }
  })

  it('says of a number whether there was such an environment (RFC 8914, section 4.1)', () => {
    const words = (name: string) => JSON.stringify(ask({ name: `${name}.${domain}`, edns: {} }).opts)
    expect(words('web.1999')).toContain('environment 1999 was deleted')
    expect(words('1999')).toContain('environment 1999 was deleted')
    expect(words('web.2000')).toContain('there is no environment 2000')
    expect(words('web.01001')).toContain('there is no environment 01001')
    expect(words('nope.1001')).not.toContain('environment')
    const grown = loadedTable()
    grown.apply({ revision: 8, put: entry(2005), remove: null })
    grown.apply({ revision: 9, put: null, remove: 2005 })
    expect(JSON.stringify(ask({ name: `web.2005.${domain}`, edns: {} }, grown).opts)).toContain('environment 2005 was deleted')
  })

  it('does not reach beyond the domain, and takes labels of any octets', () => {
    expect(ask({ name: 'typo.localhost' }).answers).toMatchObject([{ address: '127.0.0.1', ttl: 604_800 }])
    const binary = Buffer.concat([Buffer.from([3, 0, 0x2e, 0xff]), encodeName(domain)])
    expect(ask({ name: binary })).toMatchObject({ rcode: 'NOERROR', aa: true, answers: [{ ttl: 5 }] })
  })

  it('gives way to a name as soon as there is one, and comes back', () => {
    const changing = loadedTable(entry(1001))
    const below = () => ask({ name: `x.www-1004.${domain}` }, changing).rcode
    expect(below()).toBe('NOERROR')
    changing.apply({ revision: 8, put: entry(1004), remove: null })
    expect(below()).toBe('NXDOMAIN')
    changing.apply({ revision: 9, put: null, remove: 1004 })
    expect(below()).toBe('NOERROR')
  })
})
