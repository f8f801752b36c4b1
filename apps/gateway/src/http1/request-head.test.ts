import { describe, expect, it } from 'vitest'
import { BodyKind } from '../http/client-stream.ts'
import { type Http1RequestHead, MalformedHead, parseRequestHead } from './request-head.ts'

const parse = (head: string) => parseRequestHead(head, 0, head.indexOf('\r\n\r\n'))
const accepted = (head: string) => parse(`${head}\r\n\r\n`) as Http1RequestHead
const why = (head: string) => {
  const outcome = parse(`${head}\r\n\r\n`)
  return outcome instanceof MalformedHead ? outcome.why : 'accepted'
}

describe('parseRequestHead', () => {
  it('reads method, target, version and fields', () => {
    expect(accepted('GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-A:  1 ')).toMatchObject({
      method: 'GET',
      target: '/a?b=c',
      version: '1.1',
      raw: ['Host', 'x', 'X-A', '1'],
      bodyKind: BodyKind.none,
      contentLength: 0,
      keepAlive: true,
    })
    expect(accepted('M-SEARCH http://x:80/ HTTP/1.0')).toMatchObject({ method: 'M-SEARCH', version: '1.0', raw: [], keepAlive: false })
    expect(accepted('OPTIONS /"<>\\^`{|} HTTP/1.1').target).toBe('/"<>\\^`{|}')
  })

  it('finds what delimits the body (RFC 9112, section 6.3)', () => {
    expect(accepted('GET / HTTP/1.1\r\ncontent-length: 0012')).toMatchObject({ bodyKind: BodyKind.length, contentLength: 12 })
    expect(accepted('POST / HTTP/1.1\r\nContent-Length: 0')).toMatchObject({ bodyKind: BodyKind.none, contentLength: 0 })
    expect(accepted('POST / HTTP/1.1\r\nTransfer-Encoding: Chunked')).toMatchObject({ bodyKind: BodyKind.stream, contentLength: -1 })
  })

  it('knows whether the connection goes on (RFC 9112, section 9.3)', () => {
    expect(accepted('GET / HTTP/1.1\r\nConnection: keep-alive').keepAlive).toBe(true)
    expect(accepted('GET / HTTP/1.1\r\nConnection: X, Close').keepAlive).toBe(false)
    expect(accepted('GET / HTTP/1.1\r\nConnection: close\r\nConnection: keep-alive').keepAlive).toBe(false)
    expect(accepted('GET / HTTP/1.1\r\nConnection: disclose').keepAlive).toBe(true)
    expect(accepted('GET / HTTP/1.0\r\nConnection: Keep-Alive').keepAlive).toBe(true)
  })

  it('knows who waits for a 100 (RFC 9110, section 10.1.1)', () => {
    expect(accepted('PUT / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 1').expectsContinue).toBe(true)
    expect(accepted('PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1').expectsContinue).toBe(false)
    expect(accepted('GET / HTTP/1.1\r\nExpect: 100-continue').expectsContinue).toBe(false)
  })

  it.each([
    ['GET  / HTTP/1.1', 'first line'],
    ['GET /a b HTTP/1.1', 'HTTP/1.0 and'],
    ['GET /\tb HTTP/1.1', 'first line'],
    ['GET /caf\u00e9 HTTP/1.1', 'first line'],
    ['GET /#a HTTP/1.1', 'first line'],
    ['GET /', 'first line'],
    ['GET', 'first line'],
    ['', 'first line'],
    [' GET / HTTP/1.1', 'method'],
    ['get / HTTP/1.1', 'method'],
    ['GET\t/ HTTP/1.1', 'method'],
    ['NONSENSE / HTTP/1.1', 'method'],
    ['CONNECT a:80 HTTP/1.1', 'forward proxy'],
    ['PRI * HTTP/2.0', 'method'],
    ['GET * HTTP/1.1', 'neither a path'],
    ['GET a.b/ HTTP/1.1', 'neither a path'],
    ['GET ftp://a/ HTTP/1.1', 'neither a path'],
    ['GET http:/// HTTP/1.1', 'neither a path'],
    ['GET http://u@h/ HTTP/1.1', 'neither a path'],
    ['GET / HTTP/1.2', 'HTTP/1.0 and'],
    ['GET / HTTP/2.0', 'HTTP/1.0 and'],
    ['GET / http/1.1', 'HTTP/1.0 and'],
    ['GET / HTTP/1.1 ', 'HTTP/1.0 and'],
    ['GET / HTTP/1.11', 'HTTP/1.0 and'],
    ['GET / HTTP/1.1\nHost: a', 'HTTP/1.0 and'],
    ['GET / HTTP/1.1\r\nHost : a', 'header lines'],
    ['GET / HTTP/1.1\r\n Host: a', 'header lines'],
  ])('refuses %j (RFC 9112, section 3)', (head, reason) => {
    expect(why(head)).toContain(reason)
  })

  it.each([
    ['Content-Length: 1\r\nContent-Length: 1', 'more than one Content-Length'],
    ['Content-Length: 1\r\nTransfer-Encoding: chunked', 'both'],
    ['Content-Length: 1, 1', 'not one number'],
    ['Content-Length: ', 'not one number'],
    ['Content-Length: -1', 'not one number'],
    ['Content-Length: 0x1', 'not one number'],
    ['Content-Length: 9999999999999999', 'not one number'],
    ['Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', 'transfer coding'],
    ['Transfer-Encoding: chunked, chunked', 'transfer coding'],
    ['Transfer-Encoding: gzip, chunked', 'transfer coding'],
    ['Transfer-Encoding: identity', 'transfer coding'],
    ['Transfer-Encoding: ', 'transfer coding'],
  ])('refuses %j, whatever the method (RFC 9112, section 6)', (fields, reason) => {
    for (const method of ['GET', 'POST']) expect(why(`${method} / HTTP/1.1\r\n${fields}`)).toContain(reason)
  })

  it('refuses Transfer-Encoding in HTTP/1.0 (RFC 9112, section 6.1)', () => {
    expect(why('POST / HTTP/1.0\r\nTransfer-Encoding: chunked')).toContain('needs HTTP/1.1')
  })

  it('refuses more header lines than anybody sends', () => {
    const lines = (count: number) => Array.from({ length: count }, (_, index) => `X-${index}: 1`).join('\r\n')
    expect(accepted(`GET / HTTP/1.1\r\n${lines(200)}`).raw).toHaveLength(400)
    expect(parse(`GET / HTTP/1.1\r\n${lines(201)}\r\n\r\n`)).toMatchObject({ status: 431 })
  })
})
