import { definePlugin, type PluginCaller } from '@standin/core'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import Type from 'typebox'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const asked: (PluginCaller | null)[] = []
const plugin = definePlugin({
  id: 'asked',
  config: Type.Object({}),
  setup: () => ({
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

  it('end what is open for somebody who leaves', async () => {
    const url = `${booted.client.url}/v1/plugins/asked/stream`
    const response = await fetch(url, { headers: { authorization: `Bearer ${tokens.get('ben')}` } })
    const ended = response.text().then(
      () => 'ended',
      () => 'ended',
    )
    await booted.client.users.deactivate('ben')
    expect(await ended).toBe('ended')
    expect(await status('/everybody', 'ben')).toBe(401)
  })
})
