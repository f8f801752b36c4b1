import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { cleanup } from './testing/cleanup.ts'
import { fetchThrough } from './testing/fetch-through.ts'
import { eventually, getRequest, openRaw, sendRaw } from './testing/raw-client.ts'
import { domain, routeEntry, startGateway } from './testing/start-gateway.ts'
import { startHttpUpstream, startRawUpstream } from './testing/upstream.ts'

const use = cleanup()

describe('Proxy', () => {
  it('passes method, path, query bytes, body and status on', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startHttpUpstream((req, res) => {
        const chunks: Buffer[] = []
        req.on('data', (chunk: Buffer) => chunks.push(chunk))
        req.on('end', () => {
          res.writeHead(201, 'Made It')
          res.end(`${req.method} ${req.url} ${Buffer.concat(chunks).toString()}`)
        })
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const path = '/a//b/../c%2F%zz;x?q=a+b%20c&&=&q=2'
    const answer = await fetchThrough(gateway.port, 1001, { method: 'PATCH', path, body: 'hello' })
    expect(answer.status).toBe(201)
    expect(answer.body).toBe(`PATCH ${path} hello`)
    expect(gateway.ended[0]).toMatchObject({ status: 201, flag: '', phase: 'ended' })
  })

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
        TE: 'trailers',
        'Proxy-Connection': 'keep-alive',
        'Proxy-Authorization': 'Basic x',
        Proxy: 'http://evil',
        'X-Kept': 'yes',
      },
    })
    for (const gone of ['x-hop', 'cookie', 'keep-alive', 'te', 'proxy-connection', 'proxy-authorization', 'proxy', 'trailer', 'upgrade']) {
      expect(seen[gone], gone).toBeUndefined()
    }
    expect(seen['x-kept']).toBe('yes')
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

  it('answers 508 where a request comes round to the gateway again (RFC 9110, section 7.6.3)', async () => {
    const gateway = await use(startGateway())
    const other = await use(startGateway({ pseudonym: 'standin-other' }))
    gateway.router.put(routeEntry(1001, [other.port]))
    other.router.put(routeEntry(1001, [gateway.port]))
    const answer = await fetchThrough(gateway.port, 1001)
    expect(answer.status).toBe(508)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'loop_detected', status: 508 })
  })

  it('never sends traffic to its own listeners, nor to those it was told of, by address or by name', async () => {
    const gateway = await use(startGateway())
    const control = await use(startHttpUpstream((_, res) => res.end('control')))
    gateway.refused.set('the control plane', [`http://127.0.0.1:${control.port}`])
    gateway.router.put(routeEntry(1001, [gateway.port]))
    gateway.router.put(routeEntry(1002, [control.port]))
    gateway.router.put(routeEntry(1003, [control.port], { address: 'localhost' }))
    gateway.router.put(routeEntry(1004, [control.port], { address: '0.0.0.0' }))
    gateway.router.put(routeEntry(1005, [control.port], { address: '::ffff:127.0.0.1' }))
    for (const id of [1001, 1002, 1003, 1004, 1005]) {
      const answer = await fetchThrough(gateway.port, id)
      expect(JSON.parse(answer.body), String(id)).toMatchObject({ code: 'endpoint_refused' })
    }
    expect(control.accepted()).toBe(0)
  })

  it('takes the endpoints of a pool in turn', async () => {
    const gateway = await use(startGateway())
    const upstreams = await Promise.all(['a', 'b', 'c'].map((name) => use(startHttpUpstream((_, res) => res.end(name)))))
    gateway.router.put(
      routeEntry(
        1001,
        upstreams.map((upstream) => upstream.port),
      ),
    )
    const names = []
    for (let i = 0; i < 6; i++) names.push((await fetchThrough(gateway.port, 1001)).body)
    expect(names.slice(0, 3).sort()).toEqual(['a', 'b', 'c'])
    expect(names.slice(3)).toEqual(names.slice(0, 3))
  })

  it('keeps the connections of an endpoint that stays in its pool and drains one that leaves', async () => {
    const gateway = await use(startGateway())
    const staying = await use(startHttpUpstream((_, res) => res.end('staying')))
    let finish: (() => void) | undefined
    const leaving = await use(
      startHttpUpstream((_, res) => {
        res.write('begun ')
        finish = () => res.end('and finished')
      }),
    )
    gateway.router.put(routeEntry(1001, [staying.port, leaving.port], { revision: 1 }))
    const slow = Promise.all([fetchThrough(gateway.port, 1001), fetchThrough(gateway.port, 1001)])
    await eventually('one is under way, the other is done', () => finish !== undefined && gateway.ended.length === 1)
    gateway.router.put(routeEntry(1001, [staying.port], { revision: 2 }))
    await fetchThrough(gateway.port, 1001)
    expect(staying.accepted()).toBe(1)
    expect(gateway.upstreams.size).toBe(1)
    finish?.()
    const bodies = (await slow).map((answer) => answer.body).sort()
    expect(bodies).toEqual(['begun and finished', 'staying'])
    await eventually('the drained endpoint has no connection left', () => leaving.sockets.size === 0)
  })

  it('takes an address with another generation for another endpoint', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(startHttpUpstream((_, res) => res.end('ok')))
    gateway.router.put(routeEntry(1001, [upstream.port], { generation: 1 }))
    await fetchThrough(gateway.port, 1001)
    gateway.router.put(routeEntry(1001, [upstream.port], { generation: 2, revision: 2 }))
    await fetchThrough(gateway.port, 1001)
    expect(upstream.accepted()).toBe(2)
  })

  it('tries the next endpoint once where nothing was sent, also for a request with a body', async () => {
    const gateway = await use(startGateway())
    const dead = await startHttpUpstream(() => {})
    await dead[Symbol.asyncDispose]()
    const upstream = await use(
      startHttpUpstream((req, res) => {
        req.pipe(res)
      }),
    )
    gateway.router.put(routeEntry(1001, [dead.port, upstream.port]))
    for (let i = 0; i < 4; i++) {
      const answer = await fetchThrough(gateway.port, 1001, { method: 'POST', body: `order ${i}` })
      expect(answer).toMatchObject({ status: 200, body: `order ${i}` })
    }
    expect(gateway.ended.map((exchange) => exchange.retries).sort()).toEqual([0, 0, 1, 1])
  })

  it('answers 502 where nothing listens, and says what to do', async () => {
    const gateway = await use(startGateway())
    const dead = await startHttpUpstream(() => {})
    await dead[Symbol.asyncDispose]()
    gateway.router.put(routeEntry(1001, [dead.port]))
    const answer = await fetchThrough(gateway.port, 1001)
    expect(answer.status).toBe(502)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'upstream_failed', detail: expect.stringContaining('web-1 of environment 1001') })
  })

  it('sends a request without body once more when the reused connection had died, and only then', async () => {
    const gateway = await use(startGateway())
    let requests = 0
    const upstream = await use(
      startRawUpstream((socket) => {
        let first = true
        socket.on('data', () => {
          requests++
          // Each connection serves one request and dies under the second.
          if (first) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
          else socket.resetAndDestroy()
          first = false
        })
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    expect((await fetchThrough(gateway.port, 1001)).status).toBe(200)
    expect((await fetchThrough(gateway.port, 1001)).status).toBe(200)
    expect(requests).toBe(3)
    expect(gateway.ended[1]?.retries).toBe(1)
  })

  it('never sends a POST twice: it may have been carried out', async () => {
    const gateway = await use(startGateway())
    let requests = 0
    const upstream = await use(
      startRawUpstream((socket) => {
        let first = true
        socket.on('data', () => {
          requests++
          if (first) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
          else socket.resetAndDestroy()
          first = false
        })
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    expect((await fetchThrough(gateway.port, 1001)).status).toBe(200)
    expect((await fetchThrough(gateway.port, 1001, { method: 'POST' })).status).toBe(502)
    expect(requests).toBe(2)
  })

  it('does not repeat a request that a fresh connection died under', async () => {
    const gateway = await use(startGateway())
    let requests = 0
    const upstream = await use(
      startRawUpstream((socket) => {
        socket.on('data', () => {
          requests++
          socket.destroy()
        })
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    expect((await fetchThrough(gateway.port, 1001)).status).toBe(502)
    expect(requests).toBe(1)
  })

  it('closes the upstream of a client that goes away: before, during and after the answer begins', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startHttpUpstream((req, res) => {
        if (req.url === '/silent') return
        res.write('begun')
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const clients: Socket[] = []
    for (const path of ['/silent', '/streams', '/silent', '/streams']) {
      const client = await openRaw(gateway.port)
      client.on('error', () => {})
      client.write(getRequest(1001, path))
      clients.push(client)
    }
    const uploading = await openRaw(gateway.port)
    uploading.write(`POST /silent HTTP/1.1\r\nHost: www-1001.${domain}\r\nContent-Length: 100\r\n\r\nhalf`)
    clients.push(uploading)
    // Both of a pipeline, though only the first one's answer is being written.
    const pipelining = await openRaw(gateway.port)
    pipelining.write(getRequest(1001, '/silent') + getRequest(1001, '/silent'))
    clients.push(pipelining)
    await eventually('all seven requests have arrived', () => upstream.sockets.size === 7)
    const left = performance.now()
    for (const [index, client] of clients.entries()) index % 2 === 0 ? client.destroy() : client.resetAndDestroy()
    await eventually('no upstream socket is left', () => upstream.sockets.size === 0)
    expect(performance.now() - left).toBeLessThan(2_000)
    await eventually('all are accounted for', () => gateway.ended.length === 7)
    expect(new Set(gateway.ended.map((exchange) => exchange.flag))).toEqual(new Set(['client_gone']))
    expect(gateway.activity.record(1001).open).toBe(0)
  })

  it.each([
    ['a body with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', false],
    ['a body in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', false],
    ['a body in chunks, by a reset', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', true],
    ['a body that ends with the connection, by a reset', 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf', true],
  ])('resets the client where the upstream dies in %s', async (_, head, reset) => {
    const gateway = await use(startGateway())
    let dying: Socket | undefined
    const upstream = await use(
      startRawUpstream((socket) => {
        socket.once('data', () => {
          socket.write(head)
          dying = socket
        })
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const answer = await sendRaw(gateway.port, getRequest(1001), (text) => {
      if (text.includes('half')) reset ? dying?.resetAndDestroy() : dying?.destroy()
      return false
    })
    expect(answer.wasReset).toBe(true)
    expect(answer.text).not.toMatch(/0\r\n\r\n$/)
    expect(gateway.ended[0]?.flag).toBe('upstream_cut')
  })

  it('passes a body on that ends with the connection', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startRawUpstream((socket) => {
        socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nwhole'))
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    expect((await fetchThrough(gateway.port, 1001)).body).toBe('whole')
  })

  it.each([
    ['garbage', 'nonsense\r\n\r\n'],
    ['both lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
    ['a coding that we do not know', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
    ['an upgrade that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
  ])('answers 502 to an upstream that sends %s', async (_, bytes) => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startRawUpstream((socket) => {
        socket.once('data', () => socket.write(bytes))
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const answer = await fetchThrough(gateway.port, 1001)
    expect(answer.status).toBe(502)
    await eventually('its connection is not used again', () => upstream.sockets.size === 0)
  })

  it('sends the head of a stream, and each event of it, at once', async () => {
    const gateway = await use(startGateway())
    let send: ((text: string) => void) | undefined
    const upstream = await use(
      startHttpUpstream((_, res) => {
        res.writeHead(200, { 'content-type': 'text/event-stream' })
        res.flushHeaders()
        send = (text) => void res.write(text)
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const client = await openRaw(gateway.port)
    let text = ''
    client.on('data', (chunk) => {
      text += chunk.toString()
    })
    client.write(getRequest(1001))
    await eventually('the head arrives before any event', () => text.includes('text/event-stream'))
    for (const event of ['data: one\n\n', 'data: two\n\n']) {
      send?.(event)
      await eventually(`${JSON.stringify(event)} arrives`, () => text.includes(event))
    }
    expect(gateway.activity.record(1001).open).toBe(1)
    client.destroy()
  })

  it('passes a megabyte each way at once, unchanged, to readers and writers who pause', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startHttpUpstream((req, res) => {
        req.pipe(res)
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const body = randomBytes(1024 * 1024)
    const client = await openRaw(gateway.port)
    client.write(`POST / HTTP/1.1\r\nHost: www-1001.${domain}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`)
    client.pause()
    client.write(body)
    await new Promise((resolve) => setTimeout(resolve, 50))
    const chunks: Buffer[] = []
    client.on('data', (chunk) => chunks.push(chunk))
    client.resume()
    await once(client, 'close')
    const received = Buffer.concat(chunks).toString('latin1')
    expect(received).toMatch(/^HTTP\/1.1 200 OK\r\n/)
    const decoded = decodeChunked(received.slice(received.indexOf('\r\n\r\n') + 4))
    expect(hash(decoded)).toBe(hash(body))
  })

  it('stops reading from the upstream while the client does not read', async () => {
    const gateway = await use(startGateway())
    let written = 0
    const upstream = await use(
      startHttpUpstream((_, res) => {
        const chunk = Buffer.alloc(256 * 1024)
        const write = () => {
          while (written < 512 * 1024 * 1024) {
            written += chunk.length
            if (!res.write(chunk)) {
              res.once('drain', write)
              return
            }
          }
          res.end()
        }
        write()
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const client = await openRaw(gateway.port)
    client.write(getRequest(1001))
    client.pause()
    let before = -1
    await eventually('the upstream comes to a halt', () => {
      const halted = written > 0 && written === before && performance.now() - changedAt > 300
      if (written !== before) changedAt = performance.now()
      before = written
      return halted
    })
    expect(written).toBeLessThan(64 * 1024 * 1024)
    client.destroy()
  })
  let changedAt = performance.now()

  it('lets a client see an answer that comes before its body was read', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startHttpUpstream((_, res) => {
        res.writeHead(413)
        res.end('too much')
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const client = await openRaw(gateway.port)
    let text = ''
    client.on('data', (chunk) => {
      text += chunk.toString()
    })
    const size = 4 * 1024 * 1024
    client.write(`POST / HTTP/1.1\r\nHost: www-1001.${domain}\r\nContent-Length: ${size}\r\n\r\n`)
    client.write(Buffer.alloc(size - 1))
    await eventually('the answer arrives', () => text.includes('too much'))
    // What is left of the body is not taken for a request: the connection goes on with the next one.
    client.write(`x${getRequest(4711)}`)
    await eventually('the next request is answered', () => text.includes('route_not_found'))
    client.destroy()
  })

  it('answers HEAD, 204 and 304 without a body and keeps the client connection', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startHttpUpstream((req, res) => {
        if (req.url === '/204') res.writeHead(204)
        else if (req.url === '/304') res.writeHead(304, { etag: '"1"' })
        else res.writeHead(200, { 'content-length': '5' })
        res.end(req.method === 'HEAD' || req.url !== '/' ? undefined : 'hello')
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const head = `HEAD / HTTP/1.1\r\nHost: www-1001.${domain}\r\n\r\n`
    const { text } = await sendRaw(
      gateway.port,
      head + getRequest(1001, '/204') + getRequest(1001, '/304') + getRequest(1001, '/'),
      (received) => received.endsWith('hello'),
    )
    expect(text.match(/^HTTP\/1\.1 [0-9]{3}/gm)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 204', 'HTTP/1.1 304', 'HTTP/1.1 200'])
    expect(text.match(/content-length: 5/gi)).toHaveLength(2)
  })

  it('passes trailers on', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startHttpUpstream((_, res) => {
        res.writeHead(200, { trailer: 'X-Sum' })
        res.write('body')
        res.addTrailers({ 'X-Sum': '42' })
        res.end()
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const answer = await fetchThrough(gateway.port, 1001)
    expect(answer.body).toBe('body')
    expect(answer.trailers).toEqual({ 'x-sum': '42' })
  })
})

const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

const decodeChunked = (text: string): Buffer => {
  const parts: string[] = []
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    if (size === 0 || Number.isNaN(size)) return Buffer.from(parts.join(''), 'latin1')
    parts.push(text.slice(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}
