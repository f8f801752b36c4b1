import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { cleanup } from '../testing/cleanup.ts'
import { eventually, openRaw, sendRaw } from '../testing/raw-client.ts'
import { domain, routeEntry, startGateway } from '../testing/start-gateway.ts'
import { deadPort, startHttpUpstream, startRawUpstream } from '../testing/upstream.ts'

const use = cleanup()

const startEcho = async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: (protocols) => [...protocols][0] ?? false })
  await once(server, 'listening')
  const heads: IncomingMessage[] = []
  server.on('connection', (socket, req) => {
    heads.push(req)
    socket.on('message', (data, binary) => socket.send(data, { binary }))
  })
  return {
    server,
    heads,
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const client of server.clients) client.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const open = (port: number, environment: number, path = '/', protocols: string[] = []) =>
  new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers: { host: `www-${environment}.${domain}` } })

const handshake = (environment: number) =>
  `GET /ws HTTP/1.1\r\nHost: www-${environment}.${domain}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`

describe('WebSocket', () => {
  it('passes messages of any size both ways, with path, protocol and the forwarded headers', async () => {
    const gateway = await use(startGateway())
    const echo = await use(startEcho())
    gateway.router.put(routeEntry(1001, [echo.port]))
    const client = open(gateway.port, 1001, '/chat?room=1', ['v2', 'v1'])
    await once(client, 'open')
    expect(client.protocol).toBe('v2')
    const large = randomBytes(3 * 1024 * 1024)
    for (const message of [Buffer.from('hello'), large]) {
      client.send(message)
      const [data] = await once(client, 'message')
      expect(message.equals(data as Buffer)).toBe(true)
    }
    expect(echo.heads[0]?.url).toBe('/chat?room=1')
    expect(echo.heads[0]?.headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', via: '1.1 standin-test' })
    expect(gateway.activity.record(1001).open).toBe(1)
    client.close(4001, 'done')
    const [code, reason] = await once(client, 'close')
    expect([code, String(reason)]).toEqual([4001, 'done'])
    await eventually('it is accounted for', () => gateway.ended.length === 1)
    expect(gateway.ended[0]).toMatchObject({ status: 101, flag: '' })
    expect(gateway.ended[0]?.bytesSent).toBeGreaterThan(large.length)
    expect(gateway.ended[0]?.bytesReceived).toBeGreaterThan(large.length)
    expect(gateway.ended[0]?.connectMs).toBeGreaterThan(0)
    expect(gateway.activity.record(1001)).toMatchObject({ open: 0, method: 'WebSocket' })
    await eventually('no upstream connection is left', () => echo.server.clients.size === 0)
  })

  it('passes on what either side sends right behind its handshake', async () => {
    const gateway = await use(startGateway())
    let received = ''
    const upstream = await use(
      startRawUpstream((socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 101 Sure\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Kept: 1\r\n\r\nfrom upstream')
          socket.on('data', (chunk) => {
            received += chunk
          })
        })
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const client = await openRaw(gateway.port)
    let text = ''
    client.on('data', (chunk) => {
      text += chunk
    })
    client.write(`${handshake(1001)}from client`)
    await eventually('both have come through', () => text.endsWith('from upstream') && received === 'from client')
    expect(text).toMatch(/^HTTP\/1\.1 101 Sure\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Kept: 1\r\n\r\n/)
    client.destroy()
    await eventually('no upstream connection is left', () => upstream.sockets.size === 0)
  })

  it('sends the upstream nothing before it has agreed', async () => {
    const gateway = await use(startGateway())
    let received = ''
    let agree: (() => void) | undefined
    const upstream = await use(
      startRawUpstream((socket) => {
        socket.on('data', (chunk) => {
          received += chunk
        })
        agree = () => void socket.write('HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const client = await openRaw(gateway.port)
    client.write(`${handshake(1001)}early`)
    client.resume()
    await eventually('the handshake is there', () => received.includes('\r\n\r\n'))
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(received).toMatch(/\r\n\r\n$/)
    agree?.()
    await eventually('the rest follows', () => received.endsWith('\r\n\r\nearly'))
    client.destroy()
  })

  it('relays a refusal as it is', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startHttpUpstream((_, res) => {
        res.writeHead(403, 'Not You', { 'x-why': 'because', 'content-type': 'text/plain' })
        res.end('go away')
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const { text } = await sendRaw(gateway.port, handshake(1001))
    expect(text).toMatch(/^HTTP\/1\.1 403 Not You\r\n/)
    expect(text).toMatch(/\r\nx-why: because\r\n/)
    expect(text).toContain('go away')
    await eventually('no upstream connection is left', () => upstream.sockets.size === 0)
    expect(gateway.ended[0]).toMatchObject({ status: 403, flag: '' })
  })

  it('answers 502 where nothing listens, after it has tried another endpoint', async () => {
    const gateway = await use(startGateway())
    const echo = await use(startEcho())
    gateway.router.put(routeEntry(1001, [deadPort]))
    gateway.router.put(routeEntry(1002, [deadPort, echo.port]))
    const { text } = await sendRaw(gateway.port, handshake(1001))
    expect(text).toMatch(/^HTTP\/1\.1 502 /)
    expect(text).toContain('"code":"upstream_failed"')
    for (let i = 0; i < 2; i++) {
      const client = open(gateway.port, 1002)
      await once(client, 'open')
      client.terminate()
    }
  })

  it.each([
    ['404 for an unknown host', 4711, 404],
    ['503 for an environment that is stopped', 1002, 503],
    ['503 where no instance takes traffic', 1003, 503],
    ['the problem where the endpoint is one of ours', 1004, 422],
  ])('answers %s', async (_, environment, status) => {
    const gateway = await use(startGateway())
    gateway.router.put(routeEntry(1002, [], { state: 'stopped' }))
    gateway.router.put(routeEntry(1003, []))
    gateway.router.put(routeEntry(1004, [gateway.port]))
    const { text } = await sendRaw(gateway.port, handshake(environment))
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  })

  it.each([
    ['answers with something else', 'HTTP/1.1 101 OK\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n'],
    ['answers with garbage', 'nonsense\r\n\r\n'],
    ['closes', ''],
  ])('answers 502 where the upstream %s', async (_, answer) => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startRawUpstream((socket) => socket.once('data', () => (answer === '' ? socket.destroy() : socket.write(answer)))),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const { text } = await sendRaw(gateway.port, handshake(1001))
    expect(text).toMatch(/^HTTP\/1\.1 502 /)
    await eventually('no upstream connection is left', () => upstream.sockets.size === 0)
  })

  it('closes each side when the other goes, however it goes', async () => {
    const gateway = await use(startGateway())
    const upstreamSockets: Socket[] = []
    const upstream = await use(
      startRawUpstream((socket) => {
        upstreamSockets.push(socket)
        socket.once('data', () => socket.write('HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'))
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const openOne = async () => {
      const client = await openRaw(gateway.port)
      const how = { reset: false, closed: false }
      client.on('error', () => {
        how.reset = true
      })
      client.on('close', () => {
        how.closed = true
      })
      const before = upstreamSockets.length
      client.write(handshake(1001))
      await once(client, 'data')
      return { client, how, upstream: upstreamSockets[before] as Socket }
    }
    const [ends, resets, upstreamEnds, upstreamResets] = [await openOne(), await openOne(), await openOne(), await openOne()]
    ends.client.end()
    resets.client.resetAndDestroy()
    upstreamEnds.upstream.end()
    upstreamResets.upstream.resetAndDestroy()
    await eventually('every socket is closed', () => upstream.sockets.size === 0 && gateway.ended.length === 4)
    await eventually('the clients see it', () => upstreamEnds.how.closed && upstreamResets.how.closed)
    expect(upstreamEnds.how.reset).toBe(false)
    expect(upstreamResets.how.reset).toBe(true)
    expect(gateway.activity.record(1001).open).toBe(0)
  })

  it('is closed when the gateway has drained for long enough', async () => {
    const gateway = await use(startGateway())
    const echo = await use(startEcho())
    gateway.router.put(routeEntry(1001, [echo.port]))
    const client = open(gateway.port, 1001)
    await once(client, 'open')
    const closed = once(client, 'close')
    await gateway.listener.drain(100)
    expect((await closed)[0]).toBe(1006)
    await eventually('no upstream connection is left', () => echo.server.clients.size === 0)
  })

  it('is closed when its endpoint has left the pool for long enough', async () => {
    const gateway = await use(startGateway())
    const echo = await use(startEcho())
    gateway.router.put(routeEntry(1001, [echo.port]))
    const client = open(gateway.port, 1001)
    await once(client, 'open')
    const closed = once(client, 'close')
    await gateway.router.find(`www-1001.${domain}`)?.pool.upstreams[0]?.drain(100)
    await closed
    await eventually('no upstream connection is left', () => echo.server.clients.size === 0)
  })

  it('leaves nothing behind of a client that goes away during the handshake', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(startRawUpstream((socket) => socket.resume()))
    gateway.router.put(routeEntry(1001, [upstream.port]))
    for (const leave of [
      (client: Socket) => client.destroy(),
      (client: Socket) => client.end(),
      (client: Socket) => client.resetAndDestroy(),
    ]) {
      const client = await openRaw(gateway.port)
      client.on('error', () => {})
      client.write(handshake(1001))
      await eventually('the handshake is under way', () => upstream.sockets.size === 1)
      leave(client)
      await eventually('no upstream connection is left', () => upstream.sockets.size === 0)
    }
    await eventually('all are accounted for', () => gateway.ended.length === 3)
    expect(gateway.ended.map((exchange) => exchange.flag)).toEqual(['client_gone', 'client_gone', 'client_gone'])
  })
})
