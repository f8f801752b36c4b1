import { Socket } from 'node:net'
import { queryObjects } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { Http1ClientConnection } from '../http1/client-connection.ts'
import { Http1ClientStream } from '../http1/client-stream.ts'
import { cleanup } from '../testing/cleanup.ts'
import { eventually, getRequest, openRaw } from '../testing/raw-client.ts'
import { routeEntry, type StartedGateway, startGateway } from '../testing/start-gateway.ts'
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
/** How many of each there are once the garbage is gone. */
const census = () => Object.fromEntries(kinds.map((kind) => [kind.name, queryObjects(kind, { format: 'count' })]))

/** What the upstream does with a connection. */
type Behaviour = (socket: Socket) => void
/** A client's part, until its connection is closed. */
type Visit = (port: number) => Promise<void>

/** Sends this and stays until the connection is closed; leaves by itself when `enough` has come. */
const visit =
  (bytes: string, enough: (text: string) => boolean = () => false): Visit =>
  async (port) => {
    const socket = await openRaw(port)
    let text = ''
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (enough(text)) socket.destroy()
    })
    const closed = new Promise((done) => socket.once('close', done))
    socket.write(bytes)
    if (enough('')) setTimeout(() => socket.destroy(), 5)
    await closed
  }

const always = () => true
const upgrade = getRequest(1001, '/', [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${'a'.repeat(22)}==`,
])
const upload = getRequest(1001, '/', ['Content-Length: 1000000']).replace('GET', 'POST') + 'x'.repeat(10_000)
const onRequest =
  (answer: Behaviour): Behaviour =>
  (socket) =>
    socket.once('data', () => answer(socket))

const misfortunes: [string, Behaviour, Visit][] = [
  ['a client that leaves before the answer', (socket) => socket.resume(), visit(getRequest(1001), always)],
  [
    'a client that leaves in the middle of the answer',
    onRequest((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhalf')),
    visit(getRequest(1001), (text) => text.endsWith('half')),
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
  ['an endpoint that dies before its answer', onRequest((socket) => socket.destroy()), visit(getRequest(1001, '/', ['Connection: close']))],
  [
    'an endpoint that dies in the middle of its answer',
    onRequest((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf', () => socket.destroy())),
    visit(getRequest(1001)),
  ],
  [
    'an endpoint that resets in the middle of its answer',
    onRequest((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', () => socket.resetAndDestroy()),
    ),
    visit(getRequest(1001)),
  ],
  [
    'an endpoint that answers nonsense',
    onRequest((socket) => socket.write('nonsense\r\n\r\n')),
    visit(getRequest(1001, '/', ['Connection: close'])),
  ],
]

/** Each misfortune is new: nothing remembers the endpoint as a bad one. */
const startBoth = async (behaviour: Behaviour): Promise<{ gateway: StartedGateway; upstream: StartedUpstream }> => {
  const gateway = await use(startGateway({ accessLog: { write: () => {} } }))
  const upstream = await use(startRawUpstream(behaviour))
  const entry = routeEntry(1001, [upstream.port])
  for (const route of entry.routes) route.policy = { eject: { failures: 1_000_000 }, retryBudgetPercent: 0 }
  gateway.router.put(entry)
  return { gateway, upstream }
}

const manyTimes = async (count: number, once: () => Promise<void>): Promise<void> => {
  let left = count
  const worker = async () => {
    while (left-- > 0) await once()
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

describe(`What went wrong ${times} times`, { timeout: 60_000 + times * 60 }, () => {
  it.each(misfortunes)('leaves no socket and no object behind: %s', async (_, behaviour, once) => {
    const { gateway, upstream } = await startBoth(behaviour)
    await manyTimes(atOnce, () => once(gateway.port))
    await eventually('the endpoint has no connections', () => upstream.sockets.size === 0)
    const before = census()
    await manyTimes(times, () => once(gateway.port))
    await eventually('the endpoint has no connections', () => upstream.sockets.size === 0)
    // What a tick or a timer still held is let go of soon.
    await eventually('no more objects than before', () =>
      Object.entries(census()).every(([name, count]) => count <= (before[name] ?? 0) + atOnce / 4),
    )
  })

  it('leaves no socket and no object behind: a wake that times out', async () => {
    const gateway = await use(startGateway({ accessLog: { write: () => {} }, limits: { holdMs: 30 } }))
    gateway.router.put(routeEntry(1001, [9], { state: 'suspended' }))
    const once = visit(getRequest(1001, '/', ['Connection: close']))
    await manyTimes(atOnce, () => once(gateway.port))
    const before = census()
    await manyTimes(times, () => once(gateway.port))
    expect(gateway.wake.waiting).toBe(0)
    await eventually('no more objects than before', () =>
      Object.entries(census()).every(([name, count]) => count <= (before[name] ?? 0) + atOnce / 4),
    )
  })
})
