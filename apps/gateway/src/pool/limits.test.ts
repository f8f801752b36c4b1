import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { poolOf } from '../testing/pools.ts'
import type { ServicePool } from './service-pool.ts'
import type { Upstream } from './upstream.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A request with what becomes of it. */
class Visitor {
  readonly name: number
  readonly #pool: ServicePool
  readonly #served: number[]
  outcome: 'waits' | 'served' | 'late' | 'full' | 'gone' = 'waits'
  upstream: Upstream | null = null

  constructor(name: number, pool: ServicePool, served: number[]) {
    this.name = name
    this.#pool = pool
    this.#served = served
  }

  come(): this {
    const now = performance.now()
    if (this.#pool.enter(now)) this.onPlace()
    else if (!this.#pool.wait(this, now)) this.outcome = 'full'
    return this
  }

  onPlace(): void {
    this.outcome = 'served'
    this.#served.push(this.name)
    this.upstream = this.#pool.choose() ?? null
  }

  onNoPlace(): void {
    this.outcome = 'late'
  }

  /** Ends, or stops waiting. */
  go(): void {
    if (this.outcome === 'waits') this.#pool.forget(this)
    if (this.outcome === 'served') this.#pool.leave(this.upstream)
    this.outcome = 'gone'
  }
}

const visit = (weights: readonly number[], policy: Parameters<typeof poolOf>[1]) => {
  const made = poolOf(weights, policy)
  const served: number[] = []
  let count = 0
  const come = () => new Visitor(count++, made.pool, served).come()
  return { ...made, served, come, crowd: (size: number) => Array.from({ length: size }, come) }
}

describe('limits of a pool', () => {
  it('holds the connections of an endpoint to the limit and queues the rest', () => {
    const { crowd, at, pool, registry } = visit([1, 1], { connections: 3 })
    crowd(10)
    expect([at(1).active, at(2).active]).toEqual([3, 3])
    expect([pool.active, pool.pending]).toEqual([6, 4])
    expect(registry.counters).toMatchObject({ active: 6, pending: 4, queued: 4, overloaded: 0 })
  })

  it('holds the requests of the pool to the limit', () => {
    const { crowd, pool } = visit([1, 1, 1], { requests: 4, pending: 3 })
    const visitors = crowd(9)
    expect([pool.active, pool.pending]).toEqual([4, 3])
    expect(visitors.map(({ outcome }) => outcome)).toEqual([
      ...['served', 'served', 'served', 'served'],
      ...['waits', 'waits', 'waits'],
      ...['full', 'full'],
    ])
  })

  it('serves those who wait in their order, before anybody who comes later', () => {
    const { crowd, come, served } = visit([1], { connections: 1 })
    const visitors = crowd(4)
    visitors[0]?.go()
    const late = come()
    expect(late.outcome).toBe('waits')
    visitors[1]?.go()
    visitors[2]?.go()
    visitors[3]?.go()
    expect(served).toEqual([0, 1, 2, 3, 4])
    expect(late.outcome).toBe('served')
  })

  it('frees the place of a client that leaves the queue', () => {
    const { crowd, come, served, pool } = visit([1], { connections: 1, pending: 2 })
    const visitors = crowd(3)
    expect(come().outcome).toBe('full')
    visitors[1]?.go()
    expect(pool.pending).toBe(1)
    const later = come()
    expect(later.outcome).toBe('waits')
    visitors[0]?.go()
    expect(served).toEqual([0, 2])
  })

  it('refuses who has waited for too long, and nobody sooner', () => {
    const { crowd, come, registry } = visit([1], { connections: 1, pendingMs: 2_000 })
    const [first, second] = crowd(2)
    vi.advanceTimersByTime(1_000)
    const third = come()
    vi.advanceTimersByTime(950)
    expect(second?.outcome).toBe('waits')
    vi.advanceTimersByTime(150)
    expect([second?.outcome, third.outcome]).toEqual(['late', 'waits'])
    first?.go()
    expect(third.outcome).toBe('served')
    expect(registry.counters).toMatchObject({ overloaded: 1, pending: 0, active: 1 })
    vi.advanceTimersByTime(100)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('lets those who wait use an endpoint that comes into the pool, or comes back', () => {
    const { crowd, replace, fail, pool } = visit([1, 1], { connections: 2, panicBelowPercent: 0, eject: { failures: 1, forMs: 1_000 } })
    fail(1, 1)
    crowd(9)
    expect([pool.active, pool.pending]).toEqual([2, 7])
    replace([1, 1, 1])
    vi.advanceTimersByTime(100)
    expect(pool.active).toBe(4)
    vi.advanceTimersByTime(1_000)
    expect(pool.active, 'one more, on trial').toBe(5)
  })

  it('lets everybody go on when the pool is left without endpoints: they find out why', () => {
    const { crowd, pool, replace } = visit([1], { connections: 1 })
    const visitors = crowd(5)
    replace([1], undefined, false)
    expect(pool.pending).toBe(4)
    vi.advanceTimersByTime(100)
    expect(pool.pending).toBe(0)
    expect(visitors.map(({ outcome }) => outcome)).toEqual(new Array(5).fill('served'))
    expect(visitors.map(({ upstream }) => upstream === null)).toEqual([false, true, true, true, true])
  })

  it('never has more under way than the limits, loses no place and keeps the order, whatever happens', () => {
    const step = fc.record({ what: fc.constantFrom('come', 'go', 'leave', 'time', 'table'), which: fc.nat() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { come, pool, registry, served, replace } = visit([1, 1], { connections: 2, requests: 3, pending: 4, pendingMs: 1_000 })
        const visitors: Visitor[] = []
        const pick = (outcome: Visitor['outcome'], which: number) => {
          const some = visitors.filter((visitor) => visitor.outcome === outcome)
          return some[which % Math.max(1, some.length)]
        }
        for (const { what, which } of steps) {
          if (what === 'come') visitors.push(come())
          if (what === 'go') pick('served', which)?.go()
          if (what === 'leave') pick('waits', which)?.go()
          if (what === 'time') vi.advanceTimersByTime(which % 400)
          if (what === 'table') replace(which % 3 === 0 ? [1] : [1, 1])
          expect(pool.active).toBe(visitors.filter(({ outcome }) => outcome === 'served').length)
          expect(pool.pending).toBe(visitors.filter(({ outcome }) => outcome === 'waits').length)
          expect(pool.active).toBeLessThanOrEqual(3)
          expect(pool.pending).toBeLessThanOrEqual(4)
          for (const upstream of pool.upstreams) expect(upstream.active).toBeLessThanOrEqual(2)
          expect(served).toEqual([...served].sort((one, other) => one - other))
          expect(registry.counters).toMatchObject({ active: pool.active, pending: pool.pending })
        }
        for (let rest = pick('waits', 0); rest !== undefined; rest = pick('waits', 0)) rest.go()
        for (let rest = pick('served', 0); rest !== undefined; rest = pick('served', 0)) rest.go()
        expect([pool.active, pool.pending, ...pool.upstreams.map(({ active }) => active)].every((count) => count === 0)).toBe(true)
      }),
    )
  })
})
