import { type Event, StandinError } from '@standin/client'
import { definePlugin, type Plugin, type PluginContext, type PluginHooks } from '@standin/core'
import { bootPlugin } from '@standin/testing/plugin'
import Type from 'typebox'
import { describe, expect, it } from 'vitest'

const nothing = Type.Object({})
/** A plugin of these hooks. */
const plugin = (setup: (context: PluginContext) => PluginHooks | Promise<PluginHooks>, more: Partial<Plugin> = {}): Plugin => ({
  id: 'tried',
  config: nothing,
  setup,
  ...more,
})
/** Short for what hangs, and long enough for good plugins on a busy machine: their routes take some turns to be set up. */
const limits = { setupMs: 2_000, startMs: 200, eventMs: 100, graceMs: 50, stopMs: 100 }
/** Never, and deaf to its signal. */
const forever = () => new Promise<never>(() => {})

describe('events', () => {
  it('come in order, one at a time, from when the plugin was there first', async () => {
    const seen: Event[] = []
    let inside = 0
    const follows = plugin(() => ({
      async onEvent(event) {
        expect(++inside).toBe(1)
        await new Promise((done) => setTimeout(done, 1))
        inside -= 1
        seen.push(event)
      },
    }))
    await using booted = await bootPlugin(follows)
    const shop = await booted.clone('shop-1')
    await shop.suspend({ reason: 'test' })
    await booted.settled()
    expect(seen.map(({ seq }) => seq)).toEqual(Array.from(seen, (_, index) => (seen[0]?.seq ?? 0) + index))
    expect(seen.filter(({ environment }) => environment === shop.id).at(-1)).toMatchObject({
      type: 'environment.state',
      state: 'suspended',
    })
    expect(booted.plugin).toMatchObject({ state: 'running', health: 'ok', behind: 0, cursor: seen.at(-1)?.seq })
  })

  it('go on where the plugin stopped, across restarts', async () => {
    const seen: number[] = []
    const follows = plugin(() => ({
      eventTypes: ['environment.created'],
      onEvent: async (event) => void seen.push(event.environment ?? 0),
    }))
    await using booted = await bootPlugin(follows)
    const first = await booted.clone('shop-1')
    await booted.restart()
    const second = await booted.clone('shop-2')
    await booted.restart()
    expect(seen).toEqual([first.id, second.id])
  })

  it('come again, after a while, where handling them fails: nothing overtakes', async () => {
    const seen: string[] = []
    let broken = true
    const fails = plugin(() => ({
      eventTypes: ['notice'],
      async onEvent({ data }) {
        seen.push(String(data.kind))
        if (broken) throw new Error('the wiki does not answer')
      },
    }))
    await using booted = await bootPlugin(fails)
    await booted.client.events.notify({ kind: 'one', message: 'first' })
    await booted.client.events.notify({ kind: 'two', message: 'second' })
    await booted.settled()
    expect(booted.plugin).toMatchObject({
      state: 'running',
      health: 'failing',
      behind: 2,
      message: expect.stringContaining('the wiki does not answer'),
    })
    await booted.advance('10s')
    expect(seen.length).toBeGreaterThan(2)
    expect(new Set(seen)).toEqual(new Set(['one']))
    broken = false
    await booted.advance('5m')
    expect(seen.slice(-2)).toEqual(['one', 'two'])
    expect(booted.plugin).toMatchObject({ health: 'ok', message: null, behind: 0 })
  })

  it('that were pruned meanwhile are told by a marker, before those that are left', async () => {
    const seen: unknown[] = []
    const follows = plugin(() => ({
      eventsFrom: 'beginning',
      onEventsLost: async (lost) => void seen.push(lost),
      onEvent: async (event) => void seen.push(event.seq),
    }))
    await using booted = await bootPlugin(follows)
    const { cursor } = booted.plugin
    await booted.stop()
    seen.length = 0
    await booted.pruneEvents(10, 4)
    await booted.start()
    const from = (cursor ?? 0) + 1
    expect(seen.slice(0, 2)).toEqual([{ from, to: from + 5 }, from + 6])
    expect(seen.slice(1)).toEqual(Array.from(seen.slice(1), (_, index) => from + 6 + index))
  })
})

