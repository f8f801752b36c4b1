import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { domain, routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()

describe('Header rules', () => {
  it('strips what is for one connection, both ways (RFC 9110, section 7.6.1)', async () => {
    const gateway = await use(startGateway())
    let seen: IncomingMessage['headers'] = {}
    const upstream = await use(
      startHttpUpstream((req, res) => {
        seen = req.headers
        res.writeHead(200, [
          'Connection',
          'close, X-Upstream-Hop',
          'X-Upstream-Hop',
          '1',
          'Keep-Alive',
          'timeout=99',
          'Proxy-Authenticate',
          'Basic',
          'Trailer',
          'X-T',
          'Upgrade',
          'h2c',
          'X-Kept',
          'yes',
        ])
        res.end('ok')
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const answer = await fetchThrough(gateway.port, 1001, {
      headers: {
        Connection: 'close, X-Hop, Cookie',
        'X-Hop': '1',
        Cookie: 'a=1',
        'Keep-Alive': 'timeout=1',
        TE: 'gzip, trailers;q=0.5',
        'Proxy-Connection': 'keep-alive',
        'Proxy-Authorization': 'Basic x',
        Proxy: 'http://evil',
        'X-Kept': 'yes',
      },
    })
    for (const gone of ['x-hop', 'cookie', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'proxy', 'trailer', 'upgrade']) {
      expect(seen[gone], gone).toBeUndefined()
    }
    expect(seen['x-kept']).toBe('yes')
    // Ours: the endpoint may send trailers, since the client takes them (RFC 9110, section 10.1.4).
    expect([seen.te, seen.connection]).toEqual(['trailers', 'TE'])
    for (const gone of ['x-upstream-hop', 'proxy-authenticate', 'trailer', 'upgrade']) expect(answer.headers[gone], gone).toBeUndefined()
    expect(answer.headers['x-kept']).toBe('yes')
    expect(answer.headers['keep-alive']).not.toBe('timeout=99')
  })

  it('says where a request came from, whatever the client claims (RFC 7239)', async () => {
    const gateway = await use(startGateway())
    let seen: IncomingMessage['headers'] = {}
    const upstream = await use(
      startHttpUpstream((req, res) => {
        seen = req.headers
        res.end()
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const host = `WWW-1001.${domain}:${gateway.port}`
    await fetchThrough(gateway.port, 1001, {
      host,
      headers: {
        'X-Forwarded-For': '6.6.6.6',
        'X-Forwarded-Prefix': '/evil',
        'X-Real-IP': '6.6.6.6',
        Forwarded: 'for=6.6.6.6',
        Via: '1.1 someone',
        'X-Request-Id': 'mine-1',
      },
    })
    expect(seen).toMatchObject({
      host,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': host,
      'x-forwarded-proto': 'http',
      'x-forwarded-port': String(gateway.port),
      forwarded: `for=127.0.0.1;host="${host}";proto=http`,
      via: '1.1 someone, 1.1 standin-test',
      'x-request-id': 'mine-1',
    })
    expect(seen['x-forwarded-prefix']).toBeUndefined()
    expect(seen['x-real-ip']).toBeUndefined()
    expect(gateway.ended[0]?.id).toBe('mine-1')
  })

  it('keeps the order, case and repeats of headers, both ways', async () => {
    const gateway = await use(startGateway())
    let seen: string[] = []
    const sent = ['Set-Cookie', 'b=2; Path=/', 'X-One', '1', 'set-cookie', 'a=1', 'X-one', '2', 'Date', 'Sat, 01 Jan 2000 00:00:00 GMT']
    const upstream = await use(
      startHttpUpstream((req, res) => {
        seen = req.rawHeaders
        res.writeHead(200, [...sent, 'Content-Length', '0'])
        res.end()
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const mine = ['X-B', '1', 'Accept', 'text/x', 'x-b', '2', 'X-A', 'caf\u00e9', 'X-Empty', '']
    const answer = await fetchThrough(gateway.port, 1001, { headers: mine })
    const at = seen.indexOf('X-B')
    expect(seen.slice(at, at + mine.length)).toEqual(mine)
    expect(answer.rawHeaders.slice(0, sent.length)).toEqual(sent)
  })
})
