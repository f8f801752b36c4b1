import type { Role } from '@standin/client'
import { StandinClient } from '@standin/client/connect'
import type { Plugin } from '@standin/core'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { usagePlugin } from './usage-plugin.ts'

// The shop takes three SVMs: 0.15 an hour, 1.50 in the bank.
const config = {
  rates: { currency: 'EUR', svmHour: 0.05, gbHour: 0, changes: [{ project: 'bank', svmHour: 0.5 }] },
  quotas: [
    { project: '*', environments: 10 },
    { user: '*', environments: 4, moneyPerMonth: 100 },
  ],
}
const people: Readonly<Record<string, readonly (readonly [project: string | null, role: Role])[]>> = {
  ann: [['shop', 'editor']],
  ben: [['bank', 'editor']],
  eve: [['shop', 'viewer']],
  ops: [[null, 'viewer']],
  boss: [[null, 'manager']],
  nil: [],
}

let booted: BootedPlugin
const clients = new Map<string, StandinClient>()
const ids = new Map<string, number>()
const clientOf = (who: string) => clients.get(who) as StandinClient
const ask = async <T = { [key: string]: unknown }>(who: string, path: `/${string}`, body?: object, method?: 'DELETE') =>
  clientOf(who).plugins.ask<T>('usage', path, { method: method ?? (body === undefined ? 'GET' : 'POST'), body })
const refusal = (asked: Promise<unknown>) =>
  asked.then(
    () => 'answered',
    ({ code, message, hint }) => ({ code, message, hint }),
  )
const namesOf = (rows: readonly { environment: number }[]) => {
  const names = new Map([...ids].map(([name, id]) => [id, name]))
  return rows.map(({ environment }) => names.get(environment) ?? 'template').sort()
}

beforeAll(async () => {
  // What a quota does not answer within two seconds is let through.
  booted = await bootPlugin(usagePlugin as Plugin, config, { limits: { admitMs: 30_000 } })
  const { client } = booted
  for (const [userName, roles] of Object.entries(people)) {
    const { id } = await client.users.create({ userName })
    for (const [project, role] of roles) await client.roles.grant({ project, role, user: userName })
    const { token } = await client.tokens.create({ name: `${userName}-token`, scope: 'write', user: id })
    clients.set(userName, new StandinClient({ url: client.url, token }))
  }
  // A machine whose name is that of a user.
  const { token } = await client.tokens.create({ name: 'ann', scope: 'write' })
  clients.set('machine', new StandinClient({ url: client.url, token }))
  booted.bake('shop')
  booted.bake('vault', { project: 'bank' }, 'user:ben')
  const create = async (who: string, name: string, labels: Record<string, string>) => {
    ids.set(name, (await clientOf(who).environments.create({ template: 'shop', name, labels })).id)
    await booted.settled()
  }
  await create('ann', 'ann-shop', { project: 'shop' })
  await create('ann', 'ann-own', {})
  await create('ben', 'ben-bank', { project: 'bank' })
  await create('ben', 'ben-own', {})
  await create('machine', 'machine-own', {})
  await create('ben', 'moved', { project: 'bank' })
  await booted.advance('1h')
  await client.environments.get('moved').then((environment) => environment.update({ labels: { project: 'shop' } }))
  await booted.advance('1h')
}, 120_000)
afterAll(() => booted[Symbol.asyncDispose]())

