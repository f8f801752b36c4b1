import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { eventually } from '../testing/raw-client.ts'
import { routeEntry, type StartedGateway, startGateway } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'
import { openWebSocket, startWebSocketUpstream } from '../testing/web-socket.ts'

const use = cleanup()

/** Ways for an endpoint to leave. */
const ways: readonly (readonly [string, (gateway: StartedGateway, ports: readonly number[]) => void])[] = [
  ['is suspended', (gateway, ports) => gateway.router.put(routeEntry(1001, ports, { state: 'suspending', revision: 9 }))],
  ['is deleted', (gateway) => gateway.router.remove(1001)],
  ['is deployed anew', (gateway, ports) => gateway.router.put(routeEntry(1001, ports, { generation: 2, revision: 9 }))],
  ['is left with other endpoints', (gateway) => gateway.router.put(routeEntry(1001, [], { revision: 9 }))],
]

const startBegun = async () => {
  const begun: ServerResponse[] = []
  const upstream = await use(
    startHttpUpstream((req, res) => {
      if (req.url === '/slow') {
        res.write('begun ')
        begun.push(res)
      } else res.end('quick')
    }),
  )
  return { upstream, begun }
}

describe.each(ways)('when an environment %s', (_, leave) => {
  it('what is in flight ends by itself, and no connection is left', async () => {
    const gateway = await use(startGateway())
    const { upstream, begun } = await startBegun()
    gateway.router.put(routeEntry(1001, [upstream.port]))
    await Promise.all(Array.from({ length: 4 }, () => fetchThrough(gateway.port, 1001)))
    const slow = fetchThrough(gateway.port, 1001, { path: '/slow' })
    await eventually('it has begun', () => begun.length === 1)
    leave(gateway, [upstream.port])
    await eventually('idle connections are closed', () => upstream.sockets.size === 1)
    expect(gateway.upstreams.draining).toBe(1)
    begun[0]?.end('and ended')
    expect((await slow).body).toBe('begun and ended')
    await eventually('no connection is left', () => upstream.sockets.size === 0 && gateway.upstreams.draining === 0)
    expect(gateway.upstreams.counters).toMatchObject({ active: 0, states: { draining: 0 } })
  })

  it('what takes longer than the limit is cut, WebSockets too', async () => {
    const gateway = await use(startGateway({ pools: { drainMs: 200 } }))
    const { upstream, begun } = await startBegun()
    const sockets = await use(startWebSocketUpstream())
    const ports = [upstream.port, sockets.port]
    gateway.router.put(routeEntry(1001, ports, { weights: [1, 0] }))
    const slow = fetchThrough(gateway.port, 1001, { path: '/slow' })
    await eventually('it has begun', () => begun.length === 1)
    gateway.router.put(routeEntry(1001, ports, { weights: [0, 1], revision: 2 }))
    const socket = await openWebSocket(gateway.port, 1001)
    let isClosed = false
    socket.once('close', () => {
      isClosed = true
    })
    leave(gateway, ports)
    expect(gateway.upstreams.draining).toBe(2)
    await expect(slow).rejects.toThrow()
    await eventually('the WebSocket is closed', () => isClosed)
    await eventually('no connection is left', () => upstream.sockets.size === 0 && sockets.sockets.size === 0)
    expect(gateway.upstreams.counters).toMatchObject({ active: 0, states: { draining: 0 } })
    expect(gateway.ended.map(({ flag }) => flag)).toContain('upstream_cut')
  })
})

describe('a deploy under load', () => {
  it('loses no request when every generation is replaced by the next', async () => {
    const gateway = await use(startGateway())
    const served: string[] = []
    const start = (generation: number) => use(startHttpUpstream((_, res) => setTimeout(() => res.end(String(generation)), generation % 3)))
    let generation = 1
    let upstream = await start(generation)
    gateway.router.put(routeEntry(1001, [upstream.port]))
    let isOver = false
    const client = async () => {
      while (!isOver) {
        const { status, body } = await fetchThrough(gateway.port, 1001)
        served.push(`${status} ${body}`)
      }
    }
    const clients = Array.from({ length: 8 }, client)
    await eventually('the first generation serves', () => served.length >= 8)
    for (let revision = 2; revision < 10; revision++) {
      const before = served.length
      const old = upstream
      upstream = await start(++generation)
      gateway.router.put(routeEntry(1001, [upstream.port], { generation, revision }))
      await eventually('some were served', () => served.length >= before + 20)
      await eventually('the old one has no connection left', () => old.sockets.size === 0)
    }
    isOver = true
    await Promise.all(clients)
    expect(served.filter((one) => !one.startsWith('200 '))).toEqual([])
    expect(new Set(served).size).toBe(9)
    expect(gateway.upstreams.size).toBe(1)
    expect(gateway.upstreams.counters.retries).toBe(0)
  })
})

describe('a table that changes all the time', () => {
  it('keeps connections, turns and what is in flight', async () => {
    const gateway = await use(startGateway())
    const upstreams = await Promise.all(['a', 'b', 'c'].map((name) => use(startHttpUpstream((_, res) => res.end(name)))))
    const ports = upstreams.map(({ port }) => port)
    const served: string[] = []
    for (let revision = 1; revision <= 90; revision++) {
      gateway.router.put(routeEntry(1001, ports, { revision }))
      served.push((await fetchThrough(gateway.port, 1001)).body)
    }
    for (const name of ['a', 'b', 'c']) expect(served.filter((one) => one === name)).toHaveLength(30)
    expect(upstreams.map((upstream) => upstream.accepted())).toEqual([1, 1, 1])
  })
})
