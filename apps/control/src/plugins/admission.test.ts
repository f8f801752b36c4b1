import { StandinError } from '@standin/client'
import { type AdmissionRequest, definePlugin, type PluginHooks } from '@standin/core'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import Type from 'typebox'
import { describe, expect, it } from 'vitest'

const nothing = Type.Object({}, { additionalProperties: false })

function guard(hooks: PluginHooks, id = 'guard') {
  return definePlugin({ id, config: nothing, setup: () => hooks })
}

const full = () => new StandinError('quota_exceeded', 'alice has 2 of 2 environments: a, b', { hint: 'Delete one of them' })
const resources = { cpus: null, memoryBytes: null }
const hosts = [
  { name: 'db', instances: 1, resources },
  { name: 'web', instances: 2, resources },
]

async function messageOf(booted: BootedPlugin): Promise<string | null> {
  const { items } = await booted.client.plugins.list()
  return items.find(({ id }) => id === 'guard')?.message ?? null
}

describe('Admission', () => {
  it('asks before something is created or made to run, with what it is going to be, and never before it is put to rest', async () => {
    const asked: AdmissionRequest[] = []
    await using booted = await bootPlugin(guard({ admit: async (request) => void asked.push(request) }))
    const shop = await booted.clone('a', { project: 'shop' })
    const common = {
      actor: 'token:admin',
      owner: 'admin',
      name: 'a',
      labels: { team: 'checkout', project: 'shop' },
      template: { name: 'shop', version: 1 },
      hosts,
      plan: false,
    }
    expect(asked).toEqual([{ ...common, action: 'create', environment: null, desired: 'running', storageBytes: 0 }])
    await shop.suspend()
    await booted.settled()
    expect(asked).toHaveLength(1)
    await shop.resume()
    expect(asked[1]).toEqual({ ...common, action: 'run', environment: 1001, desired: 'running', storageBytes: 4096 })
    // It is on its way already.
    await shop.resume()
    await booted.settled()
    await shop.start()
    await shop.stop()
    await booted.settled()
    expect(asked).toHaveLength(2)
    await shop.start()
    await booted.settled()
    await shop.delete()
    await booted.settled()
    expect(asked.map(({ action }) => action)).toEqual(['create', 'run', 'run'])
  })

  it('asks before something gets another owner or project, about what it would be then, and about no other change', async () => {
    const asked: AdmissionRequest[] = []
    let refusal: Error | null = null
    const admit = async (request: AdmissionRequest) => {
      asked.push(request)
      if (refusal !== null) throw refusal
    }
    await using booted = await bootPlugin(guard({ admit }))
    const shop = await booted.clone('a', { project: 'shop' })
    await booted.client.users.create({ userName: 'bob' })
    await shop.suspend()
    await booted.settled()
    asked.splice(0)
    await shop.update({ labels: { project: 'shop', team: 'red' }, name: 'b' })
    expect(asked).toEqual([])
    await shop.update({ owner: 'bob' })
    await shop.update({ labels: { project: 'crm' } })
    expect(asked).toMatchObject([
      { action: 'move', environment: 1001, owner: 'bob', labels: { project: 'shop', team: 'red' }, desired: 'stopped', hosts },
      { action: 'move', environment: 1001, owner: 'bob', labels: { project: 'crm' }, desired: 'stopped', plan: false },
    ])
    refusal = full()
    await expect(shop.update({ labels: { project: 'shop' } })).rejects.toMatchObject({ code: 'quota_exceeded' })
    expect((await shop.refresh()).labels).toEqual({ project: 'crm' })
    // To hand on what somebody leaves behind is not refused, nor what the trash holds.
    await booted.client.users.create({ userName: 'carol' })
    await booted.client.users.deactivate('bob', { heir: 'carol' })
    expect((await shop.refresh()).owner).toBe('carol')
    await shop.delete()
    await booted.settled()
    await shop.update({ labels: { project: 'shop' } })
  })

  it('judges what moves once more when the plugins have answered', async () => {
    let asked = () => {}
    const answer = Promise.withResolvers<void>()
    const admit = async ({ action }: AdmissionRequest) => {
      if (action !== 'move') return
      asked()
      await answer.promise
    }
    await using booted = await bootPlugin(guard({ admit }))
    const shop = await booted.clone('a')
    const { revision } = shop
    const isAsked = new Promise<void>((done) => {
      asked = done
    })
    const moved = shop.update({ labels: { project: 'shop' } }, { ifRevision: revision })
    await isAsked
    await (await booted.client.environments.get(shop.id)).update({ name: 'other' })
    answer.resolve()
    await expect(moved).rejects.toMatchObject({ code: 'changed_meanwhile' })
  })

  it('hands on what a plugin refuses, and makes nothing', async () => {
    let refuses = true
    await using booted = await bootPlugin(
      guard({
        admit: async () => {
          if (refuses) throw full()
        },
      }),
    )
    const { client } = booted
    await expect(booted.clone('a')).rejects.toMatchObject({
      code: 'quota_exceeded',
      status: 403,
      message: 'alice has 2 of 2 environments: a, b',
      hint: 'Delete one of them',
    })
    await expect(
      client.environments.attach({ name: 'x', services: [{ name: 'www', endpoints: ['127.0.0.1:9000'] }] }),
    ).rejects.toMatchObject({
      code: 'quota_exceeded',
    })
    expect((await client.environments.list()).items).toEqual([])
    refuses = false
    const shop = await booted.clone('a')
    await client.environments.attach({ name: 'x', services: [{ name: 'www', endpoints: ['127.0.0.1:9000'] }] })
    refuses = true
    // It is there already: attaching it again only tells where it is now.
    await client.environments.attach({ name: 'x', services: [{ name: 'www', endpoints: ['127.0.0.1:9001'] }] })
    await shop.suspend()
    await booted.settled()
    for (const action of ['resume', 'start'] as const) await expect(shop[action]()).rejects.toMatchObject({ code: 'quota_exceeded' })
    expect((await shop.refresh()).desired).toBe('suspended')
    await shop.stop()
    await booted.settled()
    await shop.delete({ purge: true })
    expect(booted.plugin).toMatchObject({ health: 'ok', message: null })
  })

  it('lets deleted data come back, but not run', async () => {
    let refuses = false
    await using booted = await bootPlugin(
      guard({
        admit: async () => {
          if (refuses) throw full()
        },
      }),
    )
    const shop = await booted.clone('a')
    await shop.delete()
    await booted.settled()
    refuses = true
    await shop.undelete()
    await booted.settled()
    expect(await shop.refresh()).toMatchObject({ state: 'stopped', desired: 'stopped' })
    expect(shop.reason.message).toBe('undelete requested; not started: alice has 2 of 2 environments: a, b')
  })

  it('does not give the last place to two that ask at the same moment', async () => {
    let client: BootedPlugin['client'] | undefined
    const plugin = guard({
      admit: async () => {
        if (((await client?.environments.list())?.items.length ?? 0) >= 3) throw full()
      },
    })
    await using booted = await bootPlugin(plugin, {}, { limits: { admitMs: 20_000 } })
    client = booted.client
    await booted.clone('first')
    const all = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => booted.client.environments.create({ template: 'shop', name: `x${index}` })),
    )
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
  })

  it('takes what has a refusing code for a refusal, whichever copy of the client made it, and shows it as one line of text', async () => {
    const error = Object.assign(new Error('no\u001b[31m, \u202enot\nnow<script>'), { name: 'StandinError', code: 'not_admitted', hint: 7 })
    await using booted = await bootPlugin(
      guard({
        admit: async () => {
          throw error
        },
      }),
    )
    const refusal = await booted.clone('a').catch((thrown: unknown) => thrown)
    expect(refusal).toMatchObject({ code: 'not_admitted', message: 'no [31m,  not now<script>', hint: undefined })
  })

  it.each<readonly [string, () => unknown, string]>([
    ['throws a TypeError', () => (undefined as unknown as { x: string }).x, 'Cannot read properties'],
    ['throws what its client threw', () => Promise.reject(new StandinError('forbidden', 'the token lacks it')), 'the token lacks it'],
    ['throws nothing', () => Promise.reject(undefined), 'undefined'],
    [
      'throws what can not be shown',
      () =>
        Promise.reject({
          get message() {
            throw new Error('no')
          },
        }),
      'admit failed: no',
    ],
    ['returns something', () => Promise.resolve({ admitted: false }), 'it returned something'],
    [
      'changes what it is asked',
      (...[request]: unknown[]) => Object.assign(request as object, { owner: 'mallory', labels: null }),
      'it returned something',
    ],
  ])('lets through what a plugin that %s is asked, and tells of it', async (_, admit, message) => {
    await using booted = await bootPlugin(guard({ admit: admit as NonNullable<PluginHooks['admit']> }))
    expect(await booted.clone('a')).toMatchObject({ state: 'running', owner: 'admin', labels: {} })
    expect(booted.plugin).toMatchObject({ state: 'running', health: 'degraded', message: expect.stringContaining(message) })
    expect(booted.logs.some(({ level, plugin, msg }) => level === 40 && plugin === 'guard' && msg?.includes(message))).toBe(true)
  })

  it('waits for a plugin that does not answer no longer than its limit, and not again for a while', async () => {
    let calls = 0
    let hangs = true
    const plugin = guard({
      admit: (_, { signal }) => {
        calls += 1
        return hangs ? new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))) : Promise.resolve()
      },
    })
    await using booted = await bootPlugin(plugin, {}, { limits: { admitMs: 50 } })
    await booted.clone('a')
    await booted.clone('b')
    expect(calls).toBe(1)
    expect(booted.plugin).toMatchObject({
      state: 'running',
      health: 'degraded',
      message: expect.stringContaining('took longer than 50 ms'),
    })
    hangs = false
    await booted.advance('30s')
    await booted.clone('c')
    expect([calls, booted.plugin.health]).toEqual([2, 'ok'])
  })

  it('begins a plugin anew whose admit never returns, and lets through what it would be asked meanwhile', async () => {
    let lives = 0
    const plugin = definePlugin({
      id: 'guard',
      config: nothing,
      setup: () => {
        lives += 1
        return { admit: () => new Promise<void>(() => {}) }
      },
    })
    await using booted = await bootPlugin(plugin, {}, { limits: { admitMs: 20, graceMs: 20 } })
    await booted.clone('a')
    await expect.poll(() => booted.plugin.state).toBe('waiting')
    await booted.clone('b')
    expect(booted.logs.some(({ level, msg }) => level === 40 && msg?.includes('what it would refuse is let through'))).toBe(true)
    await booted.advance('30s')
    await expect.poll(() => booted.plugin.state).toBe('running')
    expect(lives).toBe(2)
    expect(await messageOf(booted)).toContain('admit')
  })

  it('tells what would be made, asks as if it were to be made, and makes nothing', async () => {
    const asked: AdmissionRequest[] = []
    let refuses = false
    const plugin = guard({
      admit: async (request) => {
        asked.push(request)
        if (refuses) throw full()
      },
    })
    await using booted = await bootPlugin(plugin)
    await booted.clone('a')
    const { environments } = booted.client
    const plan = await environments.plan({ template: 'shop', labels: { project: 'x' } })
    expect(plan).toEqual({
      name: null,
      provider: 'memory',
      template: { name: 'shop', version: 1 },
      owner: 'admin',
      labels: { team: 'checkout', project: 'x' },
      desired: 'running',
      hosts,
      storageBytes: 0,
      templateBytes: 1,
      admitted: true,
      refusal: null,
    })
    expect(asked.at(-1)).toMatchObject({ action: 'create', plan: true, labels: { team: 'checkout', project: 'x' } })
    refuses = true
    expect(await environments.plan({ template: 'shop' })).toMatchObject({
      admitted: false,
      refusal: { plugin: 'guard', code: 'quota_exceeded', message: full().message, hint: 'Delete one of them' },
    })
    await expect(environments.plan({ template: 'shop', name: 'a' })).rejects.toMatchObject({ code: 'name_taken' })
    await expect(environments.plan({ template: 'nope' })).rejects.toMatchObject({ code: 'template_not_found' })
    await expect(environments.plan({ name: 'x' })).rejects.toMatchObject({ code: 'invalid' })
    expect((await environments.list()).items).toHaveLength(1)
  })

  it('does not ask a plugin about what it does itself, and asks all others in their order', async () => {
    const asked: string[] = []
    const admit =
      (name: string) =>
      async ({ actor, action }: AdmissionRequest) =>
        void asked.push(`${name} ${actor} ${action}`)
    let wake: ((id: number) => Promise<unknown>) | undefined
    const waker = definePlugin({
      id: 'waker',
      config: nothing,
      setup: ({ client }) => {
        wake = (id) => client.environments.act(id, 'resume')
        return { admit: admit('waker') }
      },
    })
    await using booted = await bootPlugin(waker, {}, { beside: [[guard({ admit: admit('guard') })]] })
    const shop = await booted.clone('a')
    await shop.suspend()
    await booted.settled()
    await wake?.(shop.id)
    expect(asked).toEqual(['guard token:admin create', 'waker token:admin create', 'guard plugin:waker run'])
  })
})
