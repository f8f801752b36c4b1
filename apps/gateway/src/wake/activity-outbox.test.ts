import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ActivityReport } from '@standin/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ActivityFile } from './activity-file.ts'
import { ActivityOutbox } from './activity-outbox.ts'

type Items = ActivityReport['items']

const item = (environment: number, second: number, cause = 'GET www-1001.test') => ({
  environment,
  at: new Date(second * 1_000).toISOString(),
  cause,
})

let folder: string
let path: string
beforeEach(async () => {
  // One that was killed does nothing any more, and the others only what they are told to.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  folder = await mkdtemp(join(tmpdir(), 'standin-activity-'))
  path = join(folder, 'gateway', 'activity.json')
})
afterEach(async () => {
  vi.useRealTimers()
  await rm(folder, { recursive: true })
})

/** Control as it is reached or not. */
const startOutbox = () => {
  const control = { isAway: true, reports: [] as Items[], failures: [] as string[] }
  const reportActivity = async (items: Items) => {
    if (control.isAway) throw new Error('away')
    control.reports.push(items)
  }
  const onFailure = (error: unknown) => void control.failures.push((error as Error).message)
  return { control, outbox: new ActivityOutbox({ reportActivity }, onFailure, new ActivityFile(path)) }
}

describe('ActivityOutbox', () => {
  it('tells control once of what several workers report, the last of each environment', async () => {
    const { control, outbox } = startOutbox()
    control.isAway = false
    outbox.add([item(1001, 2, 'POST www-1001.test'), item(1002, 1)])
    outbox.add([item(1001, 1)])
    await outbox.flush()
    await outbox.flush()
    expect(control.reports).toEqual([[item(1001, 2, 'POST www-1001.test'), item(1002, 1)]])
    await expect(stat(path)).rejects.toThrow('ENOENT')
  })

  it('has on disk what control did not take, so that a gateway that is killed loses nothing of it', async () => {
    const killed = startOutbox()
    killed.outbox.add([item(1001, 1), item(1002, 1)])
    await killed.outbox.flush()
    killed.outbox.add([item(1001, 3)])
    await killed.outbox.flush()
    expect(killed.control.failures).toEqual(['away'])
    expect((await stat(path)).mode & 0o777).toBe(0o600)

    const next = startOutbox()
    next.outbox.add([item(1002, 5)])
    await next.outbox.flush()
    next.control.isAway = false
    await next.outbox.flush()
    expect(next.control.reports).toEqual([[item(1002, 5), item(1001, 3)]])
    expect(await readdir(join(folder, 'gateway'))).toEqual([])
  })

  it('takes up what the gateway that it replaced leaves behind when it ends', async () => {
    const [before, after] = [startOutbox(), startOutbox()]
    after.outbox.start()
    before.outbox.add([item(1001, 1)])
    after.outbox.add([item(1002, 1)])
    await after.outbox.flush()
    await before.outbox.stop()
    after.control.isAway = false
    await after.outbox.stop()
    expect(after.control.reports.flat()).toHaveLength(2)
    await expect(stat(path)).rejects.toThrow('ENOENT')
  })

  it('is no reason not to start where its file is broken', async () => {
    const file = new ActivityFile(path)
    await file.write([item(1001, 1)])
    for (const text of ['', '{', '{"items":1}', '{"items":[1,{"environment":1,"at":"some day","cause":""}]}']) {
      await writeFile(path, text)
      expect(await new ActivityFile(path).read()).toEqual([])
    }
  })
})
