import { describe, expect, it } from 'vitest'
import { isOurselves } from './own-addresses.ts'
import { readUpstream, upstreamLabel } from './upstream-address.ts'

describe('upstream address', () => {
  it('is a numeric address, with a port or the usual one (RFC 1035, section 4.2; RFC 7858, section 3.1)', () => {
    const read = {
      '192.0.2.1': { address: '192.0.2.1', port: 53 },
      '192.0.2.1:5353': { address: '192.0.2.1', port: 5353 },
      '2001:db8::1': { address: '2001:db8::1', port: 53 },
      '[2001:db8::1]:5353': { address: '2001:db8::1', port: 5353 },
      'tls://192.0.2.1': { address: '192.0.2.1', port: 853, tls: {} },
      'tls://192.0.2.1#dns.example': { address: '192.0.2.1', port: 853, tls: { name: 'dns.example' } },
      'tls://[2001:db8::1]:8853#dns.example': { address: '2001:db8::1', port: 8853, tls: { name: 'dns.example' } },
    }
    for (const [text, upstream] of Object.entries(read)) expect(readUpstream(text)).toEqual(upstream)
  })

  it('is nothing else', () => {
    const wrong = ['', 'dns.example', '192.0.2.1:', '192.0.2.1:0', '192.0.2.1:65536', '192.0.2:53', '[192.0.2.1]:53', '2001:db8::1:99999']
    for (const text of [...wrong, 'tls://', 'tls://dns.example', 'tls://192.0.2.1#', 'tls://192.0.2.1#a b', 'https://192.0.2.1'])
      expect(readUpstream(text)).toBeUndefined()
  })

  it('has a label that tells it from others', () => {
    for (const text of ['192.0.2.1:53', '[2001:db8::1]:53', 'tls://192.0.2.1:853', 'tls://[2001:db8::1]:853#dns.example'])
      expect(upstreamLabel(readUpstream(text) as never)).toBe(text)
    expect(upstreamLabel({ address: '192.0.2.1', port: 53, sourceAddress: '192.0.2.9', sourcePort: 1053 })).toBe(
      '192.0.2.1:53@192.0.2.9#1053',
    )
  })

  it('is ours where we listen, under whatever address', () => {
    const at = (address: string, port = 5354) => ({ address, port })
    for (const [upstream, listen] of [
      ['127.0.0.1', '127.0.0.1'],
      ['::1', '0:0::1'],
      ['127.0.0.1', '0.0.0.0'],
      ['0.0.0.0', '0.0.0.0'],
      ['::1', '::'],
      ['127.0.0.1', '::'],
      ['::ffff:127.0.0.1', '127.0.0.1'],
    ] as const)
      expect(isOurselves(at(upstream), at(listen))).toBe(true)
    expect(isOurselves(at('127.0.0.2'), at('127.0.0.1'))).toBe(false)
    // systemd-resolved has its stub there, which no interface has and we do not listen on.
    expect(isOurselves(at('127.0.0.53'), at('0.0.0.0'))).toBe(false)
    expect(isOurselves(at('192.0.2.1'), at('0.0.0.0'))).toBe(false)
    expect(isOurselves(at('::1'), at('0.0.0.0'))).toBe(false)
    expect(isOurselves(at('127.0.0.1', 53), at('127.0.0.1'))).toBe(false)
  })
})
