import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { eventually } from '../testing/raw-client.ts'
import { routeEntry, startGateway } from '../testing/start-gateway.ts'
import { deadPort, startHttpUpstream, startRawUpstream } from '../testing/upstream.ts'

const use = cleanup()

describe('Pools', () => {
  it('never sends traffic to its own listeners, nor to those it was told of, by address or by name', async () => {
    const gateway = await use(startGateway())
    const control = await use(startHttpUpstream((_, res) => res.end('control')))
    gateway.refused.set('the control plane', [`http://127.0.0.1:${control.port}`])
    gateway.router.put(routeEntry(1001, [gateway.port]))
    gateway.router.put(routeEntry(1002, [control.port]))
    gateway.router.put(routeEntry(1003, [control.port], { address: 'localhost' }))
    gateway.router.put(routeEntry(1004, [control.port], { address: '0.0.0.0' }))
    gateway.router.put(routeEntry(1005, [control.port], { address: '::ffff:127.0.0.1' }))
    for (const id of [1001, 1002, 1003, 1004, 1005]) {
      const answer = await fetchThrough(gateway.port, id)
      expect(JSON.parse(answer.body), String(id)).toMatchObject({ code: 'endpoint_refused' })
    }
    expect(control.accepted()).toBe(0)
  })

  it('takes the endpoints of a pool in turn', async () => {
    const gateway = await use(startGateway())
    const upstreams = await Promise.all(['a', 'b', 'c'].map((name) => use(startHttpUpstream((_, res) => res.end(name)))))
    gateway.router.put(
      routeEntry(
        1001,
        upstreams.map((upstream) => upstream.port),
      ),
    )
    const names = []
    for (let i = 0; i < 6; i++) names.push((await fetchThrough(gateway.port, 1001)).body)
    expect(names.slice(0, 3).sort()).toEqual(['a', 'b', 'c'])
    expect(names.slice(3)).toEqual(names.slice(0, 3))
  })

  it('keeps the connections of an endpoint that stays in its pool and drains one that leaves', async () => {
    const gateway = await use(startGateway())
    const staying = await use(startHttpUpstream((_, res) => res.end('staying')))
    let finish: (() => void) | undefined
    const leaving = await use(
      startHttpUpstream((_, res) => {
        res.write('begun ')
        finish = () => res.end('and finished')
      }),
    )
    gateway.router.put(routeEntry(1001, [staying.port, leaving.port], { revision: 1 }))
    const slow = Promise.all([fetchThrough(gateway.port, 1001), fetchThrough(gateway.port, 1001)])
    await eventually('one is under way, the other is done', () => finish !== undefined && gateway.ended.length === 1)
    gateway.router.put(routeEntry(1001, [staying.port], { revision: 2 }))
    await fetchThrough(gateway.port, 1001)
    expect(staying.accepted()).toBe(1)
    expect(gateway.upstreams.size).toBe(1)
    finish?.()
    const bodies = (await slow).map((answer) => answer.body).sort()
    expect(bodies).toEqual(['begun and finished', 'staying'])
    await eventually('the drained endpoint has no connection left', () => leaving.sockets.size === 0)
  })

  it('takes an address with another generation for another endpoint', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(startHttpUpstream((_, res) => res.end('ok')))
    gateway.router.put(routeEntry(1001, [upstream.port], { generation: 1 }))
    await fetchThrough(gateway.port, 1001)
    gateway.router.put(routeEntry(1001, [upstream.port], { generation: 2, revision: 2 }))
    await fetchThrough(gateway.port, 1001)
    expect(upstream.accepted()).toBe(2)
  })

  it('tries the next endpoint once where nothing was sent, also for a request with a body', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startHttpUpstream((req, res) => {
        req.pipe(res)
      }),
    )
    gateway.router.put(routeEntry(1001, [deadPort, upstream.port]))
    for (let i = 0; i < 4; i++) {
      const answer = await fetchThrough(gateway.port, 1001, { method: 'POST', body: `order ${i}` })
      expect(answer).toMatchObject({ status: 200, body: `order ${i}` })
    }
    expect(gateway.ended.map((exchange) => exchange.retries).sort()).toEqual([0, 0, 1, 1])
  })

  it('answers 502 where nothing listens, and says what to do', async () => {
    const gateway = await use(startGateway())
    gateway.router.put(routeEntry(1001, [deadPort]))
    const answer = await fetchThrough(gateway.port, 1001)
    expect(answer.status).toBe(502)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'upstream_failed', detail: expect.stringContaining('web-1 of environment 1001') })
  })

  it('sends a request without body once more when the reused connection had died, and only then', async () => {
    const gateway = await use(startGateway())
    let requests = 0
    const upstream = await use(
      startRawUpstream((socket) => {
        let first = true
        socket.on('data', () => {
          requests++
          // Each connection serves one request and dies under the second.
          if (first) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
          else socket.resetAndDestroy()
          first = false
        })
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    expect((await fetchThrough(gateway.port, 1001)).status).toBe(200)
    expect((await fetchThrough(gateway.port, 1001)).status).toBe(200)
    expect(requests).toBe(3)
    expect(gateway.ended[1]?.retries).toBe(1)
  })

  it('never sends a POST twice: it may have been carried out', async () => {
    const gateway = await use(startGateway())
    let requests = 0
    const upstream = await use(
      startRawUpstream((socket) => {
        let first = true
        socket.on('data', () => {
          requests++
          if (first) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
          else socket.resetAndDestroy()
          first = false
        })
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    expect((await fetchThrough(gateway.port, 1001)).status).toBe(200)
    expect((await fetchThrough(gateway.port, 1001, { method: 'POST' })).status).toBe(502)
    expect(requests).toBe(2)
  })

  it('does not repeat a request that a fresh connection died under', async () => {
    const gateway = await use(startGateway())
    let requests = 0
    const upstream = await use(
      startRawUpstream((socket) => {
        socket.on('data', () => {
          requests++
          socket.destroy()
        })
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    expect((await fetchThrough(gateway.port, 1001)).status).toBe(502)
    expect(requests).toBe(1)
  })
})