describe('schedules', () => {
  const nightly = (runs: string[], more: object = {}) =>
    plugin(({ clock }) => ({
      schedules: [
        {
          id: 'nightly',
          cron: '30 2 * * *',
          timeZone: 'Europe/Berlin',
          ...more,
          async run({ dueAt, late, print }) {
            print(`due ${new Date(dueAt).toISOString()}`)
            runs.push(`${new Date(clock.now()).toISOString().slice(0, 16)}${late ? ' late' : ''}`)
          },
        },
      ],
    }))

  it('run at their time of day, once each, across a change of the clocks', async () => {
    const runs: string[] = []
    await using booted = await bootPlugin(nightly(runs), {}, { at: '2026-03-27T12:00:00Z' })
    await booted.advance('4d')
    expect(runs).toEqual(['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30', '2026-03-31T00:30'])
    expect(booted.runs().map(({ state, dueAt, output }) => [state, dueAt.slice(0, 16), output.slice(0, 20)])).toEqual(
      runs.map((at) => ['succeeded', at, `due ${at}`]),
    )
    expect(booted.plugin.schedules).toMatchObject([{ id: 'nightly', nextAt: '2026-04-01T00:30:00.000Z', lastRun: { state: 'succeeded' } }])
  })

  it('run once whatever restarts before, at and after their time', async () => {
    const runs: string[] = []
    await using booted = await bootPlugin(nightly(runs), {}, { at: '2026-06-01T00:00:00Z' })
    for (const at of ['2026-06-01T00:29:59.999Z', '2026-06-01T00:30:00Z', '2026-06-01T00:30:00Z', '2026-06-01T01:00:00Z']) {
      await booted.advanceTo(at)
      await booted.restart()
    }
    expect(runs).toEqual(['2026-06-01T00:30'])
  })

  it('make up what was missed with one run, or skip it', async () => {
    const [made, skipped]: [string[], string[]] = [[], []]
    for (const [runs, onMissed] of [
      [made, 'once'],
      [skipped, 'skip'],
    ] as const) {
      await using booted = await bootPlugin(nightly(runs, { onMissed }), {}, { at: '2026-06-01T12:00:00Z' })
      await booted.stop()
      booted.clock.moveTo(Date.parse('2026-06-04T12:00:00Z'))
      await booted.start()
      await booted.advance('1d')
      const [first, second] = booted.runs()
      expect(first).toMatchObject({ dueAt: '2026-06-02T00:30:00.000Z', state: onMissed === 'once' ? 'succeeded' : 'skipped' })
      expect(second).toMatchObject({ dueAt: '2026-06-05T00:30:00.000Z', state: 'succeeded' })
      expect(booted.runs()).toHaveLength(2)
    }
    expect([made, skipped]).toEqual([['2026-06-04T12:00 late', '2026-06-05T00:30'], ['2026-06-05T00:30']])
  })

  it('call a run again under the same id where control ended in the middle of it', async () => {
    const calls: [number, number][] = []
    const interrupted = plugin(({ clock }) => ({
      schedules: [
        {
          id: 'nightly',
          cron: '@daily',
          async run({ id, attempt, signal }) {
            calls.push([id, attempt])
            if (attempt < 2) await clock.sleep(3_600_000, signal)
          },
        },
      ],
    }))
    await using booted = await bootPlugin(interrupted, {}, { at: '2026-06-01T23:59:59Z', limits })
    // It never comes to rest in the middle of a run.
    booted.clock.step()
    while (calls.length === 0) await new Promise((done) => setTimeout(done, 1))
    await booted.stop()
    await booted.start()
    expect(calls).toEqual([
      [1, 1],
      [1, 2],
    ])
    expect(booted.runs()).toMatchObject([{ id: 1, attempt: 2, state: 'succeeded' }])
  })

  it('write down what a run threw and that it took too long, and go on', async () => {
    const fails = plugin(() => ({
      schedules: [
        { id: 'throws', cron: '@hourly', run: () => Promise.reject(new StandinError('provider_failed', 'no cloud today')) },
        {
          id: 'slow',
          cron: '@hourly',
          timeoutMs: 30,
          run: ({ signal }) => new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason))),
        },
        {
          id: 'chatty',
          cron: '@hourly',
          run: async ({ print }) => Array.from({ length: 10_000 }, () => print('over and over again')).forEach(() => {}),
        },
      ],
    }))
    await using booted = await bootPlugin(fails, {}, { limits })
    await booted.advance('2h')
    expect(booted.runs('throws')).toMatchObject([{ state: 'failed', error: 'no cloud today' }, { state: 'failed' }])
    expect(booted.runs('slow')).toMatchObject([
      { state: 'timed-out', error: expect.stringContaining('took longer than 30 ms') },
      { state: 'timed-out' },
    ])
    expect(booted.runs('chatty')[0]?.output.length).toBeLessThan(66_000)
    expect(booted.runs('chatty')[0]?.output).toContain('cut off')
    const told = { health: 'degraded', message: 'plugin/tried: the last run of throws failed: no cloud today' }
    expect(booted.plugin).toMatchObject({ state: 'running', restarts: 0, ...told })
  })
})

