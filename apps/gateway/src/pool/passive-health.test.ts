import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { endpointsOf, poolOf } from '../testing/pools.ts'
import type { Upstream } from './upstream.ts'
import type { UpstreamState } from './upstream-state.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const eject = { failures: 3, forMs: 10_000 }

describe('passive ejection', () => {
  it('leaves an endpoint out after so many failures in a row, and only in a row', () => {
    const { pool, at, fail, send, sharesOf } = poolOf([1, 1, 1], { eject })
    fail(1, 2)
    pool.answered(at(1), 500)
    fail(1, 2)
    expect(at(1).state).toBe('well')
    fail(1, 1)
    expect(at(1).state).toBe('ejected')
    expect(sharesOf(10)).toEqual([0, 0, 5, 5])
    expect(send()).not.toBe(1)
  })

  it.each([502, 503, 504])('takes the status %i for a failure', (status) => {
    const { pool, at } = poolOf([1, 1], { eject })
    for (let i = 0; i < 3; i++) pool.answered(at(2), status)
    expect(at(2).state).toBe('ejected')
  })

  it.each([200, 101, 404, 429, 500, 501, 505])('takes the status %i for an answer', (status) => {
    const { pool, at } = poolOf([1, 1], { eject })
    for (let i = 0; i < 9; i++) pool.answered(at(2), status)
    expect(at(2).state).toBe('well')
  })

  it('takes answers that break off in the middle for failures, in a row without a whole one', () => {
    const { pool, at } = poolOf([1, 1, 1], { eject })
    const answer = (isWhole: boolean) => {
      pool.answered(at(1), 200)
      if (isWhole) pool.completed(at(1))
      else pool.cut(at(1), 'it closed')
    }
    for (const isWhole of [false, false, true, false, false]) answer(isWhole)
    expect(at(1).state).toBe('well')
    answer(false)
    expect(at(1).state).toBe('ejected')
    vi.advanceTimersByTime(10_100)
    expect(at(1).state).toBe('returning')
    answer(false)
    expect(at(1).state, 'its trial broke off').toBe('ejected')
    vi.advanceTimersByTime(20_100)
    answer(true)
    answer(false)
    expect(at(1).state).toBe('well')
  })

  it('brings it back by one request at a time, and for good with the first answer', () => {
    const { pool, at, fail, sharesOf } = poolOf([1, 1, 1], { eject })
    fail(1, 3)
    vi.advanceTimersByTime(9_900)
    expect(at(1).state).toBe('ejected')
    vi.advanceTimersByTime(200)
    expect(at(1).state).toBe('returning')
    const chosen = Array.from({ length: 8 }, () => {
      pool.enter(performance.now())
      return pool.choose() as Upstream
    })
    expect(chosen.filter((upstream) => upstream === at(1))).toHaveLength(1)
    pool.answered(at(1), 200)
    for (const upstream of chosen) pool.leave(upstream)
    expect(at(1).state).toBe('well')
    expect(sharesOf(9)).toEqual([0, 3, 3, 3])
  })

  it('leaves it out longer each time that it fails at its return, and forgets that once it has lasted', () => {
    const { at, fail, send } = poolOf([1, 1, 1], { eject })
    const outFor = () => {
      const since = performance.now()
      while (at(1).state === 'ejected') vi.advanceTimersByTime(50)
      return Math.round((performance.now() - since) / 1_000)
    }
    fail(1, 3)
    expect(outFor()).toBe(10)
    fail(1, 1)
    expect(outFor()).toBe(20)
    fail(1, 1)
    expect(outFor()).toBe(30)
    while (at(1).state === 'returning') send()
    vi.advanceTimersByTime(29_000)
    fail(1, 3)
    expect(outFor(), 'it had come back for less time than it was out').toBe(40)
    while (at(1).state === 'returning') send()
    vi.advanceTimersByTime(41_000)
    fail(1, 3)
    expect(outFor()).toBe(10)
  })

  it('never leaves it out for more than five minutes', () => {
    const { at, fail } = poolOf([1, 1, 1], { eject: { failures: 1, forMs: 200_000 } })
    fail(1, 1)
    vi.advanceTimersByTime(200_100)
    fail(1, 1)
    vi.advanceTimersByTime(300_100)
    expect(at(1).state).toBe('returning')
  })

  it('gives another trial where nobody answered the first', () => {
    const { pool, at, fail } = poolOf([1, 1, 1], { eject })
    fail(1, 3)
    vi.advanceTimersByTime(10_100)
    const take = () => {
      for (let i = 0; i < 6; i++) {
        pool.enter(performance.now())
        pool.choose()
      }
      return at(1).active
    }
    expect(take()).toBe(1)
    expect(take()).toBe(1)
    vi.advanceTimersByTime(1_100)
    expect(take()).toBe(2)
  })

  it('keeps what is known of an endpoint when the table is replaced every second', () => {
    const { at, fail, replace, sharesOf } = poolOf([1, 1, 1], { eject })
    fail(1, 2)
    replace([1, 1, 1])
    fail(1, 1)
    for (let second = 0; second < 9; second++) {
      replace([1, 1, 1])
      expect(sharesOf(10)).toEqual([0, 0, 5, 5])
      vi.advanceTimersByTime(1_000)
    }
    vi.advanceTimersByTime(1_200)
    expect(at(1).state).toBe('returning')
  })

  it('knows nothing of an endpoint with another generation', () => {
    const { at, fail, replace, sharesOf } = poolOf([1, 1, 1], { eject })
    fail(1, 3)
    replace(endpointsOf([1, 1, 1], 2))
    expect(at(1).state).toBe('new')
    expect(sharesOf(9)).toEqual([0, 3, 3, 3])
  })

  it('tells of every change, with its reason', () => {
    const told: [number, UpstreamState, UpstreamState, string][] = []
    const onChange = ({ endpoint, state }: Upstream, from: UpstreamState, why: string) => told.push([endpoint.port, from, state, why])
    const { fail } = poolOf([1, 1, 1], { eject }, { onChange })
    fail(2, 3, 'nothing listens there')
    vi.advanceTimersByTime(10_100)
    expect(told.map((each) => each.slice(0, 3))).toEqual([
      [2, 'new', 'ejected'],
      [2, 'ejected', 'returning'],
    ])
    expect(told[0]?.[3]).toBe('nothing listens there')
  })

  it('needs no timer while all are well', () => {
    const { fail, send, registry } = poolOf([1, 1, 1], { eject })
    send()
    expect(vi.getTimerCount()).toBe(0)
    fail(1, 3)
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(10_100)
    for (let i = 0; i < 6; i++) send()
    vi.advanceTimersByTime(1_000)
    expect(vi.getTimerCount()).toBe(0)
    expect(registry.counters.states).toMatchObject({ well: 3, ejected: 0, returning: 0 })
  })
})

