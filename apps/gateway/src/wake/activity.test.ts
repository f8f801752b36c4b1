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
      undefined,
      () => now,
    )
    const record = activity.record(1001)
    activity.record(1002)
    activity.begin(record, 'GET', 'www-1001.test')
    now = 2_000
    activity.end(record)
    await activity.flush()
    await activity.flush()
    expect(reports).toEqual([[{ environment: 1001, at: new Date(2_000).toISOString(), cause: 'GET www-1001.test' }]])
  })

  it('reports an environment again and again while something is open', async () => {
    let now = 1_000
    const reports: Items[] = []
    const activity = new Activity(
      async (items) => void reports.push(items),
      undefined,
      () => now,
    )
    activity.begin(activity.record(1001), 'WebSocket', 'www-1001.test')
    for (now of [5_000, 10_000]) await activity.flush()
    expect(reports.map(([item]) => item?.at)).toEqual([new Date(5_000).toISOString(), new Date(10_000).toISOString()])
  })

  it('keeps what control did not take, and what happens while it is being told', async () => {
    let now = 1_000
    let away = true
    const failures: string[] = []
    const reports: Items[] = []
    const record = { current: undefined as ReturnType<Activity['record']> | undefined }
    const activity = new Activity(
      async (items) => {
        if (away) throw new Error('away')
        reports.push(items)
        now = 3_000
        if (reports.length === 1 && record.current !== undefined) {
          activity.begin(record.current, 'POST', 'www-1001.test')
          activity.end(record.current)
        }
      },
      (error) => failures.push((error as Error).message),
      () => now,
    )
    record.current = activity.record(1001)
    activity.begin(record.current, 'GET', 'www-1001.test')
    activity.end(record.current)
    await activity.flush()
    await activity.flush()
    expect(reports).toEqual([])
    expect(failures).toEqual(['away'])
    away = false
    await activity.flush()
    await activity.flush()
    expect(reports.map(([item]) => [item?.cause, item?.at])).toEqual([
      ['GET www-1001.test', new Date(1_000).toISOString()],
      ['POST www-1001.test', new Date(3_000).toISOString()],
    ])
  })

  it('splits what is more than one report may hold', async () => {
    const sizes: number[] = []
    const activity = new Activity(async (items) => void sizes.push(items.length))
    for (let id = 1; id <= 20_001; id++) activity.begin(activity.record(id), 'GET', 'x')
    await activity.flush()
    expect(sizes).toEqual([20_000, 1])
  })
})
