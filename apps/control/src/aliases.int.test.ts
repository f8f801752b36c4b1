import type { Alias, Environment, Event, Problem, RecordEntry, RouteEntry, TableDelta, TableSnapshot, Token } from '@standin/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Tokens } from './container.ts'
import { Booted } from './fixtures/booted.ts'

type Page<T> = { items: T[]; nextCursor: string | null }
const domain = 'test-envs.localhost'

let control: Booted
beforeAll(async () => {
  control = await Booted.boot()
})
afterAll(() => control[Symbol.asyncDispose]())

const attach = async (name: string, ...services: string[]): Promise<number> => {
  const body = { name, provider: 'attach', services: services.map((service) => ({ name: service, endpoints: ['127.0.0.1:9000'] })) }
  return (await control.call<Environment>('POST', '/v1/environments', { body })).body.id
}
const set = (host: string, environment: number | string, more: object = {}) =>
  control.call<Alias>('PUT', `/v1/aliases/${host}`, { body: { environment, ...more } })
const problem = async (method: string, path: string, options: object = {}) => {
  const { status, body } = await control.call<Problem>(method, path, options)
  return { status, code: body.code, detail: body.detail }
}
const snapshot = async <T>(kind: 'routes' | 'records') => (await control.call<TableSnapshot<T>>('GET', `/v1/${kind}`)).body

/** Every delta of the routes while `work` is done, and until `last` is there. */
async function deltasOf(
  work: () => Promise<unknown>,
  last: (delta: TableDelta<RouteEntry>) => boolean,
  after?: { epoch: string; revision: number },
): Promise<TableDelta<RouteEntry>[]> {
  const stop = new AbortController()
  const deltas: TableDelta<RouteEntry>[] = []
  let begun = false
  for await (const message of control.client.tables.watch('routes', { signal: stop.signal, after })) {
    if (message.type === 'delta') deltas.push(message.delta)
    if (!begun) {
      begun = true
      await work()
    }
    if (message.type === 'delta' && last(message.delta)) break
  }
  stop.abort()
  return deltas
}

const holds = (entry: RouteEntry, host: string) => entry.routes.some((route) => route.host === host)

