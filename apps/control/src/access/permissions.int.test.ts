import { type ApiEndpoint, api, permissions, type Role, roles, scopes } from '@standin/client'
import Fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endpoint } from '../api/endpoint.ts'
import { Company, type Person, staff } from '../fixtures/company.ts'

let company: Company
beforeAll(async () => {
  company = await Company.found()
}, 60_000)
afterAll(() => company[Symbol.asyncDispose]())

interface Try {
  readonly path: string
  readonly body?: unknown
}
/**
 * Who gets through: a role in the project (less is 403, none is 404); `boss`, whoever is manager everywhere, `everyone`; `boss or 404`
 * where nobody else finds it; `editor somewhere` where the request tells the project later.
 */
type Who = Role | 'boss' | 'everyone' | 'boss or 404' | 'role or 403' | 'editor somewhere'
type Row = readonly [who: Who, make: () => Try | Promise<Try>]

const shop = () => company.environment('shop')
const at = (suffix: string, body?: unknown) => async (): Promise<Try> => ({
  path: `/v1/environments/${await shop()}${suffix}`,
  ...(body === undefined ? {} : { body }),
})
let count = 0
const fresh = () => `fresh-${++count}`
const fault = { service: 'www', kind: 'reset', forMs: 60_000 }
const faulty = async () => {
  const id = await shop()
  return { id, fault: (await company.control.client.faults.create(id, fault as never)).id }
}
const aliased = async () => {
  const id = await shop()
  const host = fresh()
  await company.control.client.aliases.set(host, { environment: id })
  return `/v1/aliases/${host}`
}
const bound = async () => `/v1/roles/${(await company.role('shop', 'viewer', (await company.user()).id)).id}`

/** Every operation of the API. What is missing here fails the first test. */
const matrix: Readonly<Record<string, Row>> = {
  'server.discover': ['everyone', () => ({ path: '/v1' })],
  'server.health': ['everyone', () => ({ path: '/v1/health' })],
  'server.openapi': ['everyone', () => ({ path: '/v1/openapi.json' })],
  'server.metrics': ['boss', () => ({ path: '/v1/metrics' })],
  'environments.list': ['everyone', () => ({ path: '/v1/environments' })],
  'environments.create': [
    'role or 403',
    () => ({ path: '/v1/environments', body: { name: fresh(), template: 'common', labels: { project: 'shop' } } }),
  ],
  'environments.plan': [
    'role or 403',
    () => ({ path: '/v1/environments/plan', body: { template: 'common', labels: { project: 'shop' } } }),
  ],
  'environments.get': ['viewer', at('')],
  'environments.update': ['editor', at('', { suspendAfterMs: 60_000 })],
  'environments.delete': ['editor', at('')],
  'environments.start': ['participant', at('/start', {})],
  'environments.suspend': ['participant', at('/suspend', {})],
  'environments.resume': ['participant', at('/resume', {})],
  'environments.stop': ['participant', at('/stop', {})],
  'environments.undelete': ['editor', at('/undelete', {})],
  'environments.stats': ['viewer', at('/stats')],
  'environments.sections': ['viewer', at('/sections')],
  'environments.logs': ['viewer', at('/logs')],
  'environments.exec': ['editor', at('/exec?arg=ls')],
  'aliases.list': ['everyone', () => ({ path: '/v1/aliases' })],
  'aliases.get': ['viewer', async () => ({ path: await aliased() })],
  'aliases.set': ['editor', async () => ({ path: `/v1/aliases/${fresh()}`, body: { environment: await shop() } })],
  'aliases.delete': ['editor', async () => ({ path: await aliased() })],
  'faults.listAll': ['everyone', () => ({ path: '/v1/faults' })],
  'faults.list': ['viewer', at('/faults')],
  'faults.create': ['editor', at('/faults', fault)],
  'faults.get': ['viewer', () => faulty().then(({ id, fault: each }) => ({ path: `/v1/environments/${id}/faults/${each}` }))],
  'faults.delete': ['editor', () => faulty().then(({ id, fault: each }) => ({ path: `/v1/environments/${id}/faults/${each}` }))],
  'faults.deleteAll': ['editor', at('/faults')],
  'templates.list': ['everyone', () => ({ path: '/v1/templates' })],
  'templates.get': ['viewer', () => ({ path: '/v1/templates/shop-base' })],
  'templates.delete': ['editor', () => ({ path: `/v1/templates/shop-base@${company.bake('shop-base', 'shop').version}` })],
  'channels.list': ['viewer', () => ({ path: '/v1/templates/shop-base/channels' })],
  'channels.set': ['editor', () => ({ path: `/v1/templates/shop-base/channels/${fresh()}`, body: { version: 1 } })],
  'channels.delete': [
    'editor',
    async () => {
      const channel = fresh()
      await company.control.client.channels.set('shop-base', channel, 1)
      return { path: `/v1/templates/shop-base/channels/${channel}` }
    },
  ],
  'builds.list': ['everyone', () => ({ path: '/v1/builds' })],
  // What is built decides, and that comes with the body: `Authority.build`, below.
  'builds.create': ['editor somewhere', () => ({ path: '/v1/builds?provider=memory', body: {} })],
  'builds.get': ['viewer', () => ({ path: `/v1/builds/${company.bake('shop-base', 'shop').build}` })],
  'events.list': ['everyone', () => ({ path: '/v1/events' })],
  'events.notify': ['participant', async () => ({ path: '/v1/events', body: { kind: 'test', message: 'x', environment: await shop() } })],
  'plugins.list': ['boss', () => ({ path: '/v1/plugins' })],
  'plugins.get': ['boss or 404', () => ({ path: '/v1/plugins/none' })],
  'plugins.runs': ['boss or 404', () => ({ path: '/v1/plugins/none/runs' })],
  'tables.routes': ['boss', () => ({ path: '/v1/routes' })],
  'tables.records': ['boss', () => ({ path: '/v1/records' })],
  'users.list': ['everyone', () => ({ path: '/v1/users' })],
  'users.create': ['boss', () => ({ path: '/v1/users', body: { userName: fresh() } })],
  'users.get': ['manager', async () => ({ path: `/v1/users/${(await company.user()).id}` })],
  'users.update': ['boss', async () => ({ path: `/v1/users/${(await company.user()).id}`, body: { displayName: 'X' } })],
  'users.deactivate': ['boss', async () => ({ path: `/v1/users/${(await company.user()).id}/deactivate`, body: {} })],
  'users.activate': ['boss', async () => ({ path: `/v1/users/${(await company.user()).id}/activate` })],
  'users.delete': ['boss', async () => ({ path: `/v1/users/${(await company.user()).id}` })],
  'groups.list': ['everyone', () => ({ path: '/v1/groups' })],
  'groups.create': ['boss', () => ({ path: '/v1/groups', body: { displayName: fresh() } })],
  'groups.get': [
    'manager',
    async () => ({ path: `/v1/groups/${(await company.control.client.groups.create({ displayName: fresh() })).id}` }),
  ],
  'groups.members': [
    'manager',
    async () => ({ path: `/v1/groups/${(await company.control.client.groups.create({ displayName: fresh() })).id}/members` }),
  ],
  'groups.update': [
    'boss',
    async () => ({
      path: `/v1/groups/${(await company.control.client.groups.create({ displayName: fresh() })).id}`,
      body: { source: 'x' },
    }),
  ],
  'groups.delete': [
    'boss',
    async () => ({ path: `/v1/groups/${(await company.control.client.groups.create({ displayName: fresh() })).id}` }),
  ],
  'roles.list': ['everyone', () => ({ path: '/v1/roles' })],
  'roles.grant': [
    'role or 403',
    async () => ({ path: '/v1/roles', body: { project: 'shop', role: 'viewer', user: (await company.user()).id } }),
  ],
  'roles.get': ['viewer', async () => ({ path: await bound() })],
  'roles.update': ['manager', async () => ({ path: await bound(), body: { role: 'manager' } })],
  'roles.revoke': ['manager', async () => ({ path: await bound() })],
  'tokens.list': ['boss', () => ({ path: '/v1/tokens' })],
  'tokens.create': ['boss', () => ({ path: '/v1/tokens', body: { name: fresh(), scope: 'read' } })],
  'tokens.revoke': ['boss or 404', () => ({ path: '/v1/tokens/none' })],
  'activity.report': ['boss', () => ({ path: '/v1/activity', body: { items: [] } })],
}

