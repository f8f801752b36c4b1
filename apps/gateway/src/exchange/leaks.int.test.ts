import { Socket } from 'node:net'
import { queryObjects } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { Http1ClientConnection } from '../http1/client-connection.ts'
import { Http1ClientStream } from '../http1/client-stream.ts'
import { cleanup } from '../testing/cleanup.ts'
import { eventually, getRequest, openRaw } from '../testing/raw-client.ts'
import { routeEntry, startGateway } from '../testing/start-gateway.ts'
import { type StartedUpstream, startRawUpstream } from '../testing/upstream.ts'
import { Http1Connection } from '../upstream/http1-connection.ts'
import { Http1Stream } from '../upstream/http1-stream.ts'
import { Exchange } from './exchange.ts'

const use = cleanup()
/** How often each thing goes wrong. `STANDIN_SOAK=10000` is the whole; the default keeps the suite short. */
const times = Number(process.env.STANDIN_SOAK ?? 300)
const atOnce = 40

/** What must not pile up. */
const kinds = [Exchange, Http1ClientConnection, Http1ClientStream, Http1Connection, Http1Stream, Socket]
type Census = Readonly<Record<string, number>>
/** How many of each there are once the garbage is gone, and what all of the heap takes then, MiB. */
const census = (): Census => ({
  ...Object.fromEntries(kinds.map((kind) => [kind.name, queryObjects(kind, { format: 'count' })])),
  heap: Math.round(process.memoryUsage().heapUsed / 2 ** 20),
})
const isFlat = (before: Census, after: Census) => Object.entries(after).every(([name, count]) => count <= (before[name] ?? 0) + atOnce / 4)

/** What the upstream does with a connection. */
type Behaviour = (socket: Socket) => void
/** A client's part, until its connection is closed. */
type Visit = (port: number, environment: number) => Promise<void>

/** Sends this and stays until the connection is closed; leaves by itself when `enough` has come. */
const visit =
  (request: (environment: number) => string, enough: (text: string) => boolean = () => false): Visit =>
  async (port, environment) => {
    const socket = await openRaw(port)
    let text = ''
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (enough(text)) socket.destroy()
    })
    const closed = new Promise((done) => socket.once('close', done))
    socket.write(request(environment))
    if (enough('')) setTimeout(() => socket.destroy(), 5)
    await closed
  }

const always = () => true
const get = (environment: number) => getRequest(environment)
const getAndClose = (environment: number) => getRequest(environment, '/', ['Connection: close'])
const upgrade = (environment: number) =>
  getRequest(environment, '/', [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${'a'.repeat(22)}==`,
  ])
const upload = (environment: number) =>
  getRequest(environment, '/', ['Content-Length: 1000000']).replace('GET', 'POST') + 'x'.repeat(10_000)
const onRequest =
  (answer: Behaviour): Behaviour =>
  (socket) =>
    socket.once('data', () => answer(socket))

const misfortunes: [string, Behaviour, Visit][] = [
  ['a client that leaves before the answer', (socket) => socket.resume(), visit(get, always)],
  [
    'a client that leaves in the middle of the answer',
    onRequest((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhalf')),
    visit(get, (text) => text.endsWith('half')),
  ],
  ['a client that leaves in the middle of its upload', (socket) => socket.resume(), visit(upload, always)],
  [
    'an upgrade that is refused',
    onRequest((socket) => socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')),
    visit(upgrade, (text) => text.endsWith('no')),
  ],
  ['an upgrade whose client leaves before the answer', (socket) => socket.resume(), visit(upgrade, always)],
  [
    'a WebSocket whose client leaves',
    onRequest((socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello')),
    visit(upgrade, (text) => text.endsWith('hello')),
  ],
  ['an endpoint that dies before its answer', onRequest((socket) => socket.destroy()), visit(getAndClose)],
  [
    'an endpoint that dies in the middle of its answer',
    onRequest((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf', () => socket.destroy())),
    visit(get),
  ],
  [
    'an endpoint that resets in the middle of its answer',
    onRequest((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', () => socket.resetAndDestroy()),
    ),
    visit(get),
  ],
  ['an endpoint that answers nonsense', onRequest((socket) => socket.write('nonsense\r\n\r\n')), visit(getAndClose)],
]

const dozens = async (count: number, once: () => Promise<void>): Promise<void> => {
  let left = count
  const worker = async () => {
    while (left-- > 0) await once()
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

/** One gateway for all: each environment has its own kind of bad luck. */
const startAll = async () => {
  const limits = { holdMs: 30 }
  const gateway = await use(startGateway({ accessLog: { write: () => {} }, limits }))
  const upstreams: { name: string; upstream: StartedUpstream }[] = []
  const visits: (() => Promise<void>)[] = []
  for (const [index, [name, behaviour, send]] of misfortunes.entries()) {
    const environment = 1001 + index
    const upstream = await use(startRawUpstream(behaviour))
    // Each misfortune is new: nothing remembers the endpoint as a bad one.
    const policy = { eject: { failures: 1_000_000 }, retryBudgetPercent: 0 }
    gateway.router.put(routeEntry(environment, [upstream.port], { policy }))
    upstreams.push({ name, upstream })
    visits.push(() => send(gateway.port, environment))
  }
  const sleeping = 1001 + misfortunes.length
  gateway.router.put(routeEntry(sleeping, [9], { state: 'suspended' }))
  const wakesInVain = visit(getAndClose)
  visits.push(() => wakesInVain(gateway.port, sleeping))
  const open = () => upstreams.filter(({ upstream }) => upstream.sockets.size > 0).map(({ name }) => name)
  const run = async (count: number) => {
    await Promise.all(visits.map((once) => dozens(count, once)))
    await eventually(`no endpoint has connections, but for: ${open()}`, () => open().length === 0)
  }
  return { gateway, upstreams, run }
}

describe(`What went wrong ${times} times`, { timeout: 60_000 + times * 120 }, () => {
  it('leaves no socket, no object and no memory behind: clients, upgrades and endpoints that break off, wakes that time out', async () => {
    const { gateway, upstreams, run } = await startAll()
    await run(atOnce)
    const before = census()
    await run(times)
    expect(upstreams.every(({ upstream }) => upstream.accepted() >= times)).toBe(true)
    expect(gateway.wake.waiting).toBe(0)
    expect(gateway.upstreams.size).toBe(misfortunes.length)
    await eventually('nobody is connected', () => gateway.listener.connections.size === 0)
    // What a tick or a timer still held is let go of soon. To count is slow: each look searches the whole heap.
    let after = census()
    for (let looks = 0; looks < 5 && !isFlat(before, after); looks++) {
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      after = census()
    }
    expect(after).toSatisfy((counts: Census) => isFlat(before, counts), JSON.stringify({ before, after }))
  })
})
