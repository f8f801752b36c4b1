import { describe, expect, it } from 'vitest'
import { queryMessage, read } from '../testing/messages.ts'
import { domain, entry, loadedTable, resolverOf, snapshot, source } from '../testing/tables.ts'
import { RecordTable } from './record-table.ts'

describe('RecordTable', () => {
  it('replaces one environment at a time: all others stay the very same objects', () => {
    const table = loadedTable(entry(1001), entry(1002))
    const other = table.environment(1002)
    const node = other?.node('\x03web')
    table.apply({ revision: 8, put: entry(1001, 'suspended'), remove: null })
    expect(table.environment(1002)).toBe(other)
    expect(table.environment(1002)?.node('\x03web')).toBe(node)
    expect(table.environment(1001)?.entry.state).toBe('suspended')
  })

  it('has only the revision moved by a delta that changes nothing', () => {
    const table = loadedTable(entry(1001))
    const zone = table.environment(1001)
    table.apply({ revision: 8, put: null, remove: 1999 })
    expect(table.revision).toBe(8)
    expect(table.environment(1001)).toBe(zone)
  })

  it('takes 10,000 environments and deltas that touch nothing but their own', () => {
    const table = new RecordTable([])
    table.load(snapshot(...Array.from({ length: 10_000 }, (_, index) => spread(1001 + index))))
    expect(table.size).toBe(10_000)
    const others = [1001, 6000, 11_000].map((id) => table.environment(id))
    const reverseNames = table.reverse.size
    for (let round = 0; round < 10_000; round++) {
      table.apply({ revision: 8 + round, put: spread(2001 + (round % 100)), remove: null })
    }
    for (let id = 20_001; id <= 21_000; id++) table.apply({ revision: id, put: spread(id), remove: null })
    for (let id = 20_001; id <= 21_000; id++) table.apply({ revision: id, put: null, remove: id })
    expect([1001, 6000, 11_000].map((id) => table.environment(id))).toEqual(others)
    for (const [index, id] of [1001, 6000, 11_000].entries()) expect(table.environment(id)).toBe(others[index])
    expect(table.size).toBe(10_000)
    expect(table.reverse.size).toBe(reverseNames)
    const reply = resolverOf(table).reply(queryMessage({ name: `web.11000.${domain}` }), source, false) as Buffer
    expect(read(reply).answers).toHaveLength(1)
  })

  it('leaves out records that are no names of the environment', () => {
    const odd = {
      ...entry(1001),
      records: [
        { name: 'web.elsewhere.example', addresses: ['127.64.0.1'], ptr: false },
        { name: 'a..b', addresses: ['no address'], ptr: true },
      ],
    }
    const table = loadedTable(odd)
    expect(table.environment(1001)?.node('\x03web')).toBeUndefined()
    expect(table.reverse.size).toBe(0)
  })

  it('refuses a domain that is none', () => {
    expect(() => new RecordTable([]).load({ ...snapshot(), domain: 'a..b' })).toThrow(/not a domain name/)
  })
})

function spread(id: number) {
  const address = `127.${64 + (id >> 16)}.${(id >> 8) & 255}.${id & 255}`
  return {
    ...entry(id),
    records: [
      { name: `web.${id}.${domain}`, addresses: [address], ptr: false },
      { name: `web-1.${id}.${domain}`, addresses: [address], ptr: true },
    ],
  }
}
