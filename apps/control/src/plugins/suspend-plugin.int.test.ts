import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Booted } from '../fixtures/booted.ts'
import { SuspendAhead } from '../fixtures/suspend-ahead.ts'

const minute = 60_000
const hour = 60 * minute

let booted: Booted
let time: SuspendAhead

beforeEach(async () => {
  time = new SuspendAhead()
  booted = await Booted.boot()
  booted.bake()
})
afterEach(() => booted[Symbol.asyncDispose]())

const begin = (more: object = {}) => time.begin(booted.client, more)
const up = async (name: string, labels: Record<string, string> = {}) => {
  const { id } = await booted.client.environments.create({ template: 'shop', name, labels })
  const environment = await booted.until(id, 'running').then(() => booted.client.environments.get(id))
  await environment.update({ suspendAfterMs: null })
  return id
}
const use = (...ids: number[]) =>
  booted.client.activity.report(ids.map((environment) => ({ environment, at: new Date().toISOString(), cause: 'GET www' })))

describe('suspend, on a control plane', { timeout: 30_000 }, () => {
  it('suspends what nobody used, says why, and leaves alone what is not known, used, pinned or extended', async () => {
    const suspend = await begin({ idleAfter: '30m' })
    const idle = await up('idle')
    await up('never-seen')
    const pinned = await up('pinned', { 'suspend.pin': 'demo' })
    const extended = await up('extended', { 'suspend.awake-until': new Date(Date.now() + 5 * hour).toISOString() })
    await use(idle, pinned, extended)
    time.ahead = 29 * minute
    expect(await suspend.run()).toEqual([])
    time.ahead = 31 * minute
    expect(await suspend.run()).toEqual([expect.stringMatching(/^suspend idle \(\d+\), idle: not used since /)])
    const { reason } = await booted.until(idle, 'suspended')
    expect(reason.message).toMatch(/^idle: not used since .* its idle time is/)
    expect(await suspend.run()).toEqual([])
    time.ahead = 5 * hour
    expect(await suspend.run()).toEqual([expect.stringContaining('suspend extended')])
    expect((await booted.client.environments.get(pinned)).desired).toBe('running')
  })

  it('waits after its start for what the gateway has to tell', async () => {
    const id = await up('alice')
    await use(id)
    time.ahead = hour
    const suspend = await begin({ idleAfter: '30m' })
    expect(await suspend.run()).toEqual([])
    time.ahead += 2 * minute
    expect(await suspend.run()).toHaveLength(1)
  })

  it('changes nothing in a dry run, and no more than it may in one minute', async () => {
    const ids = [await up('a'), await up('b'), await up('c')]
    await use(...ids)
    const [dry, two] = [await begin({ idleAfter: '30m', dryRun: true }), await begin({ idleAfter: '30m', most: 2 })]
    time.ahead = hour
    expect(await dry.run()).toEqual(ids.map(() => expect.stringMatching(/^would suspend /)))
    expect(await two.run()).toEqual([expect.anything(), expect.anything(), '1 more are due: at most 2 are changed in a minute'])
    expect(await two.run()).toHaveLength(1)
    expect(await two.run()).toEqual([])
  })

  it('announces a deletion, deletes to the trash, and announces again what came back', async () => {
    const id = await up('old')
    const suspend = await begin({ deletion: { afterAge: '10d', notice: '3d' } })
    time.ahead = 8 * 24 * hour
    expect(await suspend.run()).toEqual([expect.stringMatching(/^label old .* it will be deleted at/)])
    const { labels } = await booted.client.environments.get(id)
    expect(labels).toHaveProperty(['suspend.deletes-at'])
    expect(await suspend.run()).toEqual([])
    time.ahead = 11 * 24 * hour
    expect(await suspend.run()).toEqual([expect.stringMatching(/^delete old /)])
    const deleted = await booted.until(id, 'deleted')
    expect(deleted.reason.message).toMatch(/^age: it was made/)
    await booted.client.environments.act(id, 'undelete')
    await booted.until(id, 'running')
    expect((await booted.client.environments.get(id)).labels).toEqual(labels)
  })

  it('lets what others need sleep after them, and wakes it with them', async () => {
    const suspend = await begin({ idleAfter: '30m' })
    const database = await up('database')
    const shop = await up('shop', { 'suspend.needs': 'database' })
    await use(database, shop)
    time.ahead = hour
    expect(await suspend.run()).toEqual([expect.stringContaining('suspend shop')])
    await booted.until(shop, 'suspended')
    expect(await suspend.run()).toEqual([expect.stringContaining('suspend database')])
    await booted.until(database, 'suspended')
    await booted.client.environments.act(shop, 'resume')
    const { reason } = await booted.until(database, 'running')
    expect(reason.message).toContain('comes up and needs it')
    await booted.client.environments.act(database, 'suspend')
    await booted.until(database, 'suspended')
    expect(await suspend.run()).toContainEqual(expect.stringMatching(/^resume database .* shop is awake and needs it/))
  })
})
