import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RoutePolicy } from '@standin/client'
import { describe, expect, it } from 'vitest'
import { type ProxiedClient, parseProxyHeader } from '../proxy-protocol/proxy-header.ts'
import { proxyLine } from '../proxy-protocol/proxy-preamble.ts'
import { cleanup } from '../testing/cleanup.ts'
import { eventually, getRequest, openRaw, sendRaw } from '../testing/raw-client.ts'
import { routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startHttp2Upstream, startRawUpstream } from '../testing/upstream.ts'

const use = cleanup()

const client: ProxiedClient = { address: '203.0.113.7', port: 51_234, localAddress: '192.0.2.1', localPort: 443 }
const from = (address: string, request: string) => proxyLine({ ...client, address }).toString('latin1') + request

/** Takes connections that begin with a PROXY header, and hands them on without it. */
const startBehindProxy = async (onClient: (socket: Socket) => void) => {
  const clients: (ProxiedClient | null)[] = []
  const first: string[] = []
  const upstream = await startRawUpstream((socket) => {
    socket.once('data', (chunk) => {
      socket.pause()
      const header = parseProxyHeader(chunk)
      if (header.kind !== 'complete') throw new Error(`no PROXY header: ${chunk.toString('latin1')}`)
      clients.push(header.client)
      first.push(chunk.toString('latin1', 0, header.length))
      if (chunk.length > header.length) socket.unshift(chunk.subarray(header.length))
      onClient(socket)
    })
  })
  return Object.assign(upstream, { clients, first })
}

/** Answers one request after the other, without ever closing. */
const answerAll = (socket: Socket) => void socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')).resume()

const policies: readonly RoutePolicy[] = [{ sendProxy: 'v1' }, { sendProxy: 'v2' }]

