import { describe, expect, it } from 'vitest'
import { poolOf } from '../testing/pools.ts'
import { Counts } from './counts.ts'
import { metrics } from './metric-list.ts'
import { samplePools } from './sample-pools.ts'

describe('samplePools', () => {
  it('tells what pools do, and endpoints by their state', () => {
    const { registry, pool, fail } = poolOf([1, 1, 1], { eject: { failures: 1 }, requests: 1 })
    fail(1, 1)
    pool.enter(0)
    pool.wait({ onPlace() {}, onNoPlace() {} }, 0)
    const counts = new Counts()
    samplePools(registry, counts)
    const metricList = metrics.list
    const at = (key: keyof typeof metricList) => counts.values.slice(metricList[key].offset, metricList[key].offset + metricList[key].size)
    expect(Object.fromEntries((metricList.upstreams.labels?.state ?? []).map((state, index) => [state, at('upstreams')[index]]))).toEqual({
      new: 2,
      well: 0,
      unwell: 0,
      ejected: 1,
      returning: 0,
      draining: 0,
    })
    expect([at('poolActive'), at('poolPending'), at('poolQueued'), at('ejections')]).toEqual([[1], [1], [1], [1]])
    registry.sweep.stop()
  })
})
