import type { Plugin as PluginView } from '@standin/client'
import type { Plugin, PluginHooks } from '@standin/core'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import Type from 'typebox'
import { expect, it } from 'vitest'

const plugin = (id: string, setup: Plugin['setup']): Plugin => ({ id, config: Type.Object({}), setup })
/** Works each minute, and hears of all environments. */
const good = plugin('good', ({ store }) => ({
  eventTypes: ['environment.created'],
  onEvent: (event) => store.set(`seen/${event.environment}`, true),
  schedules: [{ id: 'minutely', cron: '* * * * *', run: async ({ print }) => print('done') }],
}))
const limits = { eventMs: 300, graceMs: 100, stopMs: 100 }

const viewOf = (booted: BootedPlugin, id: string) => booted.client.plugins.get(id)
const notices = async ({ client }: BootedPlugin) => {
  let count = 0
  for (let after = 0; ; ) {
    const { items } = await client.events.list({ after, limit: 1000, type: 'notice' })
    const last = items.at(-1)
    if (last === undefined) return count
    count += items.length
    after = last.seq
  }
}

/** Time goes on, though one of them never comes to rest. */
function pass({ clock }: BootedPlugin, ms: number): void {
  const end = clock.now() + ms
  while (clock.nextAt !== null && clock.nextAt <= end) clock.step()
  clock.moveTo(end)
}

/** Control answers, environments are made, the other plugin hears of them and works when it is due. */
async function goesOn(booted: BootedPlugin, name: string): Promise<void> {
  const runs = (await booted.client.plugins.runs('good')).items.length
  const services = [{ name: 'www', endpoints: ['127.0.0.1:9'] }]
  const { id } = await booted.client.environments.create({ name, provider: 'attach', services })
  pass(booted, 60_000)
  await expect.poll(async () => (await booted.client.plugins.runs('good')).items.length, { timeout: 30_000 }).toBe(runs + 1)
  await expect.poll(async () => (await viewOf(booted, 'good')).stored.keys, { timeout: 30_000 }).toBeGreaterThan(0)
  expect((await booted.client.environments.get(id)).name).toBe(name)
  expect(await viewOf(booted, 'good')).toMatchObject({ state: 'running', health: 'ok', message: null })
}

it('a plugin that answers each of its own notices with another one slows itself down, and is shown to', async () => {
  const storm = plugin('storm', ({ client }) => ({
    eventTypes: ['notice'],
    onEvent: async (event) => void (await client.events.notify({ kind: 'storm', message: `after ${event.seq}` })),
  }))
  await using booted = await bootPlugin(storm, {}, { beside: [[good]] })
  await booted.client.events.notify({ kind: 'first', message: 'it begins' })
  await expect
    .poll(async () => (await viewOf(booted, 'storm')).message, { timeout: 60_000 })
    .toMatch(/^it tells too many notices: after 1000 it waits its turn, 2 a second \(\d+ s so far\)$/)
  expect(await viewOf(booted, 'storm')).toMatchObject({ state: 'running', health: 'degraded', restarts: 0 })
  await goesOn(booted, 'shop-1')
  expect(await notices(booted)).toBeLessThan(1_200)
}, 120_000)

it('a plugin that never stops to tell notices of one event is begun anew, and tells no more than one that waits', async () => {
  const lives: PluginHooks[] = []
  const endless = plugin('endless', ({ client }) => {
    const hooks: PluginHooks = {
      eventTypes: ['environment.created'],
      async onEvent() {
        for (let n = 0; n < 1e9; n++) await client.events.notify({ kind: 'endless', message: `notice ${n}` })
      },
    }
    lives.push(hooks)
    return hooks
  })
  await using booted = await bootPlugin(endless, {}, { beside: [[good]], limits })
  await goesOn(booted, 'shop-1')
  // Each life ends with its call, and the next one has no more turns than are left.
  await expect
    .poll(
      async () => {
        pass(booted, 1_000)
        return (await viewOf(booted, 'endless')).restarts
      },
      { timeout: 60_000 },
    )
    .toBeGreaterThanOrEqual(2)
  expect(lives.length).toBeGreaterThanOrEqual(3)
  expect(await notices(booted)).toBeLessThan(1_200)
  await expect
    .poll(async () => (await viewOf(booted, 'endless')).message, { timeout: 30_000 })
    .toMatch(/^(plugin\/endless: onEvent of event \d+ \(environment\.created\) does not return|it tells too many notices)/)
}, 120_000)

it('a plugin that forgets to wait for its notices is refused what nobody could keep', async () => {
  const refused: unknown[] = []
  const greedy = plugin('greedy', ({ client }) => ({
    async start() {
      for (let n = 0; n < 12_000; n++)
        client.events.notify({ kind: 'greedy', message: `notice ${n}` }).catch((error) => refused.push(error))
    },
  }))
  await using booted = await bootPlugin(greedy, {}, { beside: [[good]] })
  await expect.poll(() => refused.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(9_900)
  expect(refused[0]).toMatchObject({
    code: 'overloaded',
    message: expect.stringContaining('1000 changes of this plugin wait for their turn already'),
  })
  await goesOn(booted, 'shop-1')
  expect(await notices(booted)).toBeLessThan(1_200)
}, 120_000)

it('a plugin that prints a million lines keeps a few, and is shown to', async () => {
  const chatty = plugin('chatty', ({ log }) => ({
    schedules: [
      {
        id: 'chat',
        cron: '* * * * *',
        async run({ print }) {
          for (let n = 0; n < 1e6; n++) {
            print(`line ${n}`)
            log.info({ n }, 'and on')
          }
        },
      },
    ],
  }))
  await using booted = await bootPlugin(chatty, {}, { beside: [[good]] })
  await booted.advance('1m')
  const [run] = booted.runs()
  expect(run?.state).toBe('succeeded')
  expect(run?.output.length).toBeLessThan(66_000)
  expect(run?.output).toMatch(/\[cut off: a run keeps 64 KiB of output\]\n$/)
  const written = booted.logs.filter(({ msg }) => msg === 'and on').length
  expect(written).toBeLessThan(20_000)
  const view: PluginView = booted.plugin
  expect(view).toMatchObject({ state: 'running', health: 'degraded', throttled: { logLines: 1_000_000 - written } })
  expect(view.message).toBe(`it logs more than 100 lines a second: ${1_000_000 - written} were not written`)
  await goesOn(booted, 'shop-1')
}, 120_000)
