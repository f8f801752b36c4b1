import { describe, expect, it } from 'vitest'
import { type Ask, queryMessage, read } from '../testing/messages.ts'
import { domain, entry, loadedTable, resolverOf, source } from '../testing/tables.ts'

const crowd = Array.from({ length: 120 }, (_, index) => `127.70.0.${index + 1}`)
const table = loadedTable({ ...entry(1001), records: [{ name: `crowd.1001.${domain}`, addresses: crowd, ptr: false }] })
const resolver = resolverOf(table)
const name = `crowd.1001.${domain}`
const reply = (ask: Ask, overTcp = false) => resolver.reply(queryMessage(ask), source, overTcp) as Buffer

describe('answer', () => {
  it('has OPT only if the query had one (RFC 6891, section 6.1.1) and advertises 1232 octets (RFC 9715, section 3)', () => {
    expect(read(reply({ name: `www-1001.${domain}` })).opts).toEqual([])
    const { opts } = read(reply({ name: `www-1001.${domain}`, edns: { udpSize: 4096, dnssecOk: true } }))
    expect(opts).toMatchObject([{ class: 1232, version: 0, doFlag: true }])
    expect(read(reply({ name: `www-1001.${domain}`, edns: {} })).opts).toMatchObject([{ doFlag: false }])
  })

  it('is cut to header, question and OPT with TC where it does not fit (RFC 1035, section 4.2.1; RFC 2181, section 9)', () => {
    const plain = reply({ name })
    expect(plain.length).toBeLessThanOrEqual(512)
    expect(read(plain)).toMatchObject({ tc: true, answers: [], opts: [], rcode: 'NOERROR' })
    const extended = read(reply({ name, edns: { udpSize: 1232 } }))
    expect(extended).toMatchObject({ tc: true, answers: [] })
    expect(extended.opts).toHaveLength(1)
  })

  it('is never longer than 1232 octets over UDP, whatever is asked for', () => {
    expect(read(reply({ name, edns: { udpSize: 65_535 } })).tc).toBe(true)
  })

  it('reads a UDP size below 512 as 512 (RFC 6891, section 6.2.3)', () => {
    const small = { ...entry(1001), records: [{ name, addresses: crowd.slice(0, 20), ptr: false }] }
    const answer = resolverOf(loadedTable(small)).reply(queryMessage({ name, edns: { udpSize: 0 } }), source, false) as Buffer
    expect(read(answer)).toMatchObject({ tc: false })
    expect(read(answer).answers).toHaveLength(20)
  })

  it('is whole over TCP (RFC 7766, section 5)', () => {
    expect(read(reply({ name }, true)).answers).toHaveLength(120)
  })

  it('copies RD and CD, leaves AD, RA and Z clear (RFC 1035, section 4.1.1; RFC 4035, section 3.1.6)', () => {
    expect(read(reply({ name, flags: 0x0000 }))).toMatchObject({ rd: false, cd: false })
    expect(read(reply({ name, flags: 0x0170 }))).toMatchObject({ rd: true, cd: true, ad: false, ra: false })
    expect((reply({ name, flags: 0x0170 })[3] as number) & 0x40).toBe(0)
  })
})
