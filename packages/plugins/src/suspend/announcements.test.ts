import type { Plugin, PluginContext } from '@standin/core'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { describe, expect, it } from 'vitest'
import { suspendPlugin } from './suspend-plugin.ts'

const config = { nightly: [], deletion: { afterAge: '90m', notice: '60m' } }
const told = async (booted: BootedPlugin) =>
  (await booted.client.events.list({ type: 'notice', limit: 1000 })).items.map(({ actor, environment, data }) => [
    actor,
    environment,
    data.kind,
  ])

/** The plugin as it is, with what each of its lives begins with changed. */
const disturbed = (disturb: (context: PluginContext) => void): Plugin => ({
  ...(suspendPlugin as Plugin),
  setup: (context, given) => {
    disturb(context)
    return (suspendPlugin as Plugin).setup(context, given)
  },
})

describe('the notices of a deletion', { timeout: 60_000 }, () => {
  it('tell once that it is announced, that it is cancelled, and that it is done', async () => {
    await using booted = await bootPlugin(suspendPlugin, config)
    const shop = await booted.clone('shop-1')
    await booted.advance('30m')
    await booted.advance('5m')
    const announced = ['plugin:suspend', shop.id, 'suspend.deletion-announced']
    expect(await told(booted)).toEqual([announced])
    const [notice] = (await booted.client.events.list({ type: 'notice' })).items
    expect(notice?.data).toMatchObject({ name: 'shop-1', rule: 'age', deletesAt: (await shop.refresh()).labels['suspend.deletes-at'] })
    await shop.update({ labels: { ...shop.labels, 'suspend.pin': 'a demo' } })
    await booted.advance('2m')
    const cancelled = ['plugin:suspend', shop.id, 'suspend.deletion-cancelled']
    expect(await told(booted)).toEqual([announced, cancelled])
    await shop.refresh()
    await shop.update({ labels: {} })
    await booted.advance('2m')
    expect(await told(booted)).toEqual([announced, cancelled, announced])
    await booted.advance('60m')
    await booted.advance('5m')
    expect((await shop.refresh()).desired).toBe('deleted')
    expect(await told(booted)).toEqual([announced, cancelled, announced, ['plugin:suspend', shop.id, 'suspend.deleted']])
    expect(booted.plugin.stored.keys).toBe(0)
  })

  it.each([
    ['before it was told', false],
    ['after it was told, before that was known', true],
  ])('are neither lost nor doubled where it dies %s', async (_, isSent) => {
    let deaths = 0
    const dies = disturbed(({ client }) => {
      const notify = client.events.notify.bind(client.events)
      client.events.notify = async (...given) => {
        if (deaths === 2) return notify(...given)
        deaths += 1
        if (isSent) await notify(...given)
        throw new Error('it is dead')
      }
    })
    await using booted = await bootPlugin(dies, config)
    const shop = await booted.clone('shop-1')
    await booted.advance('30m')
    await booted.restart()
    await booted.advance('1m')
    await booted.restart()
    await booted.advance('5m')
    expect(deaths).toBe(2)
    expect(await told(booted)).toEqual([['plugin:suspend', shop.id, 'suspend.deletion-announced']])
  })

  it('tell nothing of what was never done', async () => {
    await using booted = await bootPlugin(
      disturbed(({ store }) => {
        const set = store.set.bind(store)
        // It dies between writing down what it is about to do and doing it.
        store.set = async (...given) => {
          await set(...given)
          throw new Error('it is dead')
        }
      }),
      config,
    )
    const shop = await booted.clone('shop-1')
    await booted.advance('30m')
    await booted.advance('5m')
    expect((await shop.refresh()).labels).not.toHaveProperty(['suspend.deletes-at'])
    expect(await told(booted)).toEqual([])
  })
})
