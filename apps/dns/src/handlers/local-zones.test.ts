import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { chain } from '../chain.ts'
import { AccessList } from '../clients/access-list.ts'
import { DnsmasqRules } from '../dnsmasq/dnsmasq-rules.ts'
import { Resolver } from '../resolver.ts'
import { queryMessage, read } from '../testing/messages.ts'
import { entry, loadedTable, source } from '../testing/tables.ts'
import { Forwarder } from '../upstream/forwarder.ts'
import { addressBytes, reverseName } from '../wire/address.ts'
import { displayName } from '../wire/name.ts'
import { rrType } from '../wire/protocol.ts'

const pointer = (address: string) => displayName(reverseName(addressBytes(address) as Buffer))

const folder = mkdtempSync(join(tmpdir(), 'standin-local-zones-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Nobody can be asked: what would be forwarded is REFUSED. With a file it says whom, and the answer is a promise. */
function resolver(file?: string) {
  const path = join(folder, 'dnsmasq.conf')
  writeFileSync(path, `no-resolv\nno-hosts\n${file ?? ''}`)
  const rules = file === undefined ? undefined : new DnsmasqRules(path, { onChange: () => {}, onNotice: () => {}, isSelf: () => false })
  const table = loadedTable(entry(1001))
  const forwarder = new Forwarder([])
  const access = new AccessList()
  const fail = (cause: unknown) => {
    throw cause
  }
  const links = chain({ access, table, forwarder, ...(rules === undefined ? {} : { rules }) })
  const answering = new Resolver(links, { access, recursionAvailable: true, onFault: fail })
  return (name: string, type: number = rrType.A) => read(answering.reply(queryMessage({ name, type }), source, false) as Buffer)
}
const ask = resolver()

describe('zones that everybody serves himself', () => {
  it('are the private and unusable networks of IPv4, and nothing beside them (RFC 6303, sections 4.1 and 4.2; RFC 7793)', () => {
    const ours = [
      '10.1.2.3',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '0.1.2.3',
      '127.9.9.9',
      '169.254.1.1',
      '192.0.2.7',
      '198.51.100.7',
      '203.0.113.7',
    ]
    for (const address of [...ours, '100.64.0.1', '100.127.0.1']) {
      expect({ address, ...ask(pointer(address), rrType.PTR) }).toMatchObject({
        address,
        rcode: 'NXDOMAIN',
        aa: true,
        authorities: [{ ttl: 1 }],
      })
    }
    // A network of one address is the zone itself.
    expect(ask(pointer('255.255.255.255'), rrType.PTR)).toMatchObject({ rcode: 'NOERROR', answers: [], aa: true })
    for (const address of [
      '11.1.2.3',
      '172.15.0.1',
      '172.32.0.1',
      '192.169.1.1',
      '192.0.3.7',
      '100.63.0.1',
      '100.128.0.1',
      '255.255.255.254',
      '8.8.8.8',
    ])
      expect({ address, rcode: ask(pointer(address), rrType.PTR).rcode }).toEqual({ address, rcode: 'REFUSED' })
  })

  it('are those of IPv6 (RFC 6303, sections 4.3 to 4.6)', () => {
    for (const address of ['fd12::1', 'fe80::1', 'fea0::1', 'febf::1', '2001:db8::1'])
      expect({ address, rcode: ask(pointer(address), rrType.PTR).rcode }).toEqual({ address, rcode: 'NXDOMAIN' })
    expect(ask(pointer('::'), rrType.PTR)).toMatchObject({ rcode: 'NOERROR', answers: [], aa: true })
    for (const address of ['fc00::1', 'fec0::1', '2001:db9::1', '2600::1', '::2'])
      expect({ address, rcode: ask(pointer(address), rrType.PTR).rcode }).toEqual({ address, rcode: 'REFUSED' })
  })

  it('have SOA and NS (RFC 6303, section 3)', () => {
    for (const zone of ['168.192.in-addr.arpa', '16.172.in-addr.arpa', '8.b.d.0.1.0.0.2.ip6.arpa', 'test', 'home.arpa']) {
      expect(ask(zone, rrType.SOA).answers).toMatchObject([{ name: zone, serial: 7 }])
      expect(ask(zone, rrType.NS).answers).toMatchObject([{ name: zone }])
      expect(ask(zone, rrType.TXT)).toMatchObject({ rcode: 'NOERROR', answers: [], authorities: [{ name: zone }] })
    }
  })

  it('know the name of the loopback addresses', () => {
    for (const address of ['127.0.0.1', '::1']) {
      expect(ask(pointer(address), rrType.PTR)).toMatchObject({ rcode: 'NOERROR', aa: true, answers: [{ domain: 'localhost' }] })
      expect(ask(pointer(address), rrType.TXT)).toMatchObject({ rcode: 'NOERROR', answers: [] })
    }
    expect(ask('0.0.127.in-addr.arpa').rcode).toBe('NOERROR')
  })

  it('are test and invalid (RFC 6761, sections 6.2 and 6.4), onion (RFC 7686, section 2), home.arpa (RFC 8375, section 4)', () => {
    for (const name of ['a.test', 'b.a.INVALID', 'expyuzz4wqqyqhjn.onion', 'printer.home.arpa'])
      expect({ name, ...ask(name) }).toMatchObject({ name, rcode: 'NXDOMAIN', aa: true, authorities: [{ type: rrType.SOA }] })
    // Names that are like any other: RFC 6761, section 6.5.
    for (const name of ['example', 'www.example.com', 'atest', 'x.notinvalid', 'home.example', 'arpa', 'in-addr.arpa', 'xhome.arpa'])
      expect({ name, rcode: ask(name).rcode }).toEqual({ name, rcode: 'REFUSED' })
  })

  it('are asked of the servers that the file has for them (RFC 6761, section 6.1), and of no others', () => {
    const withFile = resolver(
      'server=192.0.2.1\nlocal=/10.in-addr.arpa/\nserver=/corp.test/192.0.2.2\nserver=/168.192.in-addr.arpa/192.0.2.3\nserver=/16.172.in-addr.arpa/#\n',
    )
    expect(withFile(pointer('172.17.0.1'), rrType.PTR)).toMatchObject({ rcode: 'NXDOMAIN', aa: true })
    expect(withFile(pointer('10.1.2.3'), rrType.PTR)).toMatchObject({ rcode: 'NXDOMAIN', aa: false })
    expect(withFile('other.test')).toMatchObject({ rcode: 'NXDOMAIN', aa: true })
    // This forwarder knows nobody: it is not ours any more.
    expect(withFile('www.corp.test').rcode).toBe('REFUSED')
    expect(withFile(pointer('192.168.1.1'), rrType.PTR).rcode).toBe('REFUSED')
    expect(withFile(pointer('172.16.0.1'), rrType.PTR).rcode).toBe('REFUSED')
    expect(withFile('168.192.in-addr.arpa', rrType.SOA).rcode).toBe('REFUSED')
  })

  it('are kept to ourselves with bogus-priv where # stands for all servers, as dnsmasq does', () => {
    const withFile = resolver('bogus-priv\nserver=192.0.2.1\nserver=/10.in-addr.arpa/#\nserver=/168.192.in-addr.arpa/192.0.2.3\n')
    expect(withFile(pointer('10.1.2.3'), rrType.PTR)).toMatchObject({ rcode: 'NXDOMAIN', aa: false })
    expect(withFile(pointer('192.168.1.1'), rrType.PTR).rcode).toBe('REFUSED')
  })

  it('and localhost come before domain-needed and bogus-priv, which are about names that would be forwarded (RFC 6761, section 6.3)', () => {
    const withFile = resolver('domain-needed\nbogus-priv\nserver=192.0.2.1\n')
    expect(withFile('localhost')).toMatchObject({ rcode: 'NOERROR', aa: true, answers: [{ address: '127.0.0.1' }] })
    expect(withFile('localhost', rrType.AAAA)).toMatchObject({ rcode: 'NOERROR', answers: [{ address: '::1' }] })
    expect(withFile(pointer('127.0.0.1'), rrType.PTR).answers).toMatchObject([{ domain: 'localhost' }])
    expect(withFile(pointer('10.0.0.1'), rrType.PTR)).toMatchObject({ rcode: 'NXDOMAIN', aa: true, authorities: [{ type: rrType.SOA }] })
    expect(withFile('short')).toMatchObject({ rcode: 'NXDOMAIN', aa: false, authorities: [] })
  })

  it('come after what the file says itself', () => {
    const withFile = resolver('address=/dev.test/192.0.2.5\nptr-record=7.1.168.192.in-addr.arpa,printer.example\n')
    expect(withFile('www.dev.test').answers).toMatchObject([{ address: '192.0.2.5' }])
    expect(withFile('7.1.168.192.in-addr.arpa', rrType.PTR).answers).toMatchObject([{ domain: 'printer.example' }])
    expect(withFile('8.1.168.192.in-addr.arpa', rrType.PTR).rcode).toBe('NXDOMAIN')
  })
})
