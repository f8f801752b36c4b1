import type { Plugin } from '@standin/core'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { usagePlugin } from './usage-plugin.ts'

// The shop has three instances of one CPU each: three SVMs, 0.15 an hour.
const rates = { currency: 'EUR', svmHour: 0.05, gbHour: 0.0002 }
// What a quota does not answer within two seconds is let through.
const boot = (config: object, at = '2026-03-02T09:00:00Z') => bootPlugin(usagePlugin as Plugin, config, { at, limits: { admitMs: 30_000 } })
const json = async (booted: BootedPlugin, path: string, init: Parameters<BootedPlugin['fetch']>[1] = {}) => {
  const response = await booted.fetch(path, { scope: 'read', headers: { 'content-type': 'application/json' }, ...init })
  return { status: response.status, location: response.headers.get('location'), body: await response.json() }
}
const report = async (booted: BootedPlugin, request: object) => {
  const { location, body } = await json(booted, '/reports', { method: 'POST', body: JSON.stringify(request) })
  const path = String(location).replace('/v1/plugins/usage', '')
  for (let turn = 0; turn < 100; turn++) {
    await booted.settled()
    if (['done', 'failed'].includes((await json(booted, path)).body.state)) return path
  }
  throw new Error(`${JSON.stringify(body)} is not made`)
}
const notices = async ({ client }: BootedPlugin) =>
  (await client.events.list({ type: 'notice', limit: 1000 })).items.map(({ data }) => `${data.kind}: ${data.message}`)

describe('what usage costs', { timeout: 60_000 }, () => {
  it('is known before something starts, while it runs and after', async () => {
    await using booted = await boot({ rates: { ...rates, changes: [{ project: 'crm', svmHour: 0.1 }] } })
    const shop = await booted.clone('shop-1')
    const body = JSON.stringify({ template: 'shop', labels: { project: 'crm' } })
    expect((await json(booted, '/estimate', { method: 'POST', body })).body).toMatchObject({ currency: 'EUR', svms: 3, perHour: 0.3 })
    await booted.advance('2h')
    expect((await json(booted, `/environments?ids=${shop.id},999999`)).body).toMatchObject({
      currency: 'EUR',
      items: [{ environment: shop.id, svmHours: 6, perHour: 0.15 }],
    })
    await shop.suspend()
    await booted.advance('30m')
    await shop.refresh()
    const { items } = (await json(booted, `/environments?ids=${shop.id}`)).body
    expect(items[0]).toMatchObject({ svmHours: 6, perHour: 0 })
    expect(items[0].cost).toBeCloseTo(0.3, 4)
    // What was said before is said again after a restart.
    await booted.restart()
    expect((await json(booted, `/environments?ids=${shop.id}`)).body.items).toEqual(items)
  })

  it('is nothing, not an error, where there are no rates', async () => {
    await using booted = await boot({})
    const { id } = await booted.clone('shop-1')
    await booted.advance('1h')
    const { currency, items } = (await json(booted, `/environments?ids=${id}`)).body
    expect([currency, items[0].svmHours, items[0].cost]).toEqual([null, 3, 0])
  })

  it('is told by a wrong configuration', async () => {
    await expect(boot({ rates: { svmHour: -1 } })).rejects.toMatchObject({ code: 'invalid' })
  })
})

