import { StandinError } from '@standin/client'
import { definePlugin } from '@standin/core'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import Type from 'typebox'
import { describe, expect, it } from 'vitest'

const mebibyte = 2 ** 20
const idle = definePlugin({ id: 'idle', config: Type.Object({}), setup: () => ({}) })

/** What was measured, as the events tell it. */
async function measured(booted: BootedPlugin): Promise<unknown[]> {
  const { items } = await booted.client.events.list({ type: 'environment.changed', limit: 1000 })
  return items.filter(({ data }) => (data.fields as string[]).includes('storageBytes')).map(({ data }) => data.storageBytes)
}

describe('StorageMeter', () => {
  it('measures what came up, was suspended, stopped or put into the trash, and forgets what is purged', async () => {
    await using booted = await bootPlugin(idle)
    const shop = await booted.clone('a')
    const seen = [shop.storageBytes]
    for (const action of ['suspend', 'resume', 'stop', 'delete'] as const) {
      booted.world.storageBytes.set(shop.id, 5000 + seen.length)
      await shop[action]()
      await booted.settled()
      seen.push((await booted.client.environments.get(String(shop.id))).storageBytes)
    }
    expect(seen).toEqual([4096, 5001, 5002, 5003, 5004])
    expect(await measured(booted)).toEqual(seen)
    await shop.delete({ purge: true })
    await booted.settled()
    expect(await measured(booted)).toHaveLength(5)
  })

  it('measures what runs again within ten minutes, and tells of it where that is worth telling', async () => {
    await using booted = await bootPlugin(idle)
    const shop = await booted.clone('a')
    booted.world.storageBytes.set(shop.id, 4096 + mebibyte / 2)
    await booted.advance('30m')
    expect(await measured(booted)).toEqual([4096])
    booted.world.storageBytes.set(shop.id, 300 * mebibyte)
    await booted.advance('10m')
    expect((await shop.refresh()).storageBytes).toBe(300 * mebibyte)
    // Less than one per cent.
    booted.world.storageBytes.set(shop.id, 302 * mebibyte)
    await booted.advance('30m')
    booted.world.storageBytes.set(shop.id, 290 * mebibyte)
    await booted.advance('10m')
    expect(await measured(booted)).toEqual([4096, 300 * mebibyte, 290 * mebibyte])
  })

  it('looks also where something changes its state all the time', async () => {
    await using booted = await bootPlugin(idle)
    const [shop, other] = [await booted.clone('a'), await booted.clone('b')]
    booted.world.storageBytes.set(shop.id, 300 * mebibyte)
    for (let minute = 0; minute < 12; minute++) {
      await (minute % 2 === 0 ? other.suspend() : other.resume())
      await booted.advance('1m')
    }
    expect((await shop.refresh()).storageBytes).toBe(300 * mebibyte)
  })

  it('leaves alone what does not run', async () => {
    await using booted = await bootPlugin(idle)
    const shop = await booted.clone('a')
    await shop.suspend()
    await booted.settled()
    booted.world.storageBytes.set(shop.id, 300 * mebibyte)
    await booted.advance('2h')
    expect((await shop.refresh()).storageBytes).toBe(4096)
    expect(booted.clock.nextAt).toBeNull()
  })

  it('keeps what it knows where something can not be measured, and tries again', async () => {
    await using booted = await bootPlugin(idle)
    const shop = await booted.clone('a')
    booted.world.storageBytes.set(shop.id, 300 * mebibyte)
    booted.world.fail('storage', new StandinError('provider_failed', 'no du here'))
    await booted.advance('9m')
    expect((await shop.refresh()).storageBytes).toBe(4096)
    expect(booted.logs.filter(({ level, msg }) => level === 40 && msg?.includes('can not be measured'))).toHaveLength(1)
    await booted.advance('10m')
    expect((await shop.refresh()).storageBytes).toBe(300 * mebibyte)
  })

  it('goes on after a restart, and measures at once what never was', async () => {
    await using booted = await bootPlugin(idle)
    booted.world.fail('storage', new StandinError('provider_failed', 'no du here'))
    const shop = await booted.clone('a')
    expect(shop.storageBytes).toBeNull()
    await booted.restart()
    const again = await booted.client.environments.get('a')
    expect(again.storageBytes).toBe(4096)
    booted.world.storageBytes.set(shop.id, 300 * mebibyte)
    await booted.advance('10m')
    expect((await again.refresh()).storageBytes).toBe(300 * mebibyte)
  })

  it('does not measure what is attached', async () => {
    await using booted = await bootPlugin(idle)
    const attached = await booted.client.environments.attach({ name: 'x', services: [{ name: 'www', endpoints: ['127.0.0.1:9000'] }] })
    await booted.settled()
    expect(await attached.refresh()).toMatchObject({ storageBytes: null, hosts: [{ resources: { cpus: null, memoryBytes: null } }] })
  })
})
