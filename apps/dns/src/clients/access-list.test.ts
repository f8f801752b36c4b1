import { describe, expect, it } from 'vitest'
import { Source } from '../wire/source.ts'
import { AccessList } from './access-list.ts'

const admits = (list: AccessList, address: string) => list.admits(new Source().set(address, 5353))

describe('AccessList', () => {
  it('admits loopback, private and link-local networks unless told otherwise (RFC 1918, section 3; RFC 4193)', () => {
    const list = new AccessList()
    for (const address of [
      '127.0.0.1',
      '127.9.9.9',
      '::1',
      '10.1.2.3',
      '172.31.0.1',
      '192.168.255.255',
      '169.254.1.1',
      'fd00::1',
      'fe80::1%eth0',
    ])
      expect([address, admits(list, address)]).toEqual([address, true])
    for (const address of ['8.8.8.8', '11.0.0.1', '172.32.0.1', '192.169.0.1', '2001:db8::1', '::', '::2', '255.255.255.255', '0.0.0.0'])
      expect([address, admits(list, address)]).toEqual([address, false])
  })

  it('knows IPv4 addresses as an IPv6 socket sees them (RFC 4291, section 2.5.5.2)', () => {
    expect(admits(new AccessList(), '::ffff:10.1.2.3')).toBe(true)
    expect(admits(new AccessList(), '::ffff:8.8.8.8')).toBe(false)
    expect(admits(new AccessList(['::/0']), '8.8.8.8')).toBe(true)
    expect(admits(new AccessList(['0.0.0.0/0']), '2001:db8::1')).toBe(false)
  })

  it('compares as many bits as the prefix has', () => {
    const list = new AccessList(['198.51.100.128/25', '2001:db8:8000::/33', '203.0.113.7'])
    expect(admits(list, '198.51.100.128')).toBe(true)
    expect(admits(list, '198.51.100.127')).toBe(false)
    expect(admits(list, '2001:db8:8000::1')).toBe(true)
    expect(admits(list, '2001:db8:7fff::1')).toBe(false)
    expect(admits(list, '203.0.113.7')).toBe(true)
    expect(admits(list, '203.0.113.6')).toBe(false)
    expect(admits(list, '10.0.0.1')).toBe(false)
    expect(admits(list, '127.0.0.1')).toBe(true)
  })

  it('says which text is no network', () => {
    for (const text of ['', 'all', '10.0.0.1/8', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/-1', 'fe80::%eth0/10'])
      expect(() => new AccessList([text])).toThrow(`"${text}" is not a network`)
  })
})
