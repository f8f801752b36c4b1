import type { Balance } from '@standin/client'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { poolOf, seededRandom } from '../testing/pools.ts'
import type { Upstream } from './upstream.ts'

afterEach(() => {
  vi.useRealTimers()
})

const weightsOf = (maximum: number) => fc.array(fc.integer({ min: 1, max: maximum }), { minLength: 1, maxLength: 12 })
const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)

describe('round robin', () => {
  it('gives each endpoint exactly its weight in every round', () => {
    fc.assert(
      fc.property(weightsOf(9), fc.integer({ min: 1, max: 4 }), (weights, rounds) => {
        const { sharesOf } = poolOf(weights)
        expect(sharesOf(sum(weights) * rounds)).toEqual([0, ...weights.map((weight) => weight * rounds)])
      }),
    )
  })

  it('spreads turns: nobody is ever more than one request ahead of or behind its share', () => {
    fc.assert(
      fc.property(weightsOf(9), (weights) => {
        const { send } = poolOf(weights)
        const total = sum(weights)
        const had = weights.map(() => 0)
        for (let i = 1; i <= total; i++) {
          const index = send() - 1
          had[index] = (had[index] ?? 0) + 1
          had.forEach((count, at) => {
            expect(Math.abs(count - (i * (weights[at] ?? 0)) / total)).toBeLessThanOrEqual(weights.length > 2 ? weights.length / 2 : 1)
          })
        }
      }),
    )
  })

  it('keeps turns and shares when the table is replaced all the time', () => {
    fc.assert(
      fc.property(weightsOf(5), fc.integer({ min: 1, max: 7 }), (weights, every) => {
        const { sharesOf, send, replace } = poolOf(weights)
        const had = [0, ...weights.map(() => 0)]
        for (let i = 0; i < sum(weights) * 3; i++) {
          if (i % every === 0) replace(weights)
          const port = send()
          had[port] = (had[port] ?? 0) + 1
        }
        expect(had).toEqual([0, ...weights.map((weight) => weight * 3)])
        expect(sharesOf(sum(weights))).toEqual([0, ...weights])
      }),
    )
  })

  it('begins anywhere, so that many gateways do not all begin at the first endpoint', () => {
    const firsts = new Set(Array.from({ length: 50 }, (_, seed) => poolOf([1, 1, 1, 1], {}, { random: seededRandom(seed) }).send()))
    expect([...firsts].sort()).toEqual([1, 2, 3, 4])
  })
})

describe('least connections', () => {
  it('goes to who has the fewest requests for its weight', () => {
    const { pool, at } = poolOf([1, 2, 4], { balance: 'least-connections' })
    const chosen: Upstream[] = []
    for (let i = 0; i < 70; i++) {
      pool.enter(0)
      chosen.push(pool.choose() as Upstream)
    }
    expect([1, 2, 3].map((port) => at(port).active)).toEqual([10, 20, 40])
    for (const upstream of chosen) if (upstream.endpoint.port === 2) pool.leave(upstream)
    pool.enter(0)
    expect(pool.choose()).toBe(at(2))
  })

  it('takes turns by weight while nobody is busy', () => {
    fc.assert(
      fc.property(weightsOf(9), (weights) => {
        const { sharesOf } = poolOf(weights, { balance: 'least-connections' })
        expect(sharesOf(sum(weights) * 2)).toEqual([0, ...weights.map((weight) => weight * 2)])
      }),
    )
  })

  it('never lets loads drift apart, in whatever order requests end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 8 }), fc.array(fc.nat(), { maxLength: 300 }), (size, ends) => {
        const { pool } = poolOf(new Array<number>(size).fill(1), { balance: 'least-connections' })
        const open: Upstream[] = []
        for (const end of ends) {
          pool.enter(0)
          const chosen = pool.choose() as Upstream
          expect(chosen.active - 1).toBe(Math.min(...pool.upstreams.map(({ active }) => active - (active === chosen.active ? 1 : 0))))
          open.push(chosen)
          if (open.length > 20) pool.leave(open.splice(end % open.length, 1)[0] ?? null)
        }
      }),
    )
  })
})

describe('two random choices', () => {
  it('follows the weights while nobody is busy', () => {
    const weights = [1, 2, 3, 4]
    const shares = poolOf(weights, { balance: 'two-choices' }).sharesOf(20_000)
    weights.forEach((weight, index) => {
      expect((shares[index + 1] ?? 0) / 2_000).toBeGreaterThan(weight * 0.9)
      expect((shares[index + 1] ?? 0) / 2_000).toBeLessThan(weight * 1.1)
    })
  })

  it('keeps the busiest close to the others, which one choice would not', () => {
    const { pool } = poolOf(new Array<number>(50).fill(1), { balance: 'two-choices' })
    for (let i = 0; i < 5_000; i++) {
      pool.enter(0)
      pool.choose()
    }
    const loads = pool.upstreams.map(({ active }) => active)
    expect(sum(loads)).toBe(5_000)
    // One random choice lets the busiest have 120 and more here.
    expect(Math.max(...loads)).toBeLessThanOrEqual(104)
    expect(Math.min(...loads)).toBeGreaterThanOrEqual(90)
  })

  it('chooses the same for the same seed, and never one that is full', () => {
    const run = () => {
      const { pool } = poolOf([3, 1, 1], { balance: 'two-choices', connections: 2 })
      return Array.from({ length: 7 }, () => (pool.enter(0) ? pool.choose()?.endpoint.port : 0))
    }
    expect(run()).toEqual(run())
    expect(run().slice(0, 6).sort()).toEqual([1, 1, 2, 2, 3, 3])
    expect(run()[6]).toBe(0)
  })
})

describe.each(['round-robin', 'least-connections', 'two-choices', 'sticky'] satisfies Balance[])('weights with %s', (balance) => {
  it('sends nobody to an endpoint of weight 0', () => {
    const { sharesOf, replace } = poolOf([1, 0, 2], { balance })
    expect(sharesOf(30)[2]).toBe(0)
    replace([1, 1, 2])
    expect(sharesOf(40)[2]).toBeGreaterThan(0)
    replace([0, 0, 0])
    expect(sharesOf(5)).toEqual([5, 0, 0, 0])
  })

  it('sends a retry to another endpoint than the one that failed', () => {
    // Each second has retries of its own.
    vi.useFakeTimers({ toFake: ['performance'] })
    const { pool, at, registry } = poolOf([1, 1, 5], { balance })
    for (let i = 0; i < 20; i++) {
      pool.enter(performance.now())
      const first = pool.choose() as Upstream
      const attempt = {
        retries: 0,
        wasAnswered: false,
        isSent: false,
        diedUnused: false,
        hasBody: false,
        bodyStarted: false,
        method: 'GET',
      }
      const second = pool.retry(first, attempt)
      if (second === undefined) {
        expect(registry.counters.retriesRefused).toBeGreaterThan(0)
        pool.leave(first)
      } else {
        expect(second).not.toBe(first)
        expect([first.active, second.active]).toEqual([0, 1])
        pool.leave(second)
      }
    }
    expect([1, 2, 3].map((port) => at(port).active)).toEqual([0, 0, 0])
    expect(registry.counters.retries).toBe(10)
  })
})
