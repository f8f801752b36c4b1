import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { openEventStream } from '../testing/event-stream.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { eventually } from '../testing/raw-client.ts'
import { routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()
const path = '/.well-known/standin'
const hosts = [
  { name: 'db', ready: 1, wanted: 1 },
  { name: 'web', ready: 0, wanted: 2 },
]

describe('/.well-known/standin', () => {
  it('tells the state without waking, and is no activity', async () => {
    let wakes = 0
    const gateway = await use(startGateway({ resume: async () => void wakes++ }))
    gateway.router.put({ ...routeEntry(1001, [], { state: 'suspended', reason: 'idle for 15 minutes' }), hosts })
    const answer = await fetchThrough(gateway.port, 1001, { path })
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.body)).toMatchObject({
      environment: 1001,
      name: 'shop-1001',
      state: 'suspended',
      reason: 'idle for 15 minutes',
      hosts,
      phase: 'waits',
    })
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store', 'standin-state': 'suspended' })
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    expect((await fetchThrough(gateway.port, 1001, { path: `${path}?x`, method: 'HEAD' })).body).toBe('')
    expect(wakes).toBe(0)
    expect(gateway.activity.record(1001)).toMatchObject({ at: 0, open: 0 })
    expect(gateway.wake.waiting).toBe(0)
  })

  it('is read only, and the only path of its kind that is not the application’s (RFC 8615)', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(startHttpUpstream((req, res) => res.end(`application at ${req.url}`)))
    gateway.router.put(routeEntry(1001, [upstream.port]))
    expect((await fetchThrough(gateway.port, 1001, { path, method: 'POST', body: 'x' })).status).toBe(400)
    for (const other of ['/.well-known/standins', '/.well-known/standin/', '/.well-known/acme', '//.well-known/standin', '/.well-known']) {
      expect((await fetchThrough(gateway.port, 1001, { path: other })).body).toBe(`application at ${other}`)
    }
    expect((await fetchThrough(gateway.port, 1001, { path })).body).toContain('"state":"running"')
  })

  it('tells nothing but the state: no address, no route', async () => {
    const gateway = await use(startGateway())
    gateway.router.put(routeEntry(1001, [4711], { address: '127.64.0.9' }))
    const { body } = await fetchThrough(gateway.port, 1001, { path })
    expect(Object.keys(JSON.parse(body)).toSorted()).toEqual(
      ['environment', 'hint', 'hosts', 'name', 'phase', 'reason', 'says', 'state', 'title'].toSorted(),
    )
    expect(body).not.toContain('127.64.0.9')
    expect(body).not.toContain('4711')
  })

  it.each([
    ['?watch', {}],
    ['', { accept: 'text/event-stream' }],
  ])('streams every change (%s %j), and ends when the environment is gone', async (query, headers) => {
    const gateway = await use(startGateway())
    gateway.router.put(routeEntry(1001, [], { state: 'suspended' }))
    const stream = await openEventStream(gateway.port, 1001, path + query, headers as Record<string, string>)
    expect(stream.headers['content-type']).toBe('text/event-stream')
    gateway.router.put({ ...routeEntry(1001, [], { state: 'resuming', revision: 2 }), hosts })
    gateway.router.put(routeEntry(1002, [], { state: 'running' }))
    gateway.router.put(routeEntry(1001, [80], { revision: 3 }))
    gateway.router.remove(1001)
    await eventually('it ended', () => stream.hasEnded())
    expect(stream.events.map(({ state }) => state)).toEqual(['suspended', 'resuming', 'running', 'deleted'])
    expect(stream.events[1]).toMatchObject({ hosts, since: expect.stringMatching(/^\d{4}-.*Z$/) })
    expect(gateway.watchers.size).toBe(0)
    expect(gateway.ended[0]).toMatchObject({ status: 200, flag: '' })
  })

  it('lets go of who went away, and no more in than the limits say', async () => {
    const gateway = await use(startGateway({ watcherLimits: { perEnvironment: 2, overall: 3 } }))
    for (const id of [1001, 1002]) gateway.router.put(routeEntry(id, [], { state: 'suspended' }))
    const streams = [await openEventStream(gateway.port, 1001), await openEventStream(gateway.port, 1001)]
    const tooMany = await openEventStream(gateway.port, 1001)
    expect(tooMany.status).toBe(503)
    expect(tooMany.headers['retry-after']).toBe('5')
    streams.push(await openEventStream(gateway.port, 1002))
    expect((await openEventStream(gateway.port, 1002)).status).toBe(503)
    expect(gateway.watchers.size).toBe(3)
    for (const stream of streams) stream.close()
    await eventually('all have left', () => gateway.watchers.size === 0)
    expect(gateway.activity.record(1001)).toMatchObject({ at: 0, open: 0 })
  })

  it('sends a heartbeat, and ends all streams when the gateway stops', async () => {
    const gateway = await use(startGateway({ watcherLimits: { heartbeatMs: 20 } }))
    gateway.router.put(routeEntry(1001, [], { state: 'suspended' }))
    const stream = await openEventStream(gateway.port, 1001)
    await eventually('two heartbeats came', () => stream.text().split(':\n\n').length > 2)
    gateway.watchers.close()
    await eventually('it ended', () => stream.hasEnded())
    expect((await openEventStream(gateway.port, 1001)).status).toBe(503)
  })

  it('sends a slow reader what is, not all that was', async () => {
    const gateway = await use(startGateway())
    const entry = (revision: number) => ({
      ...routeEntry(1001, [], { state: 'starting', revision, reason: 'x'.repeat(50_000) }),
      hosts: [{ name: 'db', ready: revision, wanted: 10_000 }],
    })
    gateway.router.put(entry(1))
    const { openRaw, getRequest } = await import('../testing/raw-client.ts')
    const client = await openRaw(gateway.port)
    client.pause()
    client.write(getRequest(1001, `${path}?watch`))
    await eventually('it is there', () => gateway.watchers.size === 1)
    const heapBefore = process.memoryUsage().arrayBuffers
    for (let revision = 2; revision <= 1_000; revision++) {
      gateway.router.put(entry(revision))
      if (revision % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(process.memoryUsage().arrayBuffers - heapBefore).toBeLessThan(32_000_000)
    let text = ''
    client.on('data', (chunk) => {
      text += chunk
    })
    client.resume()
    await eventually('the last one came', () => text.includes('"ready":1000,'))
    expect(text.match(/event: state/g)?.length).toBeLessThan(900)
    client.destroy()
  })
})
