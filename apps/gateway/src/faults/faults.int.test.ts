import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { InjectedFault, RouteEntry } from '@standin/client'
import { describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { eventually, getRequest, openRaw, sendRaw } from '../testing/raw-client.ts'
import { domain, routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'
import { seeded } from './choose-faults.ts'

const use = cleanup()

const fault = (more: Partial<InjectedFault>): InjectedFault => ({
  id: 'f1',
  kind: 'abort',
  percent: 100,
  expiresAt: new Date(Date.now() + 600_000).toISOString(),
  ...more,
})

const failing = (port: number, faults: InjectedFault[], revision = 1): RouteEntry => {
  const entry = routeEntry(1001, [port], { revision })
  return { ...entry, routes: entry.routes.map((route) => ({ ...route, faults })) }
}

const start = async (faults: InjectedFault[], seed = 1) => {
  const gateway = await use(startGateway({ random: seeded(seed) }))
  let requests = 0
  const upstream = await use(
    startHttpUpstream((req, res) => {
      requests++
      if (req.url === '/large') res.end(Buffer.alloc(200_000, 'x'))
      else req.pipe(res)
    }),
  )
  gateway.router.put(failing(upstream.port, faults))
  return { gateway, upstream, requests: () => requests }
}

describe('Injected faults', () => {
  it('answers with the status that was asked for, a problem that says so, and marks header and log', async () => {
    const { gateway, requests } = await start([fault({ status: 429 })])
    const answer = await fetchThrough(gateway.port, 1001)
    expect(answer.status).toBe(429)
    expect(answer.headers['standin-fault']).toBe('abort;id=f1')
    expect(JSON.parse(answer.body)).toMatchObject({ status: 429, code: 'fault_injected', title: 'It failed on purpose' })
    expect(gateway.ended[0]).toMatchObject({ status: 429, flag: 'fault_injected', faults: { label: 'abort;id=f1' } })
    expect(requests()).toBe(0)
  })

  it('holds a request for as long as was asked, then passes it on with its body, marked', async () => {
    const { gateway } = await start([fault({ kind: 'delay', delayMs: 300 })])
    const begun = performance.now()
    const answer = await fetchThrough(gateway.port, 1001, { method: 'POST', body: 'all of it' })
    expect(performance.now() - begun).toBeGreaterThan(290)
    expect(answer).toMatchObject({ status: 200, body: 'all of it' })
    expect(answer.headers['standin-fault']).toBe('delay;id=f1')
    expect(gateway.ended[0]?.heldMs).toBeGreaterThan(290)
    expect(gateway.activity.record(1001).at).toBeGreaterThan(0)
  })

  it('delays, then aborts, where both are asked for', async () => {
    const { gateway } = await start([fault({ kind: 'delay', id: 'slow', delayMs: 200 }), fault({})])
    const begun = performance.now()
    const answer = await fetchThrough(gateway.port, 1001)
    expect(performance.now() - begun).toBeGreaterThan(190)
    expect(answer.status).toBe(503)
    expect(answer.headers['standin-fault']).toBe('delay;id=slow, abort;id=f1')
  })

  it('lets go of a delayed request whose client went away', async () => {
    const { gateway, requests } = await start([fault({ kind: 'delay', delayMs: 60_000 })])
    const client = await openRaw(gateway.port)
    client.write(getRequest(1001))
    await eventually('it is delayed', () => gateway.faults.delayed === 1)
    client.destroy()
    await eventually('it is not any more', () => gateway.faults.delayed === 0)
    expect(gateway.ended[0]?.flag).toBe('client_gone')
    expect(gateway.activity.record(1001).open).toBe(0)
    expect(requests()).toBe(0)
  })

  it('lets delayed requests go on at once when the gateway stops', async () => {
    const { gateway } = await start([fault({ kind: 'delay', delayMs: 60_000 })])
    const answer = fetchThrough(gateway.port, 1001)
    await eventually('it is delayed', () => gateway.faults.delayed === 1)
    gateway.faults.close()
    expect((await answer).status).toBe(200)
  })

  it('resets the connection, so that no answer is seen', async () => {
    const { gateway, requests } = await start([fault({ kind: 'reset' })])
    const { text, wasReset } = await sendRaw(gateway.port, getRequest(1001))
    expect({ text, wasReset }).toEqual({ text: '', wasReset: true })
    expect(requests()).toBe(0)
    expect(gateway.ended[0]).toMatchObject({ status: 0, flag: 'fault_injected', faults: { label: 'reset;id=f1' } })
  })

  it('fails the share that was asked for, and only requests that match', async () => {
    const { gateway } = await start([fault({ percent: 50, header: { name: 'x-break' }, path: '/api' })])
    const statuses = async (path: string, headers: Record<string, string>) => {
      const all = await Promise.all(Array.from({ length: 40 }, () => fetchThrough(gateway.port, 1001, { path, headers })))
      return all.filter(({ status }) => status === 503).length
    }
    const failed = await statuses('/api/x', { 'x-break': '1' })
    expect(failed).toBeGreaterThan(8)
    expect(failed).toBeLessThan(32)
    expect(await statuses('/api/x', {})).toBe(0)
    expect(await statuses('/apix', { 'x-break': '1' })).toBe(0)
  })

  it('ends by itself, without a word from control', async () => {
    const { gateway } = await start([fault({ expiresAt: new Date(Date.now() + 3_000).toISOString() })])
    expect((await fetchThrough(gateway.port, 1001)).status).toBe(503)
    let status = 503
    for (const deadline = Date.now() + 10_000; status === 503 && Date.now() < deadline; )
      status = (await fetchThrough(gateway.port, 1001)).status
    expect(status).toBe(200)
  })

  it('sends a body at the rate that was asked for: evenly, complete, and slowing the endpoint down', async () => {
    const { gateway } = await start([fault({ kind: 'throttle', bytesPerSecond: 200_000 })])
    const client = await openRaw(gateway.port)
    const arrivals: { at: number; bytes: number }[] = []
    let total = 0
    client.on('data', (chunk) => {
      total += chunk.length
      arrivals.push({ at: performance.now(), bytes: chunk.length })
    })
    const begun = performance.now()
    client.write(getRequest(1001, '/large'))
    await eventually('all has come', () => total >= 200_000)
    const took = performance.now() - begun
    client.destroy()
    expect(took).toBeGreaterThan(850)
    expect(took).toBeLessThan(4_000)
    // No burst: what comes within 100 ms is near the rate, whatever the gateway had to read from the endpoint.
    for (const { at } of arrivals) {
      const within = arrivals.filter((other) => other.at >= at && other.at < at + 100).reduce((sum, { bytes }) => sum + bytes, 0)
      expect(within).toBeLessThan(90_000)
    }
    await eventually('nobody is paced', () => gateway.faults.pacer.size === 0)
  })

  it('keeps the end of a slow body, also of one without a length', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startHttpUpstream((_, res) => {
        for (let part = 0; part < 10; part++) res.write(String(part).repeat(2_000))
        res.end()
      }),
    )
    gateway.router.put(failing(upstream.port, [fault({ kind: 'throttle', bytesPerSecond: 60_000 })]))
    const { body, headers } = await fetchThrough(gateway.port, 1001)
    expect(body).toBe([...'0123456789'].map((digit) => digit.repeat(2_000)).join(''))
    expect(headers['standin-fault']).toBe('throttle;id=f1')
  })

  it('lets go of what is slow when its client goes away', async () => {
    const { gateway, upstream } = await start([fault({ kind: 'throttle', bytesPerSecond: 1_000 })])
    const client = await openRaw(gateway.port)
    client.on('data', () => {})
    client.write(getRequest(1001, '/large'))
    await eventually('it is paced', () => gateway.faults.pacer.size === 1)
    client.destroy()
    await eventually('it is not any more', () => gateway.faults.pacer.size === 0)
    await eventually('the endpoint is let go, too', () => upstream.sockets.size === 0)
  })

  it('delays and aborts WebSockets as well', async () => {
    const gateway = await use(startGateway())
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    server.on('connection', (socket) => socket.send('hello'))
    const { port } = server.address() as AddressInfo
    gateway.router.put(failing(port, [fault({ kind: 'delay', delayMs: 100 })]))
    const connect = () => new WebSocket(`ws://127.0.0.1:${gateway.port}/`, { headers: { host: `www-1001.${domain}` } })
    const slow = connect()
    expect(String((await once(slow, 'message'))[0])).toBe('hello')
    slow.close()
    await once(slow, 'close')
    gateway.router.put(failing(port, [fault({ status: 500 })], 2))
    const refused = connect()
    const [error] = await once(refused, 'error')
    expect(String(error)).toContain('500')
    server.close()
  })

  it('leaves the well-known path and the waiting page alone', async () => {
    const { gateway } = await start([fault({})])
    expect((await fetchThrough(gateway.port, 1001, { path: '/.well-known/standin' })).status).toBe(200)
    const entry = failing(1, [fault({ kind: 'delay', delayMs: 60_000 })], 2)
    gateway.router.put({ ...entry, state: 'suspended' })
    const page = await fetchThrough(gateway.port, 1001, { headers: { accept: 'text/html' } })
    expect(page.headers['content-type']).toContain('text/html')
    expect(page.headers['standin-fault']).toBeUndefined()
    expect(page.headers['standin-state']).toBe('suspended')
  })
})
