import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { eventually, getRequest, openRaw, sendRaw } from '../testing/raw-client.ts'
import { domain, routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startHttp2Upstream, startHttpUpstream } from '../testing/upstream.ts'

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

  it.each(['http/1.1', 'h2c'] as const)('accounts for both bodies, and for the connection that it had to open: %s', async (protocol) => {
    const gateway = await use(startGateway())
    const answer = (req: Readable, res: { end: (text: string) => void }) => {
      req.resume()
      req.on('end', () => res.end('four'))
    }
    const upstream = await use(protocol === 'h2c' ? startHttp2Upstream(answer) : startHttpUpstream(answer))
    gateway.router.put(routeEntry(1001, [upstream.port], { policy: { protocol } }))
    for (const headers of [[], ['Transfer-Encoding', 'chunked']]) {
      await fetchThrough(gateway.port, 1001, { method: 'POST', body: 'x'.repeat(100_000), headers })
    }
    await eventually('both are accounted for', () => gateway.ended.length === 2)
    expect(gateway.ended.map(({ bytesReceived, bytesSent }) => [bytesReceived, bytesSent])).toEqual([
      [100_000, 4],
      [100_000, 4],
    ])
    expect(gateway.ended[0]?.connectMs).toBeGreaterThan(0)
    expect(gateway.ended[1]?.connectMs).toBe(0)
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
    let changedAt = performance.now()
    await eventually('the upstream comes to a halt', () => {
      const halted = written > 0 && written === before && performance.now() - changedAt > 300
      if (written !== before) changedAt = performance.now()
      before = written
      return halted
    })
    expect(written).toBeLessThan(64 * 1024 * 1024)
    client.destroy()
  })

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
