import { describe, expect, it } from 'vitest'
import { classifyRequestHeader, classifyResponseHeader, connectionNamed, HeaderClass, removeNamed } from './headers.ts'

describe('classifyRequestHeader', () => {
  it.each(['Keep-Alive', 'Trailer', 'Proxy-Connection', 'proxy-authorization', 'HTTP2-Settings', 'Proxy'])('drops %s', (name) => {
    expect(classifyRequestHeader(name)).toBe(HeaderClass.dropped)
  })

  it.each([
    'Accept',
    'Cookie',
    'Authorization',
    'Content-Type',
    'X-Forwarded',
    'X-Real-Thing',
    'Te2',
    'hose',
    'pro',
    'Upgrade-Insecure-Requests',
    'x',
  ])('passes %s on', (name) => {
    expect(classifyRequestHeader(name)).toBe(HeaderClass.endToEnd)
  })

  it.each([
    ['HOST', HeaderClass.host],
    ['Connection', HeaderClass.connection],
    ['uPGRADE', HeaderClass.upgrade],
    ['content-LENGTH', HeaderClass.contentLength],
    ['Transfer-encoding', HeaderClass.transferEncoding],
    ['Via', HeaderClass.via],
    ['X-Request-ID', HeaderClass.requestId],
    ['Expect', HeaderClass.expect],
    ['tE', HeaderClass.te],
    ['Forwarded', HeaderClass.forwarded],
    ['X-Forwarded-For', HeaderClass.forwarded],
    ['x-forwarded-proto', HeaderClass.forwarded],
    ['X-FORWARDED-HOST', HeaderClass.forwarded],
    ['X-Forwarded-Prefix', HeaderClass.forwarded],
    ['X-Real-IP', HeaderClass.forwarded],
  ] as const)('knows %s in any case', (name, expected) => {
    expect(classifyRequestHeader(name)).toBe(expected)
  })
})

describe('classifyResponseHeader', () => {
  it.each(['Keep-Alive', 'te', 'Trailer', 'Proxy-Connection', 'Proxy-Authenticate'])('drops %s', (name) => {
    expect(classifyResponseHeader(name)).toBe(HeaderClass.dropped)
  })
  it.each(['Set-Cookie', 'Location', 'Via', 'Content-Encoding', 'Host', 'Forwarded'])('passes %s on', (name) => {
    expect(classifyResponseHeader(name)).toBe(HeaderClass.endToEnd)
  })
})

describe('connectionNamed', () => {
  it('names what is for this connection only', () => {
    expect(connectionNamed('keep-alive')).toBeNull()
    expect(connectionNamed('Close')).toBeNull()
    expect(connectionNamed('Upgrade, Keep-Alive')).toBeNull()
    expect(connectionNamed('close, X-Hop ,, x-other')).toEqual(['x-hop', 'x-other'])
  })

  it('never names what frames or routes the message', () => {
    expect(connectionNamed('Host, Content-Length, Transfer-Encoding')).toBeNull()
  })
})

describe('removeNamed', () => {
  it('takes every pair of a name away and keeps the order of the rest', () => {
    const headers = ['host', 'a', 'X-Hop', '1', 'Accept', '*', 'x-hop', '2', 'Cookie', 'c']
    removeNamed(headers, ['x-hop'], 2)
    expect(headers).toEqual(['host', 'a', 'Accept', '*', 'Cookie', 'c'])
  })
})
