import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { formatEndpoint, parseEndpoint, refuseForbidden } from './endpoint-rules.ts'

describe('parseEndpoint', () => {
  it.each([
    ['127.0.0.1:80', '127.0.0.1:80'],
    ['localhost:80', '127.0.0.1:80'],
    ['[::1]:80', '[::1]:80'],
    ['[0:0:0:0:0:0:0:1]:80', '[::1]:80'],
    ['[::ffff:127.0.0.1]:80', '127.0.0.1:80'],
    ['[::ffff:7f00:1]:80', '127.0.0.1:80'],
    ['[FE80::1%lo]:80', '[fe80::1]:80'],
  ])('reads %s as %s', (text, normal) => expect(formatEndpoint(parseEndpoint(text))).toBe(normal))

  it.each(['127.0.0.1', '127.0.0.1:0', '127.0.0.1:65536', 'example.com:80', '::1:80', '127.1:80', '0x7f.0.0.1:80', '[::1]80', ':80', ''])(
    'refuses %o',
    (text) => expect(() => parseEndpoint(text)).toThrow(expect.objectContaining({ code: 'endpoint_refused' })),
  )
})

describe('refuseForbidden', () => {
  const refuses = (endpoint: string, ...reserved: string[]) => {
    try {
      refuseForbidden(parseEndpoint(endpoint), reserved.map(parseEndpoint))
      return false
    } catch (error) {
      expect(error).toMatchObject({ code: 'endpoint_refused' })
      return true
    }
  }

  it('keeps the platform from calling itself, by any address of this machine', () => {
    const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map((each) => each.address) ?? [])
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', ...own]) {
      const host = address.includes(':') ? `[${address}]` : address
      expect(refuses(`${host}:8080`, '127.0.0.1:8080'), address).toBe(true)
      expect(refuses(`${host}:8080`, '0.0.0.0:8080'), address).toBe(true)
      expect(refuses(`${host}:8081`, '127.0.0.1:8080'), address).toBe(false)
    }
  })

  it('leaves instances their ports, unless the platform listens on every address', () => {
    expect(refuses('127.64.0.1:8080', '127.0.0.1:8080')).toBe(false)
    expect(refuses('127.64.0.1:8080', '0.0.0.0:8080')).toBe(true)
    expect(refuses('127.64.0.1:8080', '127.64.0.1:8080')).toBe(true)
  })

  it('leaves other machines alone', () => expect(refuses('192.0.2.1:8080', '0.0.0.0:8080')).toBe(false))

  it.each([
    '0.0.0.0:80',
    '0.1.2.3:80',
    '[::]:80',
    '224.0.0.1:80',
    '[ff02::1]:80',
    '255.255.255.255:80',
    '169.254.169.254:80',
    '[fd00:ec2::254]:80',
  ])('refuses %s', (endpoint) => expect(refuses(endpoint)).toBe(true))
})
