import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()
const slowStartMs = 3_000
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('An endpoint that joins others in a pool with slow start', () => {
  it('gets few requests at first and its full share later, and none of them fails', async () => {
    const gateway = await use(startGateway())
    const [old, added] = await Promise.all(['old', 'added'].map((name) => use(startHttpUpstream((_, res) => res.end(name)))))
    const ports = [old?.port as number, added?.port as number] as const
    const policy = { slowStartMs }
    gateway.router.put(routeEntry(1001, [ports[0]], { policy }))
    await fetchThrough(gateway.port, 1001)
    await wait(slowStartMs)
    /** @returns how many went to the one that was added, of how many */
    const ask = async (most: number, ms: number) => {
      const until = performance.now() + ms
      const counts = { all: 0, added: 0 }
      while (counts.all < most && performance.now() < until) {
        const { status, body } = await fetchThrough(gateway.port, 1001)
        expect(status).toBe(200)
        counts.all++
        if (body === 'added') counts.added++
      }
      return counts
    }
    gateway.router.put(routeEntry(1001, ports, { policy, revision: 2 }))
    const first = await ask(60, slowStartMs / 6)
    expect(first.added).toBeLessThanOrEqual(Math.max(1, first.all / 4))
    await wait(slowStartMs)
    const later = await ask(20, 20_000)
    expect(later).toEqual({ all: 20, added: 10 })
  })
})
