import type { Environment, Event, Problem, RouteEntry, ServiceFault, TableSnapshot } from '@standin/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Tokens } from './container.ts'
import { Booted } from './fixtures/booted.ts'

type Page<T> = { items: T[]; nextCursor: string | null }

let control: Booted
beforeAll(async () => {
  control = await Booted.boot()
})
afterAll(() => control[Symbol.asyncDispose]())

const attach = async (name: string): Promise<number> => {
  const services = ['www', 'api'].map((service) => ({ name: service, endpoints: ['127.0.0.1:9000'] }))
  return (await control.call<Environment>('POST', '/v1/environments', { body: { name, provider: 'attach', services } })).body.id
}
const add = (ref: string | number, body: object) => control.call<ServiceFault>('POST', `/v1/environments/${ref}/faults`, { body })
const list = async (ref: string | number) => (await control.call<Page<ServiceFault>>('GET', `/v1/environments/${ref}/faults`)).body.items
const entryOf = async (id: number) =>
  (await control.call<TableSnapshot<RouteEntry>>('GET', '/v1/routes')).body.items.find(({ environment }) => environment === id)
const minute = 60_000

describe('faults', () => {
  it('are injected into a service, and reach the gateway with its routes', async () => {
    const id = await attach('slow')
    await control.call('PUT', '/v1/aliases/slow-api', { body: { environment: id, service: 'api' } })
    const before = Date.now()
    const { status, body, headers } = await add('slow', { service: 'api', kind: 'delay', delayMs: 2000, percent: 20, forMs: 10 * minute })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      id: 'f1',
      environment: id,
      service: 'api',
      kind: 'delay',
      delayMs: 2000,
      percent: 20,
      actor: 'token:admin',
    })
    expect(headers.get('location')).toBe(`/v1/environments/${id}/faults/f1`)
    expect(Date.parse(body.expiresAt) - before).toBeGreaterThanOrEqual(10 * minute)
    const injected = [{ id: 'f1', kind: 'delay', delayMs: 2000, percent: 20, expiresAt: body.expiresAt }]
    const routes = (await entryOf(id))?.routes ?? []
    expect(routes.map(({ service, alias, faults }) => [service, alias ?? false, faults])).toEqual([
      ['www', false, undefined],
      ['api', false, injected],
      ['api', true, injected],
    ])
    expect((await control.call<ServiceFault>('GET', '/v1/environments/slow/faults/f1')).body).toEqual(body)
    expect(await list('slow')).toEqual([body])
  })

  it('take what their kind needs', async () => {
    const header = { name: 'X-Test', value: '1' }
    const kinds = [
      { service: 'www', kind: 'abort', status: 503, forMs: minute, header, path: '/x' },
      { service: 'www', kind: 'reset', forMs: minute, header: { name: 'x-test' } },
      { service: 'www', kind: 'throttle', bytesPerSecond: 10_240, forMs: minute },
    ]
    for (const body of kinds) {
      const { forMs: _, ...rest } = body
      expect((await add('slow', body)).body).toMatchObject({ ...rest, percent: 100 })
    }
    const all = (await control.call<Page<ServiceFault>>('GET', '/v1/faults?limit=3')).body
    expect(all.items.map(({ kind }) => kind)).toEqual(['delay', 'abort', 'reset'])
    const next = (await control.call<Page<ServiceFault>>('GET', `/v1/faults?limit=3&cursor=${all.nextCursor}`)).body
    expect(next).toMatchObject({ items: [{ kind: 'throttle' }], nextCursor: null })
  })

  it.each([
    [{ kind: 'delay' }, 'a fault of kind delay takes delayMs: delayMs is missing'],
    [{ kind: 'delay', delayMs: 1, status: 500 }, 'a fault of kind delay takes delayMs: status is not for delay'],
    [{ kind: 'abort', delayMs: 1 }, 'a fault of kind abort takes status: delayMs is not for abort, status is missing'],
    [{ kind: 'reset', bytesPerSecond: 1 }, 'a fault of kind reset takes no measure of its own: bytesPerSecond is not for reset'],
    [{ kind: 'abort', status: 200 }, '/body/status'],
    [{ kind: 'reset', percent: 0 }, '/body/percent'],
    [{ kind: 'reset', path: 'x' }, '/body/path'],
    [{ kind: 'reset', header: { name: 'a b' } }, '/body/header/name'],
    [{ kind: 'reset', header: { name: 'a', value: 'b\r\nc: d' } }, '/body/header/value'],
    [{ kind: 'explode' }, '/body/kind'],
    [{ kind: 'reset', forMs: 0 }, '/body/forMs'],
    [{ kind: 'reset', forMs: 30 * 24 * 60 * minute }, '/body/forMs'],
  ])('refuse %j', async (body, message) => {
    const answer = await control.call<Problem>('POST', '/v1/environments/slow/faults', { body: { service: 'www', forMs: minute, ...body } })
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid' } })
    expect(answer.body.detail).toContain(message)
  })

  it('are not for what is not there', async () => {
    const reset = { kind: 'reset', forMs: minute }
    const code = async (method: string, path: string, body?: object) => (await control.call<Problem>(method, path, { body })).body.code
    expect(await code('POST', '/v1/environments/slow/faults', { ...reset, service: 'sql' })).toBe('route_not_found')
    expect(await code('POST', '/v1/environments/nope/faults', { ...reset, service: 'www' })).toBe('environment_not_found')
    for (const id of ['f999', 'x', 'f01']) {
      expect(await code('GET', `/v1/environments/slow/faults/${id}`)).toBe('fault_not_found')
      expect(await code('DELETE', `/v1/environments/slow/faults/${id}`)).toBe('fault_not_found')
    }
    await attach('other')
    expect(await code('GET', '/v1/environments/other/faults/f1')).toBe('fault_not_found')
    await attach('gone')
    await control.call('DELETE', '/v1/environments/gone')
    expect(await code('POST', '/v1/environments/gone/faults', { ...reset, service: 'www' })).toBe('state_conflict')
  })

  it('end when they are removed, and are told of', async () => {
    const id = await attach('mended')
    const from = control.part(Tokens.events).last
    const one = (await add(id, { service: 'www', kind: 'reset', forMs: minute })).body
    for (let count = 0; count < 2; count += 1) await add(id, { service: 'api', kind: 'reset', forMs: minute })
    expect((await control.call('DELETE', `/v1/environments/${id}/faults/${one.id}`)).status).toBe(204)
    expect((await list(id)).map(({ service }) => service)).toEqual(['api', 'api'])
    expect((await control.call('DELETE', `/v1/environments/${id}/faults`)).status).toBe(204)
    expect((await control.call('DELETE', `/v1/environments/${id}/faults`)).status).toBe(204)
    expect(await list(id)).toEqual([])
    expect((await entryOf(id))?.routes.some(({ faults }) => faults !== undefined)).toBe(false)
    const events = (await control.call<Page<Event>>('GET', `/v1/events?after=${from}&environment=${id}`)).body.items
    expect(events.map(({ type }) => type)).toEqual([
      ...Array(3).fill(['environment.changed', 'fault.added']).flat(),
      'environment.changed',
      'fault.removed',
      'environment.changed',
      'fault.removed',
      'fault.removed',
    ])
    expect(events[1]?.data).toEqual({ fault: one })
    expect(events[7]?.data).toEqual({ fault: one, reason: 'removed' })
  })

  it('end by themselves, also where their time ends while control is away', async () => {
    const id = await attach('short')
    const brief = (await add(id, { service: 'www', kind: 'reset', forMs: 50 })).body
    const removed = () => control.part(Tokens.events).list({ environment: id, type: 'fault.removed' })
    await expect
      .poll(() => removed().map(({ data, actor }) => [data, actor]))
      .toEqual([[{ fault: brief, reason: 'expired' }, 'reconciler']])
    expect((await entryOf(id))?.routes.map(({ faults }) => faults)).toEqual([undefined, undefined])

    const long = (await add(id, { service: 'www', kind: 'abort', status: 500, forMs: 10 * minute })).body
    const away = (await add(id, { service: 'www', kind: 'reset', forMs: 200 })).body
    await control.stop()
    await new Promise((done) => setTimeout(done, Math.max(0, Date.parse(away.expiresAt) - Date.now() + 1)))
    await control.start()
    await expect.poll(async () => (await entryOf(id))?.routes[0]?.faults?.map((fault) => fault.id)).toEqual([long.id])
    expect(await list(id)).toEqual([long])
  })

  it('are so many and no more', async () => {
    const id = await attach('full')
    for (let count = 0; count < 32; count += 1) expect((await add(id, { service: 'www', kind: 'reset', forMs: minute })).status).toBe(201)
    const { status, body } = await control.call<Problem>('POST', `/v1/environments/${id}/faults`, {
      body: { service: 'www', kind: 'reset', forMs: minute },
    })
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'state_conflict' })
    await control.call('DELETE', `/v1/environments/${id}?purge=true`)
    await expect.poll(async () => (await control.call('GET', `/v1/environments/${id}`)).status).toBe(410)
    const left = (await control.call<Page<ServiceFault>>('GET', '/v1/faults?limit=1000')).body.items
    expect(left.filter(({ environment }) => environment === id)).toEqual([])
  })

  it('are injected once for one idempotency key', async () => {
    const id = await attach('once')
    const once = () =>
      control.call<ServiceFault>('POST', `/v1/environments/${id}/faults`, {
        body: { service: 'www', kind: 'reset', forMs: minute },
        headers: { 'idempotency-key': 'fault-once' },
      })
    const [first, second] = [await once(), await once()]
    expect(second).toMatchObject({ status: 201, body: first.body })
    expect(await list(id)).toHaveLength(1)
  })
})
