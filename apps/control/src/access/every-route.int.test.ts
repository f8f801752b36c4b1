import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ApiEndpoint, api, type Permission, type Scope } from '@standin/client'
import type { Plugin } from '@standin/core'
import { builtInPlugins } from '@standin/plugins'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'standin-routes-'))

const secret = 'STANDIN_TEST_SECRET'
process.env[secret] = `whsec_${Buffer.alloc(32).toString('base64')}`

/** Each plugin that there is, with so much that all its routes are there. */
const configurations: Readonly<Record<string, unknown>> = {
  suspend: {},
  usage: {},
  docs: { markdown: [{ folder }] },
  webhook: { endpoints: [{ name: 'wall', url: 'http://127.0.0.1:9/', secretVariable: secret, events: ['alias.deleted'] }] },
  identity: { scim: {} },
  classroom: {
    classes: [
      {
        ...{ name: 'intro', template: 'shop:latest', seats: 1, project: 'training', until: '2030-01-02' },
        timetable: [{ dates: ['2030-01-01'], from: '09:00', to: '10:00', timeZone: 'UTC' }],
      },
    ],
  },
}

/**
 * Routes of plugins that are not, as those that say nothing, for whoever is manager everywhere, with what they ask for. Whoever adds one
 * adds it here, and says with it that it looks at who asks by itself.
 */
const declared: Readonly<Record<string, string>> = {
  'GET /v1/plugins/suspend/environments/:ref': 'read environment viewer',
  'GET /v1/plugins/usage/board': 'open: a pass',
  'GET /v1/plugins/usage/board/enter': 'open: nothing but a form',
  'POST /v1/plugins/usage/board/enter': 'open: a code',
  'GET /v1/plugins/usage/board/stream': 'open: a pass',
  'GET /v1/plugins/usage/environments': 'read seen',
  'POST /v1/plugins/usage/estimate': 'read named viewer',
  'GET /v1/plugins/usage/quotas': 'read seen',
  'GET /v1/plugins/usage/reports/:id': 'read seen',
  'GET /v1/plugins/usage/reports/:id/content': 'read seen',
  'DELETE /v1/plugins/usage/reports/:id': 'read seen',
  'POST /v1/plugins/usage/reports': 'read seen',
  'GET /v1/plugins/classroom/classes': 'read named viewer',
  'GET /v1/plugins/classroom/classes/:name': 'read named viewer',
  'POST /v1/plugins/classroom/classes/:name/links': 'write named editor',
  'GET /v1/plugins/classroom/classes/:name/page': 'open: a pass',
  'GET /v1/plugins/classroom/classes/:name/page/enter': 'open: nothing but a form',
  'POST /v1/plugins/classroom/classes/:name/page/enter': 'open: a code',
  'GET /v1/plugins/classroom/classes/:name/page/now': 'open: a pass',
  'GET /v1/plugins/classroom/classes/:name/page/students': 'open: a pass',
  'POST /v1/plugins/classroom/classes/:name/page/seats/:seat/reset': 'open: a pass',
  'POST /v1/plugins/classroom/classes/:name/seats/:seat/reset': 'write named viewer',
}

interface Route {
  readonly method: string
  readonly url: string
  readonly scope: Scope | null | undefined
  readonly permission: Permission | undefined
}

const routes: Route[] = []
const watch = (message: unknown) => {
  const { fastify } = message as { fastify: FastifyInstance }
  fastify.addHook('onRoute', ({ method, url, config }: RouteOptions) => {
    for (const each of [method].flat()) routes.push({ method: each, url, scope: config?.scope, permission: config?.permission })
  })
}

let booted: BootedPlugin | undefined
let nobody: string
beforeAll(async () => {
  subscribe('fastify.initialization', watch)
  const plugins: [Plugin, unknown][] = []
  for (const [id, load] of Object.entries(builtInPlugins)) plugins.push([await load(), configurations[id]])
  const [last, ...beside] = plugins
  if (last === undefined) throw new Error('there are no plugins')
  booted = await bootPlugin(...last, { beside })
  for (const id of Object.keys(builtInPlugins)) await fetchOf('GET', `/v1/plugins/${id}/none`)
  const { id } = await booted.client.users.create({ userName: 'nobody' })
  nobody = (await booted.client.tokens.create({ name: 'nobody', scope: 'admin', user: id })).token
}, 120_000)
afterAll(async () => {
  delete process.env[secret]
  unsubscribe('fastify.initialization', watch)
  await booted?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

function fetchOf(method: string, path: string, token?: string): Promise<Response> {
  return fetch(booted?.client.url + path, { method, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
}

const isPlugins = ({ url }: Route) => /^\/v1\/plugins\/[a-z]+\//.test(url)
const nameOf = ({ method, url }: Route) => `${method} ${url}`
/** As somebody would write it who knows of nothing. */
const filled = (url: string) => url.replace(/:[a-z]+|\*/g, 'none')

it('knows every plugin that there is', () => {
  expect(Object.keys(configurations).toSorted()).toEqual(Object.keys(builtInPlugins).toSorted())
})

describe('every route', () => {
  it('of control is in the table of the API, with its rule', () => {
    const endpoints = Object.values(api).flatMap((group) => Object.values(group as Record<string, ApiEndpoint>))
    const table = endpoints.map(({ method, path }) => `${method} ${path}`)
    const own = routes.filter((route) => !isPlugins(route) && route.url !== '/v1/plugins/:id/*')
    expect(own.filter(({ permission }) => permission === undefined).map(nameOf)).toEqual([])
    expect([...new Set(own.map(nameOf))].toSorted()).toEqual(table.toSorted())
    expect(own.filter(({ scope }) => scope === null).map(nameOf)).toEqual(['GET /v1/health', 'GET /v1/openapi.json'])
  })

  it('of a plugin is for managers everywhere, but for those that are named here', () => {
    const found = routes.filter(isPlugins).flatMap((route) => {
      const { scope = route.method === 'GET' ? 'read' : 'write', permission } = route
      if (scope === null) return [[nameOf(route), declared[nameOf(route)]?.startsWith('open: ') ? declared[nameOf(route)] : 'open']]
      if (permission === undefined) return []
      return [[nameOf(route), [scope, permission.rule, 'role' in permission ? permission.role : ''].join(' ').trim()]]
    })
    expect(Object.fromEntries(found)).toEqual(declared)
    expect(new Set(routes.filter(isPlugins).map(({ url }) => url.split('/')[3]))).toEqual(
      new Set(['suspend', 'usage', 'webhook', 'identity', 'classroom']),
    )
  })

  it('lets nobody in without a token, and nobody without a role where one is needed', async () => {
    const answers: Record<string, number> = {}
    const wanted: Record<string, number> = {}
    for (const route of routes) {
      const { method, url, scope, permission } = route
      if (scope === null || answers[nameOf(route)] !== undefined) continue
      const { status } = await fetchOf(method, filled(url))
      answers[nameOf(route)] = status
      wanted[nameOf(route)] = 401
      if (permission !== undefined && permission.rule !== 'everywhere') continue
      answers[`nobody: ${nameOf(route)}`] = (await fetchOf(method, filled(url), nobody)).status
      wanted[`nobody: ${nameOf(route)}`] = 403
    }
    expect(answers).toEqual(wanted)
    expect(Object.keys(wanted).length).toBeGreaterThan(120)
  })
})
