import type { ActivityReport } from '@standin/client'
import { describe, expect, it } from 'vitest'
import { Activity } from './activity.ts'

type Items = ActivityReport['items']

describe('Activity', () => {
  it('reports the last use of each environment once', async () => {
    let now = 1_000
    const reports: Items[] = []
    const activity = new Activity(
      async (items) => void reports.push(items),
      () => now,
    )
    const record = activity.record(1001)
    activity.record(1002)
    activity.begin(record, 'GET', 'www-1001.test')
    now = 2_000
    activity.end(record, 'GET')
    await activity.flush()
    await activity.flush()
    expect(reports).toEqual([[{ environment: 1001, at: new Date(2_000).toISOString(), cause: 'GET www-1001.test' }]])
  })

  it('reports an environment again and again while something is open', async () => {
    let now = 1_000
    const reports: Items[] = []
    const activity = new Activity(
      async (items) => void reports.push(items),
      () => now,
    )
    activity.begin(activity.record(1001), 'WebSocket', 'www-1001.test')
    for (now of [5_000, 10_000]) await activity.flush()
    expect(reports.map(([item]) => item?.at)).toEqual([new Date(5_000).toISOString(), new Date(10_000).toISOString()])
  })

  it('keeps what was not taken, and what happens while it is being told', async () => {
    let now = 1_000
    let away = true
    const reports: Items[] = []
    const record = { current: undefined as ReturnType<Activity['record']> | undefined }
    const activity = new Activity(
      async (items) => {
        if (away) throw new Error('away')
        reports.push(items)
        now = 3_000
        if (reports.length === 1 && record.current !== undefined) {
          activity.begin(record.current, 'POST', 'www-1001.test')
          activity.end(record.current, 'POST')
        }
      },
      () => now,
    )
    record.current = activity.record(1001)
    activity.begin(record.current, 'GET', 'www-1001.test')
    activity.end(record.current, 'GET')
    await activity.flush()
    await activity.flush()
    expect(reports).toEqual([])
    away = false
    await activity.flush()
    await activity.flush()
    expect(reports.map(([item]) => [item?.cause, item?.at])).toEqual([
      ['GET www-1001.test', new Date(1_000).toISOString()],
      ['POST www-1001.test', new Date(3_000).toISOString()],
    ])
  })

  it('names the WebSocket that is still open, once it is all that is left of its use', async () => {
    let now = 1_000
    const reports: Items[] = []
    const activity = new Activity(
      async (items) => void reports.push(items),
      () => now,
    )
    const record = activity.record(1001)
    activity.begin(record, 'WebSocket', 'chat-1001.test')
    activity.begin(record, 'GET', 'www-1001.test')
    activity.end(record, 'GET')
    for (now of [5_000, 10_000]) await activity.flush()
    activity.end(record, 'WebSocket')
    now = 15_000
    await activity.flush()
    expect(reports.flat().map(({ cause, at }) => [cause, Date.parse(at)])).toEqual([
      ['GET www-1001.test', 5_000],
      ['WebSocket chat-1001.test', 10_000],
    ])
  })

  it('splits what is more than one report may hold', async () => {
    const sizes: number[] = []
    const activity = new Activity(async (items) => void sizes.push(items.length))
    for (let id = 1; id <= 20_001; id++) activity.begin(activity.record(id), 'GET', 'x')
    await activity.flush()
    expect(sizes).toEqual([20_000, 1])
  })

  it('reports the first use after a while at once, and an environment in use not all the time', async () => {
    const reports: Items[] = []
    const activity = new Activity(async (items) => void reports.push(items))
    activity.start()
    const record = activity.record(1001)
    for (let request = 0; request < 100; request++) {
      activity.begin(record, 'GET', 'www-1001.test')
      activity.end(record, 'GET')
    }
    const deadline = performance.now() + 4_000
    while (reports.length === 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(reports).toHaveLength(1)
    activity.begin(record, 'GET', 'www-1001.test')
    activity.end(record, 'GET')
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(reports).toHaveLength(1)
    await activity.stop()
    expect(reports).toHaveLength(2)
  })

  it('reports who used an environment before its state changes, and also when it has left the table', async () => {
    const reports: Items[] = []
    const activity = new Activity(async (items) => void reports.push(items))
    activity.start()
    for (const id of [1001, 1002]) {
      const record = activity.record(id)
      activity.begin(record, 'GET', `www-${id}.test`)
      activity.end(record, 'GET')
    }
    activity.forget(1002)
    activity.settle(1001)
    await activity.flush()
    expect(reports.flat().map(({ environment }) => environment)).toEqual([1001, 1002])
    await activity.stop()
    expect(reports).toHaveLength(1)
  })
})