describe('the panic rule', () => {
  it('uses all endpoints if fewer than the given share are well', () => {
    const { fail, sharesOf, registry } = poolOf([1, 1, 1, 1], { eject })
    fail(1, 3)
    fail(2, 3)
    expect(sharesOf(8)).toEqual([0, 0, 0, 4, 4])
    expect(registry.counters.panicked).toBe(0)
    fail(3, 3)
    const shares = sharesOf(8)
    expect(shares).toEqual([0, 2, 2, 2, 2])
    expect(registry.counters.panicked).toBe(8)
  })

  it('never leaves the only endpoint out', () => {
    const { fail, send, at } = poolOf([1], { eject })
    fail(1, 30)
    expect(at(1).state).toBe('ejected')
    expect(send()).toBe(1)
    vi.advanceTimersByTime(10_100)
    expect(at(1).state).toBe('returning')
    expect([send(), at(1).state]).toEqual([1, 'well'])
  })

  it('can be turned off', () => {
    const { fail, sharesOf } = poolOf([1, 1], { eject, panicBelowPercent: 0 })
    fail(1, 3)
    expect(sharesOf(4)).toEqual([0, 0, 4])
    fail(2, 3)
    expect(sharesOf(4)).toEqual([4, 0, 0])
  })

  it('does not count who is drained, and does not use them', () => {
    const { fail, sharesOf } = poolOf([1, 1, 0, 0, 0], { eject })
    fail(1, 3)
    expect(sharesOf(4)).toEqual([0, 0, 4, 0, 0, 0])
    fail(2, 3)
    expect(sharesOf(4)).toEqual([0, 2, 2, 0, 0, 0])
  })
})

describe('slow start', () => {
  const policy = { slowStartMs: 10_000 }

  it('lets the share of a new endpoint grow evenly', () => {
    const { replace, sharesOf } = poolOf([1, 1], policy)
    vi.advanceTimersByTime(10_000)
    replace([1, 1, 1])
    const partAt = (ms: number) => {
      vi.advanceTimersByTime(ms)
      return (sharesOf(3_000)[3] ?? 0) / 1_000
    }
    expect(partAt(0)).toBeLessThan(0.05)
    // 0.25 : 1 : 1, 0.5 : 1 : 1, and so on.
    expect(partAt(2_500)).toBeCloseTo((3 * 0.25) / 2.25, 1)
    expect(partAt(2_500)).toBeCloseTo((3 * 0.5) / 2.5, 1)
    expect(partAt(2_500)).toBeCloseTo((3 * 0.75) / 2.75, 1)
    expect(partAt(2_500)).toBeCloseTo(1, 5)
  })

  it('goes on where the table is replaced meanwhile', () => {
    const { replace, sharesOf } = poolOf([1], policy)
    vi.advanceTimersByTime(10_000)
    for (let second = 0; second < 5; second++) {
      replace([1, 1])
      vi.advanceTimersByTime(1_000)
    }
    expect((sharesOf(3_000)[2] ?? 0) / 1_000).toBeCloseTo(1, 1)
  })

  it('spares one that comes back from ejection, too', () => {
    const { fail, send, at, sharesOf } = poolOf([1, 1, 1], { ...policy, eject })
    vi.advanceTimersByTime(10_000)
    fail(1, 3)
    vi.advanceTimersByTime(10_100)
    while (at(1).state === 'returning') send()
    vi.advanceTimersByTime(1_000)
    expect((sharesOf(3_000)[1] ?? 0) / 1_000).toBeLessThan(0.25)
  })

  it('does not flood a new endpoint that has the fewest connections', () => {
    const { pool, replace, at } = poolOf([1, 1], { ...policy, balance: 'least-connections' })
    vi.advanceTimersByTime(10_000)
    for (let i = 0; i < 40; i++) {
      pool.enter(performance.now())
      pool.choose()
    }
    replace([1, 1, 1])
    for (let i = 0; i < 40; i++) {
      pool.enter(performance.now())
      pool.choose()
    }
    expect(at(3).active).toBeLessThanOrEqual(2)
  })

  it('makes no difference where all are new', () => {
    expect(poolOf([1, 2, 1], policy).sharesOf(40)).toEqual([0, 10, 20, 10])
  })
})