describe('reports', { timeout: 60_000 }, () => {
  it('are made in the background, and read as CSV and JSON', async () => {
    await using booted = await boot({ rates, timeZone: 'Europe/Berlin', categories: [{ label: 'team' }] })
    await booted.clone('shop-1', { project: 'shop', team: '=1+1' })
    await booted.clone('shop-2', { project: 'crm' })
    await booted.advance('3h')
    const path = await report(booted, { by: ['project', 'team'], bucket: 'hour', decimals: 2 })
    const csv = await booted.fetch(`${path}/content?format=csv`, { scope: 'read' })
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
    const rows = parse(await csv.text(), { columns: true }) as Record<string, string>[]
    const shop = rows.filter(({ project }) => project === 'shop')
    expect(shop.map(({ period, svmHours, cost }) => [period, svmHours, cost])).toEqual([
      ['2026-03-02T10:00+01:00', '3.0000', '0.15'],
      ['2026-03-02T11:00+01:00', '3.0000', '0.15'],
      ['2026-03-02T12:00+01:00', '3.0000', '0.15'],
    ])
    expect(shop[0]?.['label:team']).toBe("'=1+1")
    const { body } = await json(booted, `${path}/content`)
    expect(body).toMatchObject({ currency: 'EUR', timeZone: 'Europe/Berlin', total: { svmHours: 18, cost: 0.9 } })
    // They end with the plugin, and who asks is told so.
    await booted.restart()
    expect((await json(booted, path)).body).toMatchObject({ status: 404, hint: expect.stringContaining('ask for it once more') })
  })

  it('tell what is wrong with what they were asked', async () => {
    await using booted = await boot({ rates })
    const refused = async (request: object) => (await json(booted, '/reports', { method: 'POST', body: JSON.stringify(request) })).body
    expect(await refused({ timeZone: 'Mars/Base' })).toMatchObject({ status: 400, detail: "'Mars/Base' is not a time zone" })
    expect(await refused({ from: '2026-03-02', to: '2026-03-01' })).toMatchObject({ status: 400, code: 'invalid' })
    expect(await refused({ from: '2020-01-01', bucket: 'hour' })).toMatchObject({
      status: 413,
      detail: expect.stringContaining('10000 periods'),
    })
    expect(await refused({ bucket: 'second' })).toMatchObject({ status: 400 })
    expect((await booted.fetch('/reports', { scope: null, method: 'POST' })).status).toBe(401)
  })
})

