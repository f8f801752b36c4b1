import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { eventually, getRequest } from '../testing/raw-client.ts'
import { domain, routeEntry } from '../testing/start-gateway.ts'
import { type StartedSecureGateway, startSecureGateway } from '../testing/start-secure-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()
const host = `www-1001.${domain}`

interface Visitor {
  readonly socket: Socket
  text: string
  hasClosed: boolean
  wasReset: boolean
}

const connectOver = {
  HTTP: ({ gateway }: StartedSecureGateway) => connect(gateway.port, '127.0.0.1'),
  HTTPS: ({ port, ca }: StartedSecureGateway) => connectTls({ host: '127.0.0.1', port, servername: host, ca, ALPNProtocols: ['http/1.1'] }),
}
type Scheme = keyof typeof connectOver

const visit = async (secure: StartedSecureGateway, scheme: Scheme, request: string): Promise<Visitor> => {
  const socket = connectOver[scheme](secure)
  await once(socket, scheme === 'HTTP' ? 'connect' : 'secureConnect')
  const visitor: Visitor = { socket, text: '', hasClosed: false, wasReset: false }
  socket.on('data', (chunk) => {
    visitor.text += chunk.toString('latin1')
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    visitor.wasReset = error.code === 'ECONNRESET'
  })
  socket.on('close', () => {
    visitor.hasClosed = true
  })
  socket.write(request)
  return visitor
}

const post = (path: string, length: string) => `POST ${path} HTTP/1.1\r\nHost: ${host}\r\n${length}\r\n\r\n`

/** Reads bodies; sends without an end on `/endless`, begins to answer at once on `/early`, reads nothing on `/busy`. */
const startBoth = async (stallMs = 1_000) => {
  const secure = await use(startSecureGateway({ clientLimits: { stallMs } }))
  const upstream = await use(
    startHttpUpstream((req, res) => {
      res.on('error', () => {})
      if (req.url === '/busy') return
      req.resume()
      if (req.url === '/early') res.write('begun')
      else if (req.url === '/endless') {
        const fill = () => {
          while (res.write(Buffer.alloc(64 * 1024)));
        }
        res.on('drain', fill)
        fill()
      } else req.on('end', () => res.end('read'))
    }),
  )
  secure.gateway.router.put(routeEntry(1001, [upstream.port]))
  return { secure, gateway: secure.gateway, upstream }
}

describe.each(['HTTP', 'HTTPS'] as const)('A client of HTTP/1.1 over %s that stalls', (scheme) => {
  it.each([
    ['with a length', `${post('/', 'Content-Length: 100')}half`],
    ['in chunks', `${post('/', 'Transfer-Encoding: chunked')}4\r\nhalf\r\n`],
    ['of which nothing comes', post('/', 'Content-Length: 100')],
  ])('is answered with 408 where it keeps back a body %s (RFC 9110, section 15.5.9)', async (_, request) => {
    const { secure, gateway, upstream } = await startBoth()
    const visitor = await visit(secure, scheme, request)
    await eventually('the endpoint is let go', () => upstream.accepted() === 1 && upstream.sockets.size === 0)
    await eventually('it is answered', () => visitor.hasClosed)
    expect(visitor.text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
    expect(visitor.text).toContain('Connection: close')
    expect(visitor.text).toContain('"code":"request_timeout"')
    expect(gateway.ended.map(({ flag, status }) => [flag, status])).toEqual([['client_stalled', 408]])
    expect(gateway.activity.record(1001).open).toBe(0)
  })

  it('is reset where the answer to the body that it keeps back had begun', async () => {
    const { secure, gateway, upstream } = await startBoth()
    const visitor = await visit(secure, scheme, `${post('/early', 'Content-Length: 100')}half`)
    await eventually('it is closed', () => visitor.hasClosed)
    await eventually('the endpoint is let go', () => upstream.sockets.size === 0)
    expect(visitor.text).toContain('begun')
    expect(visitor.text).not.toContain('0\r\n\r\n')
    expect(gateway.ended.map(({ flag }) => flag)).toEqual(['client_stalled'])
  })

  it('is reset where it does not take its answer, and the endpoint is let go', async () => {
    const { secure, gateway, upstream } = await startBoth()
    const visitor = await visit(secure, scheme, getRequest(1001, '/endless'))
    visitor.socket.pause()
    await eventually('its exchange has ended', () => gateway.ended.length === 1)
    await eventually('the endpoint is let go', () => upstream.sockets.size === 0)
    await eventually('its connection is gone', () => gateway.listener.connections.size === 0)
    expect(gateway.ended[0]?.flag).toBe('client_stalled')
    visitor.socket.resume()
    await eventually('it hears of it', () => visitor.hasClosed)
    expect(visitor.wasReset).toBe(true)
  })

  it('is not held to be one where the endpoint is slow: to read the body, or to answer', async () => {
    const { secure, gateway } = await startBoth(2_000)
    const quiet = await visit(secure, scheme, `${post('/busy', 'Content-Length: 4')}body`)
    const blocked = await visit(secure, scheme, post('/busy', 'Content-Length: 100000000'))
    blocked.socket.write(Buffer.alloc(16 * 1024 * 1024))
    // Each piece comes within the limit, all of them do not.
    const trickling = await visit(secure, scheme, post('/', 'Content-Length: 8'))
    for (let i = 0; i < 8; i++) {
      await new Promise((resolve) => setTimeout(resolve, 400))
      trickling.socket.write('x')
    }
    await eventually('it is answered', () => trickling.text.endsWith('read'))
    expect([quiet.hasClosed, blocked.hasClosed, gateway.ended.length]).toEqual([false, false, 1])
    for (const { socket } of [quiet, blocked, trickling]) socket.destroy()
  })
})