describe('what environments cost', () => {
  it.each([
    ['ann', ['ann-own', 'ann-shop', 'moved']],
    ['ben', ['ben-bank', 'ben-own']],
    ['eve', ['ann-shop', 'moved']],
    ['ops', ['ann-shop', 'ben-bank', 'moved']],
    ['nil', []],
    ['boss', ['ann-own', 'ann-shop', 'ben-bank', 'ben-own', 'machine-own', 'moved']],
    ['machine', ['ann-own', 'ann-shop', 'ben-bank', 'ben-own', 'machine-own', 'moved']],
  ])('is told to %s of what they see', async (who, names) => {
    const { items } = await ask<{ items: { environment: number }[] }>(who, `/environments?ids=${[...ids.values(), 999_999].join(',')}`)
    expect(namesOf(items)).toEqual(names)
    const listed: string[] = []
    for await (const { name } of clientOf(who).environments.iterate({})) listed.push(name)
    expect(listed.sort()).toEqual(names)
  })

  it('is estimated for projects and templates that they see', async () => {
    expect(await ask('ann', '/estimate', { template: 'shop', labels: { project: 'shop' } })).toMatchObject({ svms: 3, perHour: 0.15 })
    expect(await ask('nil', '/estimate', { template: 'shop@1' })).toMatchObject({ perHour: 0.15 })
    expect(await ask('ben', '/estimate', { template: 'vault' })).toMatchObject({ perHour: 1.5 })
    const hidden = await refusal(ask('ann', '/estimate', { template: 'vault' }))
    const absent = await refusal(ask('ann', '/estimate', { template: 'nowhere' }))
    expect(hidden).toEqual(await refusal(clientOf('ann').templates.get('vault')))
    expect(JSON.stringify(hidden)).toBe(JSON.stringify(absent).replaceAll('nowhere', 'vault'))
    expect(await refusal(ask('ann', '/estimate', { template: 'shop', labels: { project: 'bank' } }))).toMatchObject({ code: 'forbidden' })
  })
})

interface Report {
  readonly rows: { environment: number; project: string | null; owner: string; svmHours: number; cost: number }[]
  readonly total: { svmHours: number; cost: number }
}
const make = async (who: string, request: object = {}): Promise<`/${string}`> => {
  const { id } = await ask<{ id: string }>(who, '/reports', request)
  for (let turn = 0; turn < 100; turn++) {
    await booted.settled()
    if ((await ask(who, `/reports/${id}`)).state === 'done') return `/reports/${id}`
  }
  throw new Error(`${id} is not made`)
}
const report = async (who: string, request?: object) => ask<Report>(who, `${await make(who, request)}/content`)

describe('reports', { timeout: 60_000 }, () => {
  it('hold what was used for projects that one sees, and for oneself', async () => {
    const [ann, ben, eve, nil, all] = await Promise.all(['ann', 'ben', 'eve', 'nil', 'boss'].map((who) => report(who)))
    expect(namesOf(ann?.rows ?? [])).toEqual(['ann-own', 'ann-shop', 'moved'])
    expect(namesOf(ben?.rows ?? [])).toEqual(['ben-bank', 'ben-own', 'moved', 'template'])
    expect(namesOf(eve?.rows ?? [])).toEqual(['ann-shop', 'moved'])
    expect(nil).toMatchObject({ rows: [], total: { svmHours: 0, cost: 0 } })
    // An hour in the bank, an hour in the shop: each is told of their own.
    const moved = (told: Report | undefined) => told?.rows.find(({ environment }) => environment === ids.get('moved'))
    expect(moved(ann)).toMatchObject({ project: 'shop', svmHours: 3, cost: 0.15 })
    expect(moved(ben)).toMatchObject({ project: 'bank', svmHours: 3, cost: 1.5 })
    // Two hours of each of the others.
    expect([ann?.total.svmHours, ben?.total.svmHours, eve?.total.svmHours, all?.total.svmHours]).toEqual([15, 15, 9, 36])
  })

  it('tell nothing of others, whatever they are told apart by', async () => {
    const { rows, total } = await report('ann', { by: ['project', 'owner'] })
    expect(rows.map(({ project, owner }) => `${project} ${owner}`).sort()).toEqual(['null ann', 'shop ann', 'shop ben'])
    expect(total.svmHours).toBe(15)
    expect(await report('ann', { by: ['owner'], where: { project: 'bank' } })).toMatchObject({ rows: [], total: { cost: 0 } })
  })

  it('belong to who asked for them', async () => {
    const path = await make('ann')
    const unknown = await refusal(ask('eve', '/reports/00000000'))
    for (const who of ['eve', 'ben', 'boss']) {
      for (const asked of [ask(who, path), ask(who, `${path}/content`), ask(who, path, undefined, 'DELETE')]) {
        const refused = JSON.stringify(await refusal(asked)).replace(path.slice('/reports/'.length), '00000000')
        expect(refused).toBe(JSON.stringify(unknown))
      }
    }
    expect(await refusal(ask('ann', await make('machine')))).toMatchObject({ code: 'route_not_found' })
    expect(await refusal(ask('machine', path))).toBe('answered')
    await ask('ann', path, undefined, 'DELETE')
    expect(await refusal(ask('ann', path))).toMatchObject({ code: 'route_not_found' })
  })

  it('are gone for who sees no longer what they hold', async () => {
    const path = await make('eve')
    await booted.client.roles.grant({ project: 'bank', role: 'viewer', user: 'eve' })
    expect(await refusal(ask('eve', path))).toBe('answered')
    const wider = await make('eve')
    const { items } = await booted.client.roles.list({ user: 'eve', project: 'bank' })
    for (const { id } of items) await booted.client.roles.revoke(id)
    expect([await refusal(ask('eve', path)), await refusal(ask('eve', `${wider}/content`))]).toMatchObject([
      'answered',
      { code: 'route_not_found' },
    ])
  })

  it('of one who asks for many leave room for those of others', async () => {
    const asked = await Promise.all(Array.from({ length: 14 }, () => refusal(ask('ben', '/reports', { by: ['owner'] }))))
    expect(await refusal(ask('ann', '/reports', {}))).toBe('answered')
    expect(asked.filter((answer) => answer === 'answered').length).toBeGreaterThanOrEqual(10)
    await booted.settled()
  })

  it('name who built a template as they are called', async () => {
    const { rows } = await report('boss', { by: ['owner', 'environment'] })
    expect(new Set(rows.map(({ owner }) => owner))).toEqual(new Set(['ann', 'ben', 'test']))
  })
})