describe('quotas', { timeout: 60_000 }, () => {
  const up = (booted: BootedPlugin, name: string, project = 'shop') =>
    booted.client.environments.create({ template: 'shop', name, labels: { project } })

  it('refuse what goes beyond them with who has what, and never that something is let go', async () => {
    await using booted = await boot({ rates, quotas: [{ project: 'shop', environments: 2, svms: 6 }] })
    const one = await booted.clone('shop-1', { project: 'shop' })
    const two = await booted.clone('shop-2', { project: 'shop' })
    await expect(up(booted, 'shop-3')).rejects.toMatchObject({
      code: 'quota_exceeded',
      message: 'The project shop may have 2 environments and has 2: admin 2',
      hint: expect.stringContaining('`standin list --label project=shop`'),
    })
    await up(booted, 'other', 'crm')
    await one.suspend()
    await booted.settled()
    await two.delete()
    await booted.settled()
    const three = await up(booted, 'shop-3')
    await booted.settled()
    const { items } = (await json(booted, '/quotas')).body
    expect(items).toMatchObject([
      { who: 'project shop', measure: 'environments', used: 2, limit: 2, ratio: 1, by: [{ name: 'admin', used: 2 }] },
      { who: 'project shop', measure: 'svms', used: 3, limit: 6 },
    ])
    await three.delete()
  })

  it('hold for what is given to somebody or moved to a project, where that has it not already', async () => {
    await using booted = await boot({
      quotas: [
        { project: 'shop', environments: 1 },
        { user: 'bob', environments: 1, svms: 2 },
      ],
    })
    await booted.client.users.create({ userName: 'bob' })
    const one = await booted.clone('shop-1', { project: 'shop' })
    const two = await booted.clone('two')
    await booted.settled()
    await expect(two.update({ labels: { project: 'shop' } })).rejects.toMatchObject({
      code: 'quota_exceeded',
      message: 'The project shop may have 1 environment and has 1: admin 1',
    })
    await expect(one.update({ owner: 'bob' })).rejects.toMatchObject({
      message: 'The user bob may run 2 SVMs and runs 0; this would take 3 more',
    })
    await one.suspend()
    await two.suspend()
    await booted.settled()
    // Of the project, which is full, nothing more is taken.
    await one.update({ owner: 'bob' })
    await expect(two.update({ owner: 'bob' })).rejects.toMatchObject({ message: 'The user bob may have 1 environment and has 1: shop-1 1' })
    await one.update({ labels: {} })
    await two.update({ labels: { project: 'shop' } })
  })

  it('do not give the last place twice to those who come at the same moment', async () => {
    await using booted = await boot({ quotas: [{ user: '*', environments: 3 }] })
    await booted.clone('shop-0')
    const results = await Promise.allSettled(Array.from({ length: 6 }, (_, index) => up(booted, `shop-${index + 1}`)))
    const made = results.flatMap((each) => (each.status === 'fulfilled' ? `${each.value.name} 1` : [])).sort()
    expect(made).toHaveLength(2)
    // They come over several connections: in which order is not said.
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'quota_exceeded', message: `The user admin may have 3 environments and has 3: shop-0 1, ${made.join(', ')}` },
    })
  })

  it('count SVMs of what runs: what sleeps may wake where there is room', async () => {
    await using booted = await boot({ quotas: [{ project: '*', svms: 5 }] })
    const one = await booted.clone('shop-1', { project: 'shop' })
    await one.suspend()
    await booted.settled()
    await booted.clone('shop-2', { project: 'shop' })
    await expect(one.resume()).rejects.toMatchObject({
      code: 'quota_exceeded',
      message: 'The project shop may run 5 SVMs and runs 3; this would take 3 more: admin 3',
    })
    await (await booted.client.environments.get('shop-2')).suspend()
    await booted.settled()
    await one.resume()
    await booted.settled()
    expect((await one.refresh()).state).toBe('running')
  })

  it('of money begin anew with the month', async () => {
    await using booted = await boot({ rates, quotas: [{ user: '*', moneyPerMonth: 0.3 }] }, '2026-03-31T21:00:00Z')
    const one = await booted.clone('shop-1')
    await booted.advance('130m')
    await expect(booted.client.environments.create({ template: 'shop' })).rejects.toMatchObject({
      code: 'quota_exceeded',
      message: expect.stringMatching(/^The user admin may spend 0\.30 EUR a month and has spent (0\.3\d+) EUR: no project \1 EUR$/),
    })
    await one.suspend()
    await booted.advanceTo('2026-04-01T00:01:00Z')
    await one.resume()
  })

  it('are warned of once when they fill up, whatever restarts in between', async () => {
    await using booted = await boot({ quotas: [{ project: 'shop', environments: 5 }] })
    for (const n of [1, 2, 3]) await booted.clone(`shop-${n}`, { project: 'shop' })
    await booted.advance('10m')
    expect(await notices(booted)).toEqual([])
    await booted.clone('shop-4', { project: 'shop' })
    await booted.advance('10m')
    await booted.restart()
    await booted.advance('30m')
    const near = 'usage.quota-near: The project shop uses 80 % of its environments, 4 of 5: admin 4'
    expect(await notices(booted)).toEqual([near])
    await booted.clone('shop-5', { project: 'shop' })
    await booted.advance('10m')
    const reached = 'usage.quota-reached: The project shop uses 100 % of its environments, 5 of 5: admin 5'
    expect(await notices(booted)).toEqual([near, reached])
    for (const name of ['shop-4', 'shop-5']) await booted.client.environments.get(name).then((environment) => environment.delete())
    await booted.advance('10m')
    await booted.clone('shop-6', { project: 'shop' })
    await booted.advance('10m')
    expect(await notices(booted)).toEqual([near, reached, near])
  })

  it.each([
    ['for nobody', [{ svms: 1 }]],
    ['for a project and a user', [{ project: 'a', user: 'b', svms: 1 }]],
    [
      'for one twice',
      [
        { project: 'a', svms: 1 },
        { project: 'a', storage: '1g' },
      ],
    ],
    ['of nothing', [{ project: 'a' }]],
    ['of money without rates', [{ project: 'a', moneyPerMonth: 1 }]],
  ])('%s are a wrong configuration', async (_, quotas) => {
    await using booted = await boot({ quotas })
    expect(booted.plugin).toMatchObject({ state: 'waiting', message: expect.stringMatching(/quotas(\[\d\])?/) })
  })
})