describe('aliases', () => {
  it('give an environment a further host name, below the domain where it is one label', async () => {
    const id = await attach('first', 'www', 'api')
    const { status, body } = await set('Demo', 'first')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      host: `demo.${domain}`,
      environment: id,
      service: 'www',
      url: `http://demo.${domain}:8080/`,
      actor: 'token:admin',
    })
    expect((await set(`api.demo.${domain}`, id, { service: 'api' })).body).toMatchObject({ host: `api.demo.${domain}`, service: 'api' })
    expect((await control.call<Alias>('GET', '/v1/aliases/demo')).body).toEqual(body)
    const list = await control.call<Page<Alias>>('GET', `/v1/aliases?environment=first`)
    expect(list.body.items.map(({ host }) => host)).toEqual([`api.demo.${domain}`, `demo.${domain}`])
    const page = (await control.call<Page<Alias>>('GET', '/v1/aliases?limit=1')).body
    expect(page.items).toHaveLength(1)
    const next = await control.call<Page<Alias>>('GET', `/v1/aliases?limit=1&cursor=${page.nextCursor}`)
    expect(next.body).toMatchObject({ items: [{ host: `demo.${domain}` }], nextCursor: null })
  })

  it('are in the tables of the gateway and the resolver', async () => {
    const { items } = await snapshot<RouteEntry>('routes')
    const routes = items.find(({ name }) => name === 'first')?.routes ?? []
    expect(routes.map(({ host, service, alias }) => [host.replace(`.${domain}`, ''), service, alias ?? false])).toEqual([
      ['www-1001', 'www', false],
      ['api-1001', 'api', false],
      ['api.demo', 'api', true],
      ['demo', 'www', true],
    ])
    expect(routes[3]?.endpoints).toEqual(routes[0]?.endpoints)
    const records = await snapshot<RecordEntry>('records')
    expect(records.items.find(({ environment }) => environment === 1001)?.aliases).toEqual([`api.demo.${domain}`, `demo.${domain}`])
  })

  it('move in one step: whoever watches has the name at every moment, and a snapshot has it once', async () => {
    const [a, b] = [await attach('from', 'www'), await attach('to', 'www')]
    const host = `moving.${domain}`
    await set('moving', a)
    const { epoch, revision } = await snapshot('routes')
    const deltas = await deltasOf(
      () => set('moving', b),
      ({ put }) => put?.environment === a && !holds(put, host),
    )
    expect(deltas.map(({ put }) => [put?.environment, put !== null && holds(put, host)])).toEqual([
      [b, true],
      [a, false],
    ])
    const { items } = await snapshot<RouteEntry>('routes')
    expect(items.filter((entry) => holds(entry, host)).map(({ environment }) => environment)).toEqual([b])

    // Also for who was away, and where the environment that it came to was changed again meanwhile.
    await control.call('PATCH', '/v1/environments/to', { body: { name: 'renamed' } })
    const missed = await deltasOf(
      async () => {},
      ({ put }) => put?.environment === a,
      { epoch, revision },
    )
    expect(missed.map(({ put }) => [put?.environment, put !== null && holds(put, host)])).toEqual([
      [b, true],
      [a, false],
    ])
    // Who breaks off between the two, comes back with the revision of the first and gets the second.
    const again = await deltasOf(
      async () => {},
      ({ put }) => put?.environment === a,
      { epoch, revision: missed[0]?.revision ?? 0 },
    )
    expect(again.map(({ put }) => put?.environment)).toContain(a)
  })

  it('are told of in events, and setting what is set already is none', async () => {
    const events = control.part(Tokens.events)
    const [a, b] = [await attach('told-a', 'www'), await attach('told-b', 'www')]
    const from = events.last
    await set('told', a)
    await set('told', a)
    await set('told', b)
    await control.call('DELETE', '/v1/aliases/told')
    const list = (await control.call<Page<Event>>('GET', `/v1/events?after=${from}`)).body.items
    const host = `told.${domain}`
    expect(list.map(({ type, environment, data }) => [type, environment, data])).toEqual([
      ['environment.changed', a, { fields: ['aliases'] }],
      ['alias.set', a, { host, from: null, to: a, service: null }],
      ['environment.changed', b, { fields: ['aliases'] }],
      ['environment.changed', a, { fields: ['aliases'] }],
      ['alias.set', b, { host, from: a, to: b, service: null }],
      ['environment.changed', b, { fields: ['aliases'] }],
      ['alias.deleted', b, { host, from: b }],
    ])
  })

  it('stay with what is in the trash, until they are taken', async () => {
    const [a, b] = [await attach('trashed', 'www'), await attach('taker', 'www')]
    await set('kept', a)
    await set('taken', a)
    await control.call('DELETE', '/v1/environments/trashed')
    await control.until('trashed', 'deleted')
    expect((await snapshot<RouteEntry>('routes')).items.some(({ environment }) => environment === a)).toBe(false)
    expect((await control.call<Alias>('GET', '/v1/aliases/kept')).body.environment).toBe(a)
    expect(await problem('PUT', '/v1/aliases/other', { body: { environment: a } })).toMatchObject({ status: 409, code: 'state_conflict' })
    await set('taken', b)
    await control.call('POST', '/v1/environments/trashed/undelete')
    await control.until('trashed', 'running')
    const { items } = await snapshot<RouteEntry>('routes')
    const owners = (host: string) => items.filter((entry) => holds(entry, `${host}.${domain}`)).map(({ environment }) => environment)
    expect([owners('kept'), owners('taken')]).toEqual([[a], [b]])
  })

  it('go with what is purged', async () => {
    const id = await attach('purged', 'www')
    await set('gone', id)
    await control.call('DELETE', '/v1/environments/purged?purge=true')
    await expect.poll(async () => (await control.call('GET', '/v1/aliases/gone')).status).toBe(404)
    const types = control
      .part(Tokens.events)
      .list({ environment: id, limit: 1000 })
      .map(({ type }) => type)
    expect(types.slice(-2)).toEqual(['alias.deleted', 'environment.purged'])
  })

  it('outlive a restart', async () => {
    await control.stop()
    await control.start()
    expect((await control.call<Alias>('GET', `/v1/aliases/demo.${domain}.`)).body).toMatchObject({ environment: 1001, service: 'www' })
    const first = (await snapshot<RouteEntry>('routes')).items.find(({ environment }) => environment === 1001)
    expect(first !== undefined && holds(first, `demo.${domain}`)).toBe(true)
  })

  it('keep their name where the service is not published any more', async () => {
    await attach('shrinks', 'www', 'api')
    await set('shrinking', 'shrinks', { service: 'api' })
    await attach('shrinks', 'www')
    const entry = (await snapshot<RouteEntry>('routes')).items.find(({ name }) => name === 'shrinks')
    expect(entry?.routes.at(-1)).toEqual({ host: `shrinking.${domain}`, service: 'api', endpoints: [], alias: true })
  })

  it.each([
    ['www-1001', 'looks like the name of an environment'],
    ['a.1001', 'ends like an address'],
    [`a.1001.${domain}`, 'looks like the name of an environment'],
    ['1001', 'looks like the name of an environment'],
    [`1001.${domain}`, 'looks like the name of an environment'],
    [`x.www-4711.${domain}`, 'looks like the name of an environment'],
    ['ns', 'is the name of the name server'],
    [`a.ns.${domain}`, 'is the name of the name server'],
    [domain, 'is the domain itself'],
    ['127.0.0.1', 'is an address'],
    ['1.2.3', 'ends like an address'],
    ['-demo', 'is not a host name'],
    ['de_mo', 'is not a host name'],
    ['a..b', 'is not a host name'],
    [`${'a'.repeat(64)}`, 'is not a host name'],
    [`${'a.'.repeat(118)}${domain}`, 'must not have more than 254 characters'],
  ])('may not be called %s', async (host, why) => {
    const answer = await problem('PUT', `/v1/aliases/${host}`, { body: { environment: 1001 } })
    expect(answer).toMatchObject({ status: 400, code: 'invalid' })
    expect(answer.detail).toContain(why)
  })

  it('outside of the domain are an admin\u2019s', async () => {
    const { body } = await control.call<Token & { token: string }>('POST', '/v1/tokens', { body: { name: 'writer', scope: 'write' } })
    const { token } = body
    expect(await problem('PUT', '/v1/aliases/shop.example.com', { body: { environment: 1001 }, token })).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
    expect((await control.call('PUT', '/v1/aliases/writers', { body: { environment: 1001 }, token })).status).toBe(200)
    expect((await set('shop.example.com', 1001)).body).toMatchObject({ host: 'shop.example.com', url: 'http://shop.example.com:8080/' })
    expect(await problem('DELETE', '/v1/aliases/shop.example.com', { token })).toMatchObject({ status: 403, code: 'forbidden' })
    expect((await control.call('DELETE', '/v1/aliases/shop.example.com')).status).toBe(204)
    expect((await control.call('PUT', '/v1/aliases/readers', { body: { environment: 1001 }, token: control.tokenOf('dns') })).status).toBe(
      403,
    )
  })

  it('say what they can not find', async () => {
    expect(await problem('GET', '/v1/aliases/nope')).toMatchObject({ status: 404, code: 'alias_not_found' })
    expect(await problem('DELETE', '/v1/aliases/nope')).toMatchObject({ status: 404, code: 'alias_not_found' })
    expect(await problem('PUT', '/v1/aliases/x', { body: { environment: 'nope' } })).toMatchObject({
      status: 404,
      code: 'environment_not_found',
    })
    expect(await problem('PUT', '/v1/aliases/x', { body: { environment: 1001, service: 'sql' } })).toMatchObject({
      status: 404,
      code: 'route_not_found',
    })
    expect(await problem('PUT', '/v1/aliases/x', { body: {} })).toMatchObject({ status: 400, code: 'invalid' })
  })

  it('are set once for one idempotency key, also where another moved them meanwhile', async () => {
    const headers = { 'idempotency-key': 'alias-once' }
    const once = () => control.call<Alias>('PUT', '/v1/aliases/once', { body: { environment: 1001 }, headers })
    const first = await once()
    await set('once', 'renamed')
    expect((await once()).body).toEqual(first.body)
    expect((await control.call<Alias>('GET', '/v1/aliases/once')).body.environment).not.toBe(1001)
    expect(await problem('PUT', '/v1/aliases/once', { body: { environment: 'renamed' }, headers })).toMatchObject({
      code: 'idempotency_conflict',
    })
  })
})
