import { StandinError } from '@standin/client'
import { definePlugin } from '@standin/core'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import Type from 'typebox'
import { describe, expect, it } from 'vitest'

const idle = definePlugin({ id: 'idle', config: Type.Object({}), setup: () => ({}) })

async function sleepers(booted: BootedPlugin, labels: Readonly<Record<string, string>>) {
  const all = Object.fromEntries(await Promise.all(Object.keys(labels).map(async (name) => [name, await booted.clone(name)] as const)))
  for (const [name, needs] of Object.entries(labels)) if (needs !== '') await all[name]?.update({ labels: { 'suspend.needs': needs } })
  for (const each of Object.values(all)) await each.suspend()
  await booted.settled()
  booted.world.calls.length = 0
  return all
}

const order = (booted: BootedPlugin) =>
  booted.world.calls.filter((call) => /^(resume|start) /.test(call)).map((call) => Number(call.split(' ')[1]))

describe('Needs', () => {
  it('wakes what is needed first, and says what it waits for', async () => {
    await using booted = await bootPlugin(idle)
    const { shop, api, db } = await sleepers(booted, { shop: 'api', api: 'db, nobody', db: '' })
    const { reached, release } = booted.world.hold('resume')
    await shop?.resume()
    await reached
    // The database is being woken; the others wait.
    await expect.poll(async () => (await shop?.refresh())?.state).toBe('resuming')
    expect(shop?.reason).toMatchObject({ actor: 'reconciler', message: `waits for api (${api?.id}), which it needs` })
    expect((await api?.refresh())?.reason.message).toBe(`waits for db (${db?.id}), which it needs`)
    expect(order(booted)).toEqual([])
    release()
    await booted.settled()
    expect(order(booted)).toEqual([db?.id, api?.id, shop?.id])
    for (const each of [shop, api, db]) expect((await each?.refresh())?.state).toBe('running')
    expect(db?.reason.message).toBe(`needed: shop (${shop?.id}) comes up and needs it`)
  })

  it('lets those that need each other wake all the same', async () => {
    await using booted = await bootPlugin(idle)
    const { a, b } = await sleepers(booted, { a: 'b a', b: 'a' })
    await a?.resume()
    await booted.settled()
    expect((await a?.refresh())?.state).toBe('running')
    expect((await b?.refresh())?.state).toBe('suspended')
  })

  it('does not wait for what failed, is stopped or deleted, and leaves that as it is', async () => {
    await using booted = await bootPlugin(idle)
    const { shop, failing, stopped, gone } = await sleepers(booted, { shop: 'failing stopped gone', failing: '', stopped: '', gone: '' })
    await stopped?.stop()
    await gone?.delete()
    await booted.settled()
    booted.world.fail('resume', new StandinError('host_failed', 'it is broken'))
    await shop?.resume()
    await booted.settled()
    expect((await shop?.refresh())?.state).toBe('running')
    expect((await failing?.refresh())?.state).toBe('failed')
    expect((await stopped?.refresh())?.state).toBe('stopped')
    expect((await gone?.refresh())?.state).toBe('deleted')
  })

  it('can be put to sleep while it waits', async () => {
    await using booted = await bootPlugin(idle)
    const { shop } = await sleepers(booted, { shop: 'db', db: '' })
    const { reached, release } = booted.world.hold('resume')
    await shop?.resume()
    await reached
    await shop?.suspend()
    await expect.poll(async () => (await shop?.refresh())?.state).toBe('suspended')
    release()
    await booted.settled()
    expect((await booted.client.environments.get('db')).state).toBe('running')
  })

  it('wakes what a new clone needs, and nothing for one that is refused', async () => {
    let refuses = true
    const guard = definePlugin({
      id: 'guard',
      config: Type.Object({}),
      setup: () => ({
        admit: async ({ name, plan }) => {
          if (refuses && name !== 'db' && !(plan && name === null)) throw new StandinError('quota_exceeded', 'no more')
        },
      }),
    })
    await using booted = await bootPlugin(idle, {}, { beside: [[guard]] })
    const { db } = await sleepers(booted, { db: '' })
    await expect(booted.clone('shop', { 'suspend.needs': 'db' })).rejects.toMatchObject({ code: 'quota_exceeded' })
    expect((await db?.refresh())?.state).toBe('suspended')
    refuses = false
    const shop = await booted.clone('shop', { 'suspend.needs': String(db?.id) })
    expect([shop.state, (await db?.refresh())?.state]).toEqual(['running', 'running'])
    expect(order(booted)).toEqual([db?.id, shop.id])
  })
})