const operations = Object.entries(api).flatMap(([group, endpoints]) =>
  Object.entries(endpoints as Readonly<Record<string, ApiEndpoint>>).map(([name, each]) => ({ operation: `${group}.${name}`, ...each })),
)
const ruleOf = (operation: string) => {
  const [group = '', name = ''] = operation.split('.')
  return (permissions as unknown as Record<string, Record<string, { rule: string; role?: Role }>>)[group]?.[name]
}

/** What each person is answered with: `ok` is anything but 401, 403 and 404. */
function expected(operation: string, who: Who, person: Person): string {
  if (who === 'everyone' || person === 'boss') return who === 'boss or 404' && person === 'boss' ? '404' : 'ok'
  if (who === 'boss' || who === 'boss or 404') return '403'
  if (who === 'editor somewhere') return ['editor', 'manager', 'outsider'].includes(person) ? 'ok' : '403'
  const needed = who === 'role or 403' ? (ruleOf(operation)?.role ?? 'manager') : who
  // People are seen by managers of any project, and by nobody else.
  if (/^(users|groups)\./.test(operation)) return person === 'manager' || person === 'outsider' ? 'ok' : '404'
  const has = roles.indexOf(person as Role)
  if (has >= roles.indexOf(needed)) return 'ok'
  return has < 0 && who !== 'role or 403' ? '404' : '403'
}

describe('the table of permissions', () => {
  it('has a rule for every endpoint, and this test tries every endpoint', () => {
    expect(operations.map(({ operation }) => operation).filter((each) => ruleOf(each) === undefined)).toEqual([])
    expect(operations.map(({ operation }) => operation).toSorted()).toEqual(Object.keys(matrix).toSorted())
  })

  it('keeps control from starting with an endpoint that it does not have', () => {
    const nothing = { ...api.server.health, path: '/v1/new' }
    expect(() => endpoint(Fastify(), 'server.unheard', nothing, () => ({ status: 'ok' as const }))).toThrow(
      /server\.unheard has no permission/,
    )
  })
})

describe.each(operations.map((each) => [each.operation, each] as const))('%s', (operation, { method, scope }) => {
  it('lets through whom its rule lets through, and nobody else', { timeout: 30_000 }, async () => {
    const [who, make] = matrix[operation] as Row
    const answers: Record<string, string> = {}
    for (const person of staff) {
      const { path, body } = await make()
      const { status } = await company.call(person, method, path, body)
      answers[person] = [401, 403, 404].includes(status) ? String(status) : 'ok'
    }
    const wanted = Object.fromEntries(staff.map((person) => [person, expected(operation, who, person)]))
    expect(answers).toEqual(wanted)
  })

  if (scope === null || scope === 'read') return
  it('asks for its scope, too, whatever the role', async () => {
    const { path, body } = await (matrix[operation] as Row)[1]()
    const less = scopes[scopes.indexOf(scope) - 1] ?? 'read'
    expect((await company.call('boss', method, path, body, { scope: less })).status).toBe(403)
  })
})
