import type { EnvironmentState } from '@standin/client'
import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()
const probes = [{ userAgent: 'kube-probe/' }, { path: '/healthz' }]

describe('Probes', () => {
  it.each(['suspended', 'resuming', 'starting', 'stopped', 'failed'] as EnvironmentState[])(
    'get the state of an environment that is %s, wake nothing and are no activity',
    async (state) => {
      let wakes = 0
      const gateway = await use(startGateway({ resume: async () => void wakes++ }))
      gateway.router.put({ ...routeEntry(1001, [], { state, reason: 'because' }), probes })
      for (const options of [
        { headers: { 'user-agent': 'kube-probe/1.31' } },
        { path: '/healthz?x' },
        { path: '/healthz', method: 'HEAD' },
      ]) {
        const answer = await fetchThrough(gateway.port, 1001, options)
        expect(answer.status).toBe(503)
        expect(answer.headers['standin-state']).toBe(state)
        if (options.method !== 'HEAD') expect(JSON.parse(answer.body)).toMatchObject({ environment: 1001, state, reason: 'because' })
      }
      expect(wakes).toBe(0)
      expect(gateway.activity.record(1001)).toMatchObject({ at: 0, open: 0 })
    },
  )

  it('are passed on while it runs, and are no activity then either', async () => {
    const gateway = await use(startGateway({ probes: [{ network: '127.0.0.0/8', path: '/up' }] }))
    const upstream = await use(startHttpUpstream((_, res) => res.end('healthy')))
    gateway.router.put({ ...routeEntry(1001, [upstream.port]), probes })
    for (const path of ['/healthz', '/up']) expect((await fetchThrough(gateway.port, 1001, { path })).body).toBe('healthy')
    expect(gateway.activity.record(1001).at).toBe(0)
    await fetchThrough(gateway.port, 1001)
    expect(gateway.activity.record(1001).at).toBeGreaterThan(0)
  })

  it('are only those of this environment, and those that the gateway was told of', async () => {
    const gateway = await use(startGateway({ probes: [{ userAgent: 'up/' }] }))
    gateway.router.put({ ...routeEntry(1001, [], { state: 'failed' }), probes })
    gateway.router.put(routeEntry(1002, [], { state: 'failed' }))
    const stateSeen = async (id: number, userAgent: string) =>
      (await fetchThrough(gateway.port, id, { headers: { 'user-agent': userAgent } })).headers['standin-state']
    expect(await stateSeen(1001, 'kube-probe/1')).toBe('failed')
    expect(await stateSeen(1002, 'kube-probe/1')).toBeUndefined()
    expect(await stateSeen(1002, 'up/1')).toBe('failed')
  })
})