describe('quotas', { timeout: 60_000 }, () => {
  interface Quotas {
    readonly items: { who: string; measure: string; used: number; by: { name: string; used: number }[] }[]
  }
  const quotas = async (who: string, measure = 'environments') => {
    const { items } = await ask<Quotas>(who, '/quotas')
    const own = items.filter((each) => each.measure === measure)
    return Object.fromEntries(own.map(({ who: holder, used, by }) => [holder, [used, ...by.map(({ name }) => name)]]))
  }

  it('are told of projects that one sees, and of oneself', async () => {
    // What a token of the same name has counts, but is not told.
    expect(await quotas('ann')).toEqual({ 'project shop': [2, 'ann', 'ben'], 'user ann': [3, 'ann-own', 'ann-shop'] })
    expect(await quotas('ben')).toEqual({ 'project bank': [1, 'ben'], 'user ben': [3, 'ben-bank', 'ben-own'] })
    expect(await quotas('eve')).toEqual({ 'project shop': [2, 'ann', 'ben'] })
    expect(await quotas('ops')).toEqual({ 'project shop': [2, 'ann', 'ben'], 'project bank': [1, 'ben'] })
    expect(await quotas('nil')).toEqual({})
    expect(Object.keys(await quotas('boss')).sort()).toEqual(['project bank', 'project shop', 'user ann', 'user ben', 'user test'])
    expect(await quotas('boss')).toMatchObject({ 'user ann': [3, 'ann-own', 'ann-shop', 'machine-own'] })
    expect(Object.keys(await quotas('ann', 'moneyPerMonth'))).toEqual(['user ann'])
  })

  it('refuse somebody without naming what they may not see', async () => {
    // Ben has one in the shop, where he has no role; now he has as many as he may.
    await clientOf('ben').environments.create({ template: 'shop', name: 'ben-bank-2', labels: { project: 'bank' } })
    await booted.settled()
    const more = (who: string) => refusal(clientOf(who).environments.create({ template: 'shop', labels: { project: 'bank' } }))
    expect(await more('ben')).toMatchObject({
      code: 'quota_exceeded',
      message: 'The user ben may have 4 environments and has 4: ben-bank 1, ben-bank-2 1, ben-own 1',
    })
  })
})

describe('the board', () => {
  it('is for who was let in, and for managers everywhere', async () => {
    for (const path of ['/now', '/board/passes'] as const) {
      for (const who of ['ann', 'ops', 'nil']) expect(await refusal(ask(who, path))).toMatchObject({ code: 'forbidden' })
      expect(await refusal(ask('boss', path))).toBe('answered')
    }
  })
})
