import { describe, expect, it } from 'vitest'
import { addressBytes, reverseName } from './address.ts'
import { displayName, labelOffsets, lowerCaseOctet, lowerCaseWord, wireName } from './name.ts'

describe('name', () => {
  it('is the wire form in lower case', () => {
    expect(wireName('Web.1001.Test')).toBe('\x03web\x041001\x04test\0')
    expect(wireName('a.')).toBe('\x01a\0')
    expect(wireName('.')).toBe('\0')
    expect(labelOffsets('\x03web\x041001\0')).toEqual([0, 4])
  })

  it('lowers US-ASCII letters only (RFC 4343, section 3)', () => {
    expect(wireName('ÄZ')).toBe('\x02Äz\0')
  })

  it('lowers four octets as it lowers each of them', () => {
    const octets = Buffer.alloc(4)
    for (let octet = 0; octet < 256; octet++)
      for (let at = 0; at < 4; at++)
        for (const others of [0, 0x41, 0x5a, 0x7f, 0xff]) {
          octets.fill(others)
          octets[at] = octet
          const word = lowerCaseWord(octets.readInt32LE())
          expect(Buffer.from(octets.map((each) => lowerCaseOctet[each] as number)).readInt32LE()).toBe(word)
        }
  })

  it('is refused where it can not be one (RFC 1035, section 2.3.4)', () => {
    expect(wireName('')).toBeUndefined()
    expect(wireName('a..b')).toBeUndefined()
    expect(wireName('a'.repeat(64))).toBeUndefined()
    expect(wireName(Array(128).fill('a').join('.'))).toBeUndefined()
    expect(wireName(Array(127).fill('a').join('.'))).toHaveLength(255)
    expect(wireName('日本')).toBeUndefined()
  })

  it('is shown with escapes (RFC 1035, section 5.1)', () => {
    expect(displayName('\x03a.b\x02\xff\\\0')).toBe('a\\.b.\\255\\\\')
    expect(displayName('\0')).toBe('.')
  })
})

describe('address', () => {
  it('reads IPv4 and IPv6 in every way of writing (RFC 4291, section 2.2)', () => {
    expect(addressBytes('127.64.0.1')).toEqual(Buffer.from([127, 64, 0, 1]))
    expect(addressBytes('::')).toEqual(Buffer.alloc(16))
    expect(addressBytes('::1')?.toString('hex')).toBe('00000000000000000000000000000001')
    expect(addressBytes('fd00::1:2')?.toString('hex')).toBe('fd000000000000000000000000010002')
    expect(addressBytes('1:2:3:4:5:6:7:8')?.toString('hex')).toBe('00010002000300040005000600070008')
    expect(addressBytes('fe80::')?.toString('hex')).toBe('fe800000000000000000000000000000')
    expect(addressBytes('::ffff:192.0.2.1')?.toString('hex')).toBe('00000000000000000000ffffc0000201')
  })

  it('takes nothing else', () => {
    for (const text of ['', 'localhost', '1.2.3', '1.2.3.4.5', '256.1.1.1', 'fe80::1%eth0', ':::'])
      expect(addressBytes(text)).toBeUndefined()
  })

  it('has its reverse name (RFC 1035, section 3.5; RFC 3596, section 2.5)', () => {
    expect(displayName(reverseName(Buffer.from([127, 64, 0, 1])))).toBe('1.0.64.127.in-addr.arpa')
    expect(displayName(reverseName(addressBytes('fd00::b') as Buffer))).toBe(`b.${'0.'.repeat(29)}d.f.ip6.arpa`)
  })
})
