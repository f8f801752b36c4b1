import type { Environment, PluginSection } from '@standin/client'
import { definePlugin, type PluginHooks } from '@standin/core'
import { bootPlugin } from '@standin/testing/plugin'
import Type from 'typebox'
import { describe, expect, it } from 'vitest'

const nothing = Type.Object({}, { additionalProperties: false })
const teller = (section: NonNullable<PluginHooks['section']>, id = 'teller') =>
  definePlugin({ id, config: nothing, setup: () => ({ section }) })
/** Whatever the types promise. */
const odd = (answer: unknown) => teller(async () => answer as PluginSection)

describe('Sections', () => {
  it('are what the plugins say of an environment, in the order of the plugins', async () => {
    const seen: Environment[] = []
    const first = teller(async ({ name }) => ({ title: 'First', rows: [{ name: 'it', value: name }] }), 'first')
    const silent = teller(async () => null, 'silent')
    const empty = teller(async () => ({ title: 'Empty', rows: [] }), 'empty')
    const last = teller(async (environment) => {
      seen.push(environment)
      return { title: 'Last', rows: [{ name: 'more', value: 'here', url: '/v1/plugins/last/1001' }] }
    })
    await using booted = await bootPlugin(last, {}, { beside: [[first], [silent], [empty]] })
    const shop = await booted.clone('a')
    expect(await shop.sections()).toEqual([
      { plugin: 'first', title: 'First', rows: [{ name: 'it', value: 'a' }] },
      { plugin: 'teller', title: 'Last', rows: [{ name: 'more', value: 'here', url: '/v1/plugins/last/1001' }] },
    ])
    expect(seen).toEqual([JSON.parse(JSON.stringify(await shop.refresh()))])
    await expect(booted.client.environments.get('nope')).rejects.toMatchObject({ code: 'environment_not_found' })
  })

  it('are text within bounds: a megabyte is cut, what steers a terminal is taken out, HTML stays what it is', async () => {
    await using booted = await bootPlugin(
      odd({
        title: 'x'.repeat(1 << 20),
        rows: [
          { name: '<b>n</b>', value: '<script>alert(1)</script>' },
          { name: 'a\u001b]0;owned\u0007b', value: 'one\r\ntwo \u202eevil\u009b31m \ud83d' },
          { name: 'long', value: 'ü'.repeat(1 << 20) },
          { name: 'bad', value: 'v', url: 'javascript:alert(1)' },
          { name: 'bad', value: 'v', url: '//elsewhere.test/' },
          { name: 'bad', value: 'v', url: '/\\elsewhere.test' },
          { name: 'bad', value: 'v', url: 'https://x.test/\u001b[31m' },
          { name: 'good', value: 'v', url: 'https://x.test/a?b=%20' },
          ...Array.from({ length: 100_000 }, (_, index) => ({ name: String(index), value: 'v' })),
        ],
      }),
    )
    const [section] = await (await booted.clone('a')).sections()
    expect(section?.title).toBe(`${'x'.repeat(79)}…`)
    const rows = section?.rows ?? []
    expect(rows).toHaveLength(50)
    expect(rows.slice(0, 3)).toEqual([
      { name: '<b>n</b>', value: '<script>alert(1)</script>' },
      { name: 'a ]0;owned b', value: 'one two  evil 31m \ufffd' },
      { name: 'long', value: `${'ü'.repeat(499)}…` },
    ])
    expect(rows.slice(3, 8).map(({ url }) => url)).toEqual([undefined, undefined, undefined, undefined, 'https://x.test/a?b=%20'])
    expect(rows.at(-1)).toEqual({ name: '…', value: 'and 99959 more' })
    expect(JSON.stringify(section).length).toBeLessThan(10_000)
  })

  it.each<readonly [string, unknown]>([
    ['a string', 'hello'],
    ['no rows', { title: 'x' }],
    ['a number for a title', { title: 7, rows: [] }],
    ['rows that are none', { title: 'x', rows: [null] }],
    ['a value that is no text', { title: 'x', rows: [{ name: 'a', value: 1 }] }],
  ])('leave out a plugin that returns %s, and tell of it', async (_, answer) => {
    await using booted = await bootPlugin(
      odd(answer),
      {},
      { beside: [[teller(async () => ({ title: 'T', rows: [{ name: 'a', value: 'b' }] }), 'good')]] },
    )
    const shop = await booted.clone('a')
    expect((await shop.sections()).map(({ plugin }) => plugin)).toEqual(['good'])
    expect(booted.plugin).toMatchObject({
      state: 'running',
      health: 'degraded',
      message: expect.stringMatching(/section failed: .*section|row 1/),
    })
  })

  it('leave out a plugin that throws, and one that takes too long, and are there all the same', async () => {
    const late = definePlugin({
      id: 'late',
      config: nothing,
      setup: () => ({
        section: (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      }),
    })
    const broken = teller(async () => {
      throw new TypeError('broken')
    }, 'broken')
    const good = teller(async () => ({ title: 'T', rows: [{ name: 'a', value: 'b' }] }))
    await using booted = await bootPlugin(good, {}, { beside: [[late], [broken]], limits: { sectionMs: 50 } })
    const shop = await booted.clone('a')
    expect((await shop.sections()).map(({ plugin }) => plugin)).toEqual(['teller'])
    const { items } = await booted.client.plugins.list()
    expect(items.map(({ id, health, message }) => `${id} ${health} ${message}`)).toEqual([
      'late degraded plugin/late: section failed: section took longer than 50 ms',
      'broken degraded plugin/broken: section failed: broken',
      'teller ok null',
    ])
    // Not again for a while: whoever asks now is not kept waiting by it.
    const before = performance.now()
    await shop.sections()
    expect(performance.now() - before).toBeLessThan(5_000)
  })

  it('are asked of one plugin by so many at once, and no more', async () => {
    const release = Promise.withResolvers<void>()
    let inside = 0
    let most = 0
    const slow = teller(async () => {
      most = Math.max(most, ++inside)
      await release.promise
      inside -= 1
      return { title: 'T', rows: [{ name: 'a', value: 'b' }] }
    })
    await using booted = await bootPlugin(slow, {}, { limits: { sectionMs: 20_000 } })
    const shop = await booted.clone('a')
    const all = Array.from({ length: 40 }, () => shop.sections())
    await expect.poll(() => inside).toBe(16)
    // Those beyond that have their answer already.
    await Promise.all([Promise.any(all)])
    release.resolve()
    const answers = await Promise.all(all)
    expect(answers.filter(({ length }) => length === 1).length).toBeGreaterThanOrEqual(16)
    expect(most).toBe(16)
  })
})