describe('a plugin that misbehaves hurts only itself', () => {
  /** Whether control and a plugin beside it do their work. */
  const good: Plugin = {
    id: 'good',
    config: nothing,
    setup: () => ({ routes: async (app) => void app.get('/hello', () => ({ hello: 'world' })) }),
  }

  it.each<[string, (context: PluginContext) => PluginHooks | Promise<PluginHooks>, string]>([
    [
      'throws at setup',
      () => {
        throw new Error('no such wiki')
      },
      'plugin/tried: no such wiki',
    ],
    ['never returns from setup', forever, 'plugin/tried: setup does not return'],
    [
      'has an invalid cron line',
      () => ({ schedules: [{ id: 'nightly', cron: '61 * * * *', run: forever }] }),
      "plugin/tried: schedule nightly: '61 * * * *' is not a cron line",
    ],
    [
      'has an unknown time zone',
      () => ({ schedules: [{ id: 'nightly', cron: '@daily', timeZone: 'Europe/Atlantis', run: forever }] }),
      "plugin/tried: schedule nightly: 'Europe/Atlantis' is not a time zone",
    ],
    [
      'has two schedules of one id',
      () => ({ schedules: ['a', 'a'].map((id) => ({ id, cron: '@daily', run: forever })) }),
      'plugin/tried: schedule a: there are two',
    ],
    ['throws in start', () => ({ start: () => Promise.reject(new Error('not yet')) }), 'plugin/tried: not yet'],
    ['never returns from start', () => ({ start: forever }), 'plugin/tried: start does not return'],
    [
      'has routes that collide',
      () => ({ routes: async (app) => void [1, 2].map(() => app.get('/x', () => 1)) }),
      "plugin/tried: Method 'GET' already declared",
    ],
    [
      'uses the client in setup',
      async ({ client }) => {
        await client.environments.list()
        return {}
      },
      'plugin/tried: setup can not use the client',
    ],
  ])('%s', async (_, setup, message) => {
    await using booted = await bootPlugin(plugin(setup), {}, { limits, beside: [[good]] })
    expect(booted.plugin).toMatchObject({ state: 'waiting', health: 'failing', message: expect.stringContaining(message) })
    expect(booted.logs.filter(({ plugin: id, level, msg }) => id === 'tried' && level >= 50 && msg?.includes(message))).toHaveLength(1)
    const { items } = await booted.client.plugins.list()
    expect(items.map(({ id, state }) => [id, state])).toEqual([
      ['good', 'running'],
      ['tried', 'waiting'],
    ])
    const answer = await booted.fetch('/anything')
    expect([answer.status, await answer.json()]).toMatchObject([503, { code: 'plugin_failed', detail: expect.stringContaining(message) }])
    await booted.clone('shop-1')
    await booted.advance('2s')
    expect(booted.plugin.restarts).toBeGreaterThan(0)
  })

  it('is begun anew where an event is never handled; what is left of it can do nothing', async () => {
    const left: PluginContext[] = []
    const hangs = plugin((context) => {
      left.push(context)
      return { eventTypes: ['notice'], onEvent: left.length === 1 ? forever : async () => context.store.set('handled', true) }
    })
    await using booted = await bootPlugin(hangs, {}, { limits })
    await booted.client.events.notify({ kind: 'hang', message: 'now' })
    await booted.settled()
    expect(booted.plugin).toMatchObject({ state: 'waiting', message: expect.stringContaining('(notice) does not return') })
    const [old, anew] = [left[0], () => left[1]]
    await expect(old?.store.set('x', 1)).rejects.toThrow('stopped')
    await expect(old?.clock.sleep(1)).rejects.toThrow('stopped')
    await expect(old?.client.environments.list()).rejects.toThrow('stopped')
    await booted.advance('2s')
    expect(booted.plugin).toMatchObject({ state: 'running', restarts: 1, behind: 0, health: 'ok' })
    expect(await anew()?.store.get('handled')).toBe(true)
  })

  it('is begun anew where a run never returns, and the run is a failed one', async () => {
    let lives = 0
    const hangs = plugin(() => {
      lives += 1
      const run = lives === 1 ? forever : async () => {}
      return { schedules: [{ id: 'nightly', cron: '@daily', timeoutMs: 30, run }] }
    })
    await using booted = await bootPlugin(hangs, {}, { at: '2026-06-01T23:59:00Z', limits, beside: [[good]] })
    await booted.advance('5m')
    expect(booted.runs()).toMatchObject([{ dueAt: '2026-06-02T00:00:00.000Z', error: expect.stringContaining('does not return') }])
    expect(booted.plugin).toMatchObject({ state: 'running', restarts: 1 })
    await booted.advance('1d')
    expect(booted.runs().at(-1)).toMatchObject({ dueAt: '2026-06-03T00:00:00.000Z', state: 'succeeded' })
  })

  it('waits its turn where it floods the store, the events and the log', async () => {
    let context: PluginContext | undefined
    await using booted = await bootPlugin(
      plugin((given) => {
        context = given
        return {}
      }),
      {},
      { limits, beside: [[good]] },
    )
    let written = 0
    let stop = false
    const flood = (async () => {
      for (let n = 0; n < 1_000_000 && !stop; n++) {
        await context?.client.events.notify({ kind: 'flood', message: `event ${n}` })
        written = n
      }
    })().catch(() => {})
    const store = (async () => {
      for (let n = 0; n < 1_000_000 && !stop; n++) await context?.store.set(`key ${n % 100}`, n)
    })().catch(() => {})
    for (let n = 0; n < 1_000_000; n++) context?.log.info({ n }, 'and on and on')
    const begun = performance.now()
    for (let n = 0; n < 20; n++) expect((await booted.client.plugins.get('good')).state).toBe('running')
    stop = true
    await booted.stop()
    await Promise.all([flood, store])
    expect(performance.now() - begun).toBeLessThan(15_000)
    expect(written).toBeLessThan(20_000)
    const lines = booted.logs.filter(({ msg }) => msg === 'and on and on').length
    expect(lines).toBeGreaterThanOrEqual(1_000)
    expect(lines).toBeLessThan(5_000)
  })
})

