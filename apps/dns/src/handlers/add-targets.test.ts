import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { chain } from '../chain.ts'
import { AccessList } from '../clients/access-list.ts'
import { DnsmasqRules } from '../dnsmasq/dnsmasq-rules.ts'
import { dnsmasqFile } from '../dnsmasq/handler.ts'
import { Resolver } from '../resolver.ts'
import { type Ask, queryMessage, read } from '../testing/messages.ts'
import { domain, entry, loadedTable, snapshot, source } from '../testing/tables.ts'
import { Forwarder } from '../upstream/forwarder.ts'
import type { Answer } from '../wire/answer.ts'
import { rrType } from '../wire/protocol.ts'
import { Query } from '../wire/query.ts'
import { RecordTable } from '../zones/record-table.ts'
import { addTargets } from './add-targets.ts'

const directory = mkdtempSync(join(tmpdir(), 'standin-targets-'))
afterAll(() => rmSync(directory, { recursive: true }))

const file = join(directory, 'dnsmasq.conf')
writeFileSync(
  file,
  `no-resolv
no-hosts
host-record=mail.corp.example,192.0.2.7,2001:db8::7
cname=alias.corp.example,mail.corp.example
mx-host=corp.example,mail.corp.example,10
srv-host=_imap._tcp.corp.example,mail.corp.example,143
srv-host=_imap._tcp.corp.example,imap.elsewhere.example,143
srv-host=_db._tcp.corp.example,db.1001.${domain},5432
srv-host=_pop._tcp.corp.example,alias.corp.example,110
srv-host=_none._tcp.corp.example
`,
)
const manyFile = join(directory, 'many.conf')
const many = Array.from({ length: 300 }, (_, index) => `srv-host=_many._tcp.corp.example,h${index}.corp.example,143\n`)
writeFileSync(manyFile, `no-resolv\nno-hosts\naddress=/corp.example/192.0.2.7\n${many.join('')}`)
const rules = new DnsmasqRules(file, { onChange: () => {}, onNotice: () => {}, isSelf: () => false })

function ask(question: Ask, table = loadedTable(entry(1001))) {
  const access = new AccessList()
  const resolver = new Resolver(chain({ access, table, forwarder: new Forwarder([]), rules }), {
    access,
    recursionAvailable: false,
    onFault: (cause) => {
      throw cause
    },
  })
  return read(resolver.reply(queryMessage(question), source, false) as Buffer)
}
const of = (name: string, type: number = rrType.SRV) => ask({ name, type, edns: {} }).additionals

describe('where a service is', () => {
  it('comes with its addresses, of the file and of environments (RFC 2782)', () => {
    expect(of('_db._tcp.corp.example')).toMatchObject([
      { name: `db.1001.${domain}`, type: rrType.A, address: '127.64.1.3' },
      { name: `db.1001.${domain}`, type: rrType.AAAA, address: 'fd00::1:3' },
    ])
    expect(of(`_www._tcp.1001.${domain}`)).toMatchObject([{ address: '127.0.0.1' }, { address: '::1' }])
  })

  it('and where mail goes (RFC 1035, section 3.3.9)', () => {
    expect(of('corp.example', rrType.MX)).toMatchObject([{ address: '192.0.2.7' }, { address: '2001:db8::7' }])
  })

  it("comes without those that are somebody else's, an alias, or nowhere", () => {
    expect(of('_imap._tcp.corp.example').map(({ name }) => name)).toEqual(['mail.corp.example', 'mail.corp.example'])
    expect(of('_pop._tcp.corp.example')).toEqual([])
    expect(of('_none._tcp.corp.example')).toEqual([])
  })

  it('is all that is said, and looked for, where there are more services than a datagram holds', () => {
    let calls = 0
    const names = new DnsmasqRules(manyFile, { onChange: () => {}, onNotice: () => {}, isSelf: () => false })
    const [link] = addTargets([
      {
        handle(query: Query) {
          calls++
          return dnsmasqFile(names)(query)
        },
      },
    ])
    const message = queryMessage({ name: '_many._tcp.corp.example', type: rrType.SRV, edns: {} })
    const counts = (overTcp: boolean) => (link?.handle(new Query(message, source, overTcp)) as Answer | undefined)?.counts
    expect(counts(false)).toEqual([300, 0, 0])
    expect(calls).toBe(1)
    expect(counts(true)).toEqual([300, 0, 300])
  })

  it('comes with whole sets of addresses as long as there is room, and is never cut for them (RFC 2181, section 9)', () => {
    const gateway = Array.from({ length: 20 }, (_, index) => `192.0.2.${index + 1}`)
    const table = new RecordTable([])
    table.load({ ...snapshot(entry(1001)), gateway: [...gateway, '::1'] })
    const question = { name: `_www._tcp.1001.${domain}`, type: rrType.SRV }
    expect(ask(question, table)).toMatchObject({ tc: false, answers: [{ port: 8080 }], additionals: [{ address: '::1' }] })
    expect(ask({ ...question, edns: { udpSize: 1232 } }, table).additionals).toHaveLength(21)
  })
})
