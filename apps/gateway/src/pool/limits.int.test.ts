import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { eventually, getRequest, openRaw } from '../testing/raw-client.ts'
import { routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'
import { openWebSocket, startWebSocketUpstream } from '../testing/web-socket.ts'

const use = cleanup()

/** An endpoint whose answers wait for the test. */
const startSlow = async () => {
  const waiting: { path: string; res: ServerResponse }[] = []
  let most = 0
  const upstream = await use(
    startHttpUpstream((req, res) => {
      waiting.push({ path: req.url ?? '', res })
      most = Math.max(most, waiting.length)
    }),
  )
  const answerNext = () => waiting.shift()?.res.end('served')
  return { upstream, waiting, answerNext, most: () => most }
}

describe('limits of a pool', () => {
  it('never opens more connections to an endpoint than it may have, and serves the others in their order', async () => {
    const gateway = await use(startGateway())
    const { upstream, waiting, answerNext, most } = await startSlow()
    gateway.router.put(routeEntry(1001, [upstream.port], { policy: { connections: 2 } }))
    const order: string[] = []
    const answers = []
    for (let i = 0; i < 8; i++) {
      answers.push(fetchThrough(gateway.port, 1001, { path: `/${i}` }))
      await eventually('it has come in', () => gateway.upstreams.counters.active + gateway.upstreams.counters.pending === i + 1)
    }
    for (let i = 0; i < 8; i++) {
      await eventually('one is served', () => waiting.length > 0 && (waiting.length === 2 || i >= 6))
      order.push(waiting[0]?.path ?? '')
      answerNext()
    }
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(new Array(8).fill(200))
    expect(order).toEqual(['/0', '/1', '/2', '/3', '/4', '/5', '/6', '/7'])
    expect(most()).toBe(2)
    expect(upstream.accepted()).toBe(2)
    expect(gateway.ended.filter(({ queuedMs }) => queuedMs > 0)).toHaveLength(6)
    expect(gateway.upstreams.counters).toMatchObject({ active: 0, pending: 0, queued: 6, overloaded: 0 })
  })

  it('answers 503 with Retry-After where too many wait already', async () => {
    const gateway = await use(startGateway())
    const { upstream, answerNext } = await startSlow()
    gateway.router.put(routeEntry(1001, [upstream.port], { policy: { requests: 1, pending: 1 } }))
    const first = fetchThrough(gateway.port, 1001)
    const second = fetchThrough(gateway.port, 1001)
    await eventually('one waits', () => gateway.upstreams.counters.pending === 1)
    const third = await fetchThrough(gateway.port, 1001, { method: 'POST', body: 'order' })
    expect(third).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    expect(JSON.parse(third.body)).toMatchObject({ code: 'overloaded', detail: expect.stringContaining('www-1001') })
    const { port } = upstream
    await eventually('the first is there', () => answerNext() !== undefined)
    await eventually('the second is there', () => answerNext() !== undefined)
    expect([(await first).status, (await second).status]).toEqual([200, 200])
    expect(port).toBe(upstream.port)
  })

  it('answers 503 to who has waited for too long, and sends nothing of it to the endpoint', async () => {
    const gateway = await use(startGateway())
    const { upstream, waiting, answerNext } = await startSlow()
    gateway.router.put(routeEntry(1001, [upstream.port], { policy: { connections: 1, pendingMs: 200 } }))
    const first = fetchThrough(gateway.port, 1001, { path: '/first' })
    await eventually('it is served', () => waiting.length === 1)
    const late = await fetchThrough(gateway.port, 1001, { path: '/late' })
    expect(late).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    expect(JSON.parse(late.body)).toMatchObject({ code: 'overloaded' })
    expect(gateway.ended[0]).toMatchObject({ flag: 'overloaded' })
    answerNext()
    expect((await first).status).toBe(200)
    expect(waiting).toEqual([])
  })

  it('gives the place of a client that goes away to the next one, in the line and in the pool', async () => {
    const gateway = await use(startGateway())
    const { upstream, waiting, answerNext } = await startSlow()
    gateway.router.put(routeEntry(1001, [upstream.port], { policy: { connections: 1 } }))
    const { counters } = gateway.upstreams
    const served = await openRaw(gateway.port)
    served.write(getRequest(1001, '/served'))
    await eventually('it is served', () => waiting.length === 1)
    const impatient = await openRaw(gateway.port)
    impatient.write(getRequest(1001, '/impatient'))
    await eventually('it waits', () => counters.pending === 1)
    const patient = fetchThrough(gateway.port, 1001, { path: '/patient' })
    await eventually('both wait', () => counters.pending === 2)
    impatient.destroy()
    await eventually('only one waits', () => counters.pending === 1)
    served.destroy()
    await eventually('the patient one is served', () => waiting.length === 2)
    expect(waiting[1]?.path).toBe('/patient')
    waiting.shift()
    answerNext()
    expect((await patient).body).toBe('served')
    await eventually('nobody has a place', () => counters.active === 0 && counters.pending === 0)
  })

  it('counts a WebSocket for as long as it is open', async () => {
    const gateway = await use(startGateway())
    const { counters } = gateway.upstreams
    const upstream = await use(startWebSocketUpstream())
    gateway.router.put(routeEntry(1001, [upstream.port], { policy: { connections: 1, pendingMs: 100 } }))
    const socket = await openWebSocket(gateway.port, 1001)
    expect(counters.active).toBe(1)
    expect((await fetchThrough(gateway.port, 1001)).status).toBe(503)
    socket.destroy()
    await eventually('it is closed', () => counters.active === 0)
    await openWebSocket(gateway.port, 1001).then((again) => again.destroy())
  })

  it('holds those who wait when the environment goes to sleep, and serves them when it is awake', async () => {
    const resumed: number[] = []
    const gateway = await use(startGateway({ resume: async (id) => resumed.push(id) }))
    const { upstream, waiting, answerNext } = await startSlow()
    const policy = { connections: 1 }
    gateway.router.put(routeEntry(1001, [upstream.port], { policy }))
    const first = fetchThrough(gateway.port, 1001, { path: '/first' })
    await eventually('it is served', () => waiting.length === 1)
    const others = ['/second', '/third'].map((path) => fetchThrough(gateway.port, 1001, { path }))
    await eventually('two wait', () => gateway.upstreams.counters.pending === 2)
    gateway.router.put(routeEntry(1001, [upstream.port], { policy, state: 'suspended', revision: 2 }))
    await eventually('they wait for the environment', () => gateway.wake.waiting === 2)
    expect(resumed).toEqual([1001])
    expect(gateway.upstreams.counters).toMatchObject({ active: 1, pending: 0 })
    answerNext()
    expect((await first).status).toBe(200)
    gateway.router.put(routeEntry(1001, [upstream.port], { policy, revision: 3 }))
    for (let i = 0; i < 2; i++) {
      await eventually('one is served', () => waiting.length === 1)
      answerNext()
    }
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual([200, 200])
  })

  it('tells those who wait that the environment is gone', async () => {
    const gateway = await use(startGateway())
    const { upstream, waiting } = await startSlow()
    gateway.router.put(routeEntry(1001, [upstream.port], { policy: { connections: 1 } }))
    const first = fetchThrough(gateway.port, 1001).catch(() => null)
    await eventually('it is served', () => waiting.length === 1)
    const second = fetchThrough(gateway.port, 1001)
    await eventually('one waits', () => gateway.upstreams.counters.pending === 1)
    gateway.router.remove(1001)
    expect((await second).status).toBe(410)
    waiting[0]?.res.end()
    await first
  })
})