describe('what a plugin is given', () => {
  it('is a client of its own name and scope, a store, and metrics', async () => {
    const context = Promise.withResolvers<PluginContext>()
    const given = definePlugin({
      id: 'given',
      config: nothing,
      scope: 'read',
      setup(all) {
        all.metrics.counter('touched_total', { help: 'Touched', labels: ['how'] }).inc({ how: 'gently' }, 3)
        all.metrics.gauge('load', { help: 'Load' }).set(0.5)
        return { start: async () => context.resolve(all) }
      },
    })
    await using booted = await bootPlugin(given)
    const { client, store, metrics, health } = await context.promise
    await expect(client.events.notify({ kind: 'x', message: 'y' })).rejects.toMatchObject({ code: 'forbidden' })
    expect((await client.discover()).scope).toBe('read')
    await store.set('a/1', { n: 1 })
    expect(await store.compareAndSet('a/1', { n: 1 }, { n: 2 })).toBe(true)
    await booted.restart()
    expect(booted.plugin.stored).toEqual({ keys: 1, bytes: 10 })
    const text = await (
      await fetch(`${booted.client.url}/v1/metrics`, { headers: { authorization: `Bearer ${booted.adminToken}` } })
    ).text()
    expect(text).toContain('standin_plugin_given_touched_total{how="gently"} 3')
    expect(text).toContain('standin_plugin_given_load 0.5')
    expect(text).toContain('standin_plugin_up{plugin="given"} 1')
    expect(() => metrics.gauge('Load', { help: '' })).toThrow(expect.objectContaining({ code: 'invalid' }))
    expect(() => metrics.counter('load', { help: '' })).toThrow('_total')
    health.degraded('too late')
    expect(booted.plugin.health).toBe('ok')
  })

  it('is health that the list shows', async () => {
    const ill = plugin(({ health }) => ({ start: async () => health.degraded('the directory does not answer') }))
    await using booted = await bootPlugin(ill)
    expect(booted.plugin).toMatchObject({ state: 'running', health: 'degraded', message: 'the directory does not answer' })
  })

  it('acts as the plugin', async () => {
    const acts = plugin(({ client }) => ({
      eventTypes: ['notice'],
      onEvent: async (event) => void (await client.environments.act(event.environment ?? 0, 'suspend', { reason: 'told to' })),
    }))
    await using booted = await bootPlugin(acts)
    const shop = await booted.clone('shop-1')
    await booted.client.events.notify({ kind: 'sleep', message: 'now', environment: shop.id })
    await booted.settled()
    expect(await shop.refresh()).toMatchObject({ state: 'suspended', reason: { actor: 'plugin:tried', message: 'told to' } })
  })
})

