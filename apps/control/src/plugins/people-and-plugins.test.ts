import { StandinClient } from '@standin/client/connect'
import { definePlugin, type PluginCaller } from '@standin/core'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import Type from 'typebox'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const asked: (PluginCaller | null)[] = []
/** What is asked for waits for this before it is admitted. */
let admitted: Promise<void> | undefined
let inquired: (() => void) | undefined
const plugin = definePlugin({
  id: 'asked',
  config: Type.Object({}),
  setup: () => ({
    admit: async () => {
      inquired?.()
      await admitted
    },
    routes: async (app) => {
      app.get('/silent', async () => ({ said: 'nothing of who may' }))
      app.get('/everybody', { config: { permission: { rule: 'token' } } }, async (request) => {
        asked.push(request.pluginCaller)
        return {}
      })
      app.get('/of/:ref', { config: { permission: { rule: 'environment', role: 'participant' } } }, async () => ({}))
      app.get('/stream', { config: { permission: { rule: 'token' } } }, (_, reply) => {
        reply.hijack()
        reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      })
    },
  }),
})

let booted: BootedPlugin
let status: (path: string, user?: string) => Promise<number>
const tokens = new Map<string, string>()
beforeAll(async () => {
  booted = await bootPlugin(plugin)
  const { client } = booted
  for (const userName of ['ann', 'ben', 'boss']) {
    const { id } = await client.users.create({ userName })
    tokens.set(userName, (await client.tokens.create({ name: userName, scope: 'write', user: id })).token)
  }
  await client.roles.grant({ project: 'shop', role: 'participant', user: 'ann' })
  await client.roles.grant({ project: 'shop', role: 'viewer', user: 'ben' })
  await client.roles.grant({ project: null, role: 'manager', user: 'boss' })
  await booted.clone('mine', { project: 'shop' })
  await booted.clone('hidden', { project: 'bank' })
  status = async (path, user) => {
    const authorization = `Bearer ${user === undefined ? booted.adminToken : tokens.get(user)}`
    return (await fetch(`${client.url}/v1/plugins/asked${path}`, { headers: { authorization } })).status
  }
}, 60_000)
afterAll(() => booted[Symbol.asyncDispose]())

describe('routes of plugins', () => {
  it('are for managers everywhere where they declare nothing, and for tokens without a user', async () => {
    expect([await status('/silent', 'ann'), await status('/silent', 'boss'), await status('/silent')]).toEqual([403, 200, 200])
  })

  it('are told who asks, and what their roles are', async () => {
    expect([await status('/everybody', 'ann'), await status('/everybody')]).toEqual([200, 200])
    expect(asked).toMatchObject([
      { actor: 'user:ann', user: { userName: 'ann', everywhere: null, roles: { shop: 'participant' } } },
      { actor: 'token:admin', user: null },
    ])
  })

  it('may ask for a role on an environment', async () => {
    expect([await status('/of/mine', 'ann'), await status('/of/mine', 'ben'), await status('/of/hidden', 'ann')]).toEqual([200, 403, 404])
  })

  it('end what is open for somebody who leaves, and with a token that is revoked', async () => {
    const url = `${booted.client.url}/v1/plugins/asked/stream`
    const response = await fetch(url, { headers: { authorization: `Bearer ${tokens.get('ben')}` } })
    const ended = response.text().then(
      () => 'ended',
      () => 'ended',
    )
    await booted.client.users.deactivate('ben')
    expect(await ended).toBe('ended')
    expect(await status('/everybody', 'ben')).toBe(401)
    const { id, token } = await booted.client.tokens.create({ name: 'nobodys', scope: 'read' })
    const other = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    await booted.client.tokens.revoke(id)
    await expect(other.text()).rejects.toThrow()
  })
})

/** Somebody with a token, who asks for something that a plugin does not answer before `meanwhile` has happened. */
async function askingWhile(ask: (theirs: StandinClient) => Promise<unknown>, meanwhile: (id: string) => Promise<unknown>) {
  const { client } = booted
  const { id, userName } = await client.users.create({ userName: `asks-${Math.random().toString(36).slice(2)}` })
  await client.roles.grant({ project: 'shop', role: 'editor', user: id })
  const { token } = await client.tokens.create({ name: 'asks', scope: 'write', user: id })
  const held = Promise.withResolvers<void>()
  const inquiry = Promise.withResolvers<void>()
  admitted = held.promise
  inquired = inquiry.resolve
  try {
    const answer = ask(new StandinClient({ url: client.url, token })).then(
      () => 'ok',
      (error: { code: string }) => error.code,
    )
    await inquiry.promise
    await meanwhile(id)
    held.resolve()
    return { id, userName, answer: await answer }
  } finally {
    admitted = undefined
    inquired = undefined
  }
}

describe('while plugins are asked', () => {
  const shop = { template: 'shop', labels: { project: 'shop' } }
  const owned = async (owner: string) => (await booted.client.environments.list({ owner, limit: 1000 })).items
  const create = (theirs: StandinClient) => theirs.environments.create(shop)

  it('who leaves gets no environment that nobody would be given', async () => {
    const { userName, answer } = await askingWhile(create, (id) => booted.client.users.deactivate(id))
    expect([answer, await owned(userName)]).toEqual(['unauthenticated', []])
  })

  it('who loses their role gets none, and who gets another name has it under that', async () => {
    const { client } = booted
    const lost = await askingWhile(create, async (user) => {
      for (const { id } of (await client.roles.list({ user })).items) await client.roles.revoke(id)
    })
    expect([lost.answer, await owned(lost.userName)]).toEqual(['forbidden', []])
    const { answer, id } = await askingWhile(create, (user) => client.users.update(user, { userName: 'renamed' }))
    expect([answer, (await owned('renamed')).map(({ ownerId }) => ownerId)]).toEqual(['ok', [id]])
  })

  it('who leaves starts nothing, and what they asked for twice is not there once', async () => {
    const mine = await booted.client.environments.get('mine')
    await mine.stop()
    await booted.settled()
    const { client } = booted
    const { answer } = await askingWhile(
      (theirs) => theirs.environments.get('mine').then((each) => each.start()),
      (id) => Promise.all([client.users.deactivate(id), client.users.deactivate(id, { heir: 'boss' })]),
    )
    expect([answer, (await mine.refresh()).desired]).toEqual(['unauthenticated', 'stopped'])
  })
})