describe('a PROXY header for the endpoint', () => {
  it.each(policies)('tells it whom each connection comes from, and is never sent on behalf of two: $sendProxy', async (policy) => {
    const gateway = await use(startGateway({ proxies: ['127.0.0.1'] }))
    const upstream = await use(startBehindProxy(answerAll))
    gateway.router.put(routeEntry(1001, [upstream.port], { policy }))
    const get = getRequest(1001)
    const twice = (text: string) => text.split('\r\n\r\nok').length === 3
    await sendRaw(gateway.port, from('203.0.113.7', get + get), twice)
    await sendRaw(gateway.port, from('203.0.113.8', get), (text) => text.endsWith('ok'))
    expect(upstream.clients).toEqual([client, client, { ...client, address: '203.0.113.8' }])
    await eventually('no connection is kept', () => upstream.sockets.size === 0)
    expect(upstream.first.every((header) => header.startsWith('PROXY ') === (policy.sendProxy === 'v1'))).toBe(true)
  })

  it('shares no connection with a pool that has the same endpoint without it', async () => {
    const gateway = await use(startGateway())
    const received: string[] = []
    const upstream = await use(
      startRawUpstream((socket) =>
        socket.on('data', (chunk) => {
          received.push(chunk.toString('latin1'))
          if (chunk.includes('GET ')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        }),
      ),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    gateway.router.put(routeEntry(1002, [upstream.port], { policy: { sendProxy: 'v1' } }))
    for (const environment of [1001, 1002, 1001]) {
      await sendRaw(gateway.port, getRequest(environment), (text) => text.endsWith('ok'))
    }
    expect(received.filter((text) => text.startsWith('PROXY TCP4 127.0.0.1 127.0.0.1 '))).toHaveLength(1)
    expect(upstream.accepted()).toBe(2)
  })

  it('comes before the handshake of a WebSocket', async () => {
    const gateway = await use(startGateway({ proxies: ['127.0.0.1'] }))
    const upstream = await use(
      startBehindProxy((socket) => {
        socket.once('data', () => socket.write('HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello')).resume()
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port], { policy: { sendProxy: 'v2' } }))
    const handshake = getRequest(1001, '/', [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ])
    const { text } = await sendRaw(gateway.port, from('203.0.113.7', handshake), (text) => text.endsWith('hello'))
    expect(text).toMatch(/^HTTP\/1\.1 101 /)
    expect(upstream.clients).toEqual([client])
  })

  it.each(policies)('says of a health check that it is the gateway itself: $sendProxy', async (policy) => {
    const gateway = await use(startGateway())
    const upstream = await use(startBehindProxy(answerAll))
    gateway.router.put(routeEntry(1001, [upstream.port], { policy: { ...policy, health: { path: '/up', intervalMs: 100 } } }))
    await eventually('it was asked twice', () => upstream.clients.length >= 2)
    expect(upstream.clients.slice(0, 2)).toEqual([null, null])
    expect(gateway.router.environment(1001)?.targets[0]?.pool.upstreams[0]?.state).toBe('well')
  })

  it('begins each connection of HTTP/2, which has one request then', async () => {
    const gateway = await use(startGateway({ proxies: ['127.0.0.1'] }))
    const { port } = await use(startHttp2Upstream((req, res) => void res.end(`ok ${req.url}`)))
    const upstream = await use(
      startBehindProxy((socket) => {
        const behind = connect(port, '127.0.0.1').on('error', () => {})
        socket.pipe(behind).pipe(socket)
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port], { policy: { protocol: 'h2c', sendProxy: 'v2' } }))
    const answers = await Promise.all(
      ['203.0.113.7', '203.0.113.8', '203.0.113.9'].map((address) =>
        sendRaw(gateway.port, from(address, getRequest(1001, '/x')), (text) => text.includes('ok /x')),
      ),
    )
    expect(answers.every(({ text }) => text.startsWith('HTTP/1.1 200 '))).toBe(true)
    expect(upstream.clients.map((each) => each?.address).sort()).toEqual(['203.0.113.7', '203.0.113.8', '203.0.113.9'])
    await eventually('no connection is kept', () => upstream.sockets.size === 0)
    // The endpoint's side of a connection can close a turn before the gateway's.
    await eventually('none is counted', () => gateway.router.environment(1001)?.targets[0]?.pool.upstreams[0]?.connections === 0)
  })
})

const haproxy = '/usr/sbin/haproxy'

/** HAProxy, which answers with whom it believes a request to come from: one port for HTTP/1.1, one for HTTP/2. */
const startHaproxy = async () => {
  const sockets = [await listening(), await listening()]
  const folder = await mkdtemp(join(tmpdir(), 'standin-haproxy-'))
  const file = join(folder, 'haproxy.cfg')
  const bind = (descriptor: number, more: string) => `frontend on-${descriptor}
  bind fd@${descriptor} accept-proxy ${more}
  http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst] %[dst_port] %[req.ver]"
`
  await writeFile(file, `global\n  maxconn 100\ndefaults\n  mode http\n  timeout client 5s\n${bind(3, '')}${bind(4, 'proto h2')}`)
  const child = spawn(haproxy, ['-db', '-f', file], {
    stdio: ['ignore', 'ignore', 'inherit', ...sockets.map(({ descriptor }) => descriptor)],
  })
  for (const { server } of sockets) server.close()
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const [http1 = 0, h2c = 0] = sockets.map(({ port }) => port)
  return {
    http1,
    h2c,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A socket that listens, to be inherited: a port that is only named could be another's by then. */
const listening = async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle
  return { server, port: (server.address() as AddressInfo).port, descriptor: fd }
}

describe.skipIf(!existsSync(haproxy))('HAProxy as the endpoint', () => {
  it('understands both versions, in HTTP/1.1 and in HTTP/2', async () => {
    const gateway = await use(startGateway())
    const { http1, h2c } = await use(startHaproxy())
    gateway.router.put(routeEntry(1001, [http1], { policy: { sendProxy: 'v1' } }))
    gateway.router.put(routeEntry(1002, [http1], { policy: { sendProxy: 'v2' } }))
    gateway.router.put(routeEntry(1003, [h2c], { policy: { sendProxy: 'v1', protocol: 'h2c' } }))
    gateway.router.put(routeEntry(1004, [h2c], { policy: { sendProxy: 'v2', protocol: 'h2c' } }))
    for (const environment of [1001, 1002, 1003, 1004]) {
      const socket = await openRaw(gateway.port)
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk
      })
      const seen = () => /\r\n\r\n(.+)$/.exec(text)?.[1] ?? ''
      socket.write(getRequest(environment))
      const { localPort } = socket
      const version = environment < 1003 ? '1.1' : '2.0'
      await eventually(`an answer, not ${text}`, () => seen().endsWith(version))
      expect(seen()).toBe(`127.0.0.1 ${localPort} 127.0.0.1 ${gateway.port} ${version}`)
      socket.destroy()
    }
  })
})