describe('routes', () => {
  const board = plugin(() => ({
    async routes(app) {
      app.get('/board', { config: { scope: null } }, (_, reply) => reply.type('text/html').send('<h1>Board</h1>'))
      app.get('/who', (request) => ({ who: request.pluginCaller?.name }))
      app.post(
        '/rates',
        { config: { scope: 'admin' }, schema: { body: { type: 'object', required: ['hour'] } } },
        (request) => request.body,
      )
      app.get('/breaks', () => Promise.reject(new Error('division by zero')))
      app.get('/refuses', () => Promise.reject(new StandinError('environment_not_found', 'there is no 9999')))
    },
  }))

  it('are below the plugin, behind tokens unless they say otherwise', async () => {
    await using booted = await bootPlugin(board)
    const status = async (path: string, scope: 'read' | 'write' | 'admin' | null, method = 'GET', body?: object) => {
      const json = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      return (await booted.fetch(path, { scope, method, ...json })).status
    }
    expect(await status('/board', null)).toBe(200)
    expect([await status('/who', null), await status('/who', 'read')]).toEqual([401, 200])
    expect([await status('/rates', 'write', 'POST', { hour: 1 }), await status('/rates', 'admin', 'POST', { hour: 1 })]).toEqual([403, 200])
    expect(await status('/rates', 'admin', 'POST', {})).toBe(400)
    expect(await (await booted.fetch('/who', { scope: 'read' })).json()).toEqual({ who: 'test-read' })
    expect(await status('/nowhere', 'read')).toBe(404)
  })

  it('answer errors as problem documents that name the plugin', async () => {
    await using booted = await bootPlugin(board)
    const problem = async (path: string) => (await booted.fetch(path)).json()
    expect(await problem('/breaks')).toMatchObject({ code: 'plugin_failed', detail: 'plugin/tried: division by zero' })
    expect(await problem('/refuses')).toMatchObject({ code: 'environment_not_found', status: 404 })
    await expect(booted.client.plugins.get('tride')).rejects.toMatchObject({
      code: 'plugin_not_found',
      message: 'there is no plugin tride (did you mean "tried"?)',
    })
  })
})

describe('the life of a plugin', () => {
  it('is begun in order, and ended in reverse, with what is under way finished', async () => {
    const said: string[] = []
    const talks = (id: string): Plugin => ({
      id,
      config: nothing,
      setup: () => {
        const say = async (what: string) => void said.push(`${id} ${what}`)
        return { start: () => say('start'), drain: () => say('drain'), stop: () => say('stop') }
      },
    })
    const booted = await bootPlugin(talks('second'), {}, { beside: [[talks('first')]] })
    await booted[Symbol.asyncDispose]()
    expect(said).toEqual(['first start', 'second start', 'second drain', 'second stop', 'first drain', 'first stop'])
  })
})
