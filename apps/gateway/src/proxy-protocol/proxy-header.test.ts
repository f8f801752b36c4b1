import { describe, expect, it } from 'vitest'
import { type ProxiedClient, parseProxyHeader } from './proxy-header.ts'
import { proxyBlock, proxyLine } from './proxy-preamble.ts'

const v4: ProxiedClient = { address: '203.0.113.7', port: 51_234, localAddress: '192.0.2.1', localPort: 443 }
const v6: ProxiedClient = { address: '2001:db8::7', port: 1, localAddress: '::1', localPort: 65_535 }

/** What the parser says of every beginning of these bytes, and of all of them with a request behind. */
const parseAsItComes = (bytes: Buffer) => {
  for (let end = 0; end < bytes.length; end++) expect(parseProxyHeader(bytes.subarray(0, end))).toEqual({ kind: 'incomplete' })
  const all = parseProxyHeader(Buffer.concat([bytes, Buffer.from('GET / HTTP/1.1\r\n')]))
  expect(parseProxyHeader(bytes)).toEqual(all)
  return all
}
const line = (text: string) => Buffer.from(text, 'latin1')
const block = (versionAndCommand: number, family: number, payload: Buffer, length = payload.length) =>
  Buffer.concat([line('\r\n\r\n\0\r\nQUIT\n'), Buffer.from([versionAndCommand, family, length >> 8, length & 255]), payload])

describe('A PROXY header of version 1 (PROXY protocol, section 2.1)', () => {
  it.each([v4, v6])('tells the client $address', (client) => {
    const bytes = proxyLine(client)
    expect(parseAsItComes(bytes)).toEqual({ kind: 'complete', length: bytes.length, client })
  })

  it('tells nothing where its sender does not know', () => {
    expect(parseAsItComes(line('PROXY UNKNOWN\r\n'))).toEqual({ kind: 'complete', length: 15, client: null })
    expect(parseAsItComes(line('PROXY UNKNOWN ffff::1 anything\r\n'))).toMatchObject({ kind: 'complete', client: null })
    expect(proxyLine({ ...v4, localAddress: '::1' }).toString()).toBe('PROXY UNKNOWN\r\n')
  })

  it('may be 107 characters long, and no longer', () => {
    const long = `PROXY UNKNOWN ${'x'.repeat(91)}\r\n`
    expect(long).toHaveLength(107)
    expect(parseAsItComes(line(long))).toMatchObject({ kind: 'complete', length: 107 })
    expect(parseProxyHeader(line(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`))).toMatchObject({ kind: 'invalid' })
  })

  it.each([
    'GET / HTTP/1.1\r\n',
    'PROXY\r\n',
    'PROXYTCP4 1.1.1.1 2.2.2.2 1 2\r\n',
    'PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n',
    'PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n',
    'PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n',
    'PROXY TCP4 ::1 ::1 1 2\r\n',
    'PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n',
    'PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n',
    'PROXY TCP4 1.1.1.1 2.2.2.2 65536 2\r\n',
    'PROXY TCP4 1.1.1.256 2.2.2.2 1 2\r\n',
    'PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n',
    'PROXY tcp4 1.1.1.1 2.2.2.2 1 2\r\n',
  ])('is not %j', (text) => {
    expect(parseProxyHeader(line(text))).toMatchObject({ kind: 'invalid' })
  })
})

describe('A PROXY header of version 2 (PROXY protocol, section 2.2)', () => {
  it.each([v4, v6])('tells the client $address', (client) => {
    const bytes = proxyBlock(client)
    expect(parseAsItComes(bytes)).toEqual({ kind: 'complete', length: bytes.length, client })
  })

  it('may have TLVs behind its addresses, which are skipped', () => {
    const plain = proxyBlock(v4)
    const tlvs = Buffer.from([0x05, 0, 3, 1, 2, 3, 0x20, 0, 0])
    const bytes = block(0x21, 0x11, Buffer.concat([plain.subarray(16), tlvs]))
    expect(parseAsItComes(bytes)).toEqual({ kind: 'complete', length: plain.length + tlvs.length, client: v4 })
  })

  it('tells nothing for LOCAL, and for what is not TCP over the internet', () => {
    expect(parseAsItComes(block(0x20, 0x00, Buffer.alloc(0)))).toEqual({ kind: 'complete', length: 16, client: null })
    expect(parseAsItComes(block(0x20, 0x11, proxyBlock(v4).subarray(16)))).toMatchObject({ client: null })
    expect(parseAsItComes(block(0x21, 0x31, Buffer.alloc(216)))).toMatchObject({ kind: 'complete', length: 232, client: null })
    expect(parseAsItComes(block(0x21, 0x00, Buffer.alloc(3)))).toMatchObject({ kind: 'complete', client: null })
  })

  it('mixes no families: what is of both is written as IPv6, and read as it was', () => {
    const bytes = proxyBlock({ ...v6, address: '203.0.113.7' })
    expect(bytes[13]).toBe(0x21)
    expect(parseProxyHeader(bytes)).toMatchObject({ client: { address: '203.0.113.7', localAddress: '::1' } })
  })

  it.each([
    ['another version', block(0x11, 0x11, Buffer.alloc(12))],
    ['another command', block(0x22, 0x11, Buffer.alloc(12))],
    ['too few bytes for its addresses', block(0x21, 0x21, Buffer.alloc(35))],
    ['more than anybody needs', block(0x21, 0x11, Buffer.alloc(0), 5_000)],
    ['a broken signature', line('\r\n\r\n\0\r\nQUIT\r\n!')],
    ['no signature at all', line('\x16\x03\x01')],
  ])('is not one with %s', (_, bytes) => {
    expect(parseProxyHeader(bytes)).toMatchObject({ kind: 'invalid' })
  })
})
