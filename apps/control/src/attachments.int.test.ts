import type { Environment, EnvironmentPage, Problem } from '@standin/client'
import type { Static } from 'typebox'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Tokens } from './container.ts'
import { Booted } from './fixtures/booted.ts'

let control: Booted
beforeAll(async () => {
  control = await Booted.boot(['--gateway', 'http://127.0.0.1:18080', '--dns', '127.0.0.1:15354'])
})
afterAll(() => control[Symbol.asyncDispose]())

describe('attachments', () => {
  it('run as soon as they are answered', async () => {
    const { status, body } = await control.attach('shop', ['127.0.0.1:9000', '[::1]:9001', 'localhost:9002'])
    expect([status, body.state, body.kind]).toEqual([201, 'running', 'attachment'])
    expect(body.services[0]?.endpoints.map(({ address, port, instance }) => `${instance} ${address} ${port}`)).toEqual([
      'www-1 127.0.0.1 9000',
      'www-2 ::1 9001',
      'www-3 127.0.0.1 9002',
    ])
    expect(body.hosts[0]?.instances.map((instance) => instance.name)).toEqual(['www-1', 'www-2', 'www-3'])
  })

  it('are replaced by attaching again; an endpoint that stays keeps its generation', async () => {
    const before = (await control.attach('again', ['127.0.0.1:9000', '127.0.0.1:9001'])).body
    const { status, body } = await control.attach('again', ['127.0.0.1:9001', '127.0.0.1:9002'])
    expect([status, body.id, body.state]).toEqual([200, before.id, 'running'])
    const generation = (environment: Environment, port: number) =>
      environment.services[0]?.endpoints.find((endpoint) => endpoint.port === port)?.generation
    expect(body.services[0]?.endpoints.map((endpoint) => endpoint.port)).toEqual([9001, 9002])
    expect(generation(body, 9001)).toBe(generation(before, 9001))
    expect(generation(body, 9002)).toBeGreaterThan(generation(before, 9001) ?? 0)
    await control.stop()
    await control.start()
    expect((await control.call('GET', '/v1/environments/again')).body.services).toEqual(body.services)
  })

  it('have paths, policies, weights and probes of their own', async () => {
    const services = [
      {
        name: 'www',
        endpoints: ['127.0.0.1:9000', { address: '127.0.0.1:9001', weight: 3 }],
        policy: { balance: 'two-choices', health: { path: '/up', intervalMs: 1000 } },
        paths: [
          { path: '/api', endpoints: ['127.0.0.1:9100'] },
          { path: '/grpc', endpoints: ['127.0.0.1:9200', '127.0.0.1:9000'], policy: { protocol: 'h2c' } },
        ],
      },
    ]
    const probes = [{ userAgent: 'kube-probe/' }, { network: '10.0.0.0/8' }]
    const attach = (more: object = {}) =>
      control.call('POST', '/v1/environments', { body: { name: 'rich', provider: 'attach', services, probes, ...more } })
    const { status, body } = await attach()
    expect([status, body.state]).toEqual([201, 'running'])
    expect(body.hosts[0]?.instances.map(({ name }) => name)).toEqual(['www-1', 'www-2', 'www-3', 'www-4', 'www-5'])
    const entry = async () => (await control.client.tables.snapshot('routes')).items.find(({ environment }) => environment === body.id)
    const before = await entry()
    expect(before?.probes).toEqual(probes)
    expect(
      before?.routes.map(({ path, policy, endpoints }) => [
        path,
        policy,
        endpoints.map(({ instance, port, weight }) => [instance, port, weight ?? 1]),
      ]),
    ).toEqual([
      [
        undefined,
        services[0]?.policy,
        [
          ['www-1', 9000, 1],
          ['www-2', 9001, 3],
        ],
      ],
      ['/api', services[0]?.policy, [['www-3', 9100, 1]]],
      [
        '/grpc',
        { protocol: 'h2c' },
        [
          ['www-4', 9200, 1],
          ['www-5', 9000, 1],
        ],
      ],
    ])
    expect((await attach()).status).toBe(200)
    expect((await entry())?.revision).toBe(before?.revision)
    await attach({ services: [{ name: 'www', endpoints: ['127.0.0.1:9100'] }], probes: [] })
    const after = await entry()
    expect(after?.routes.map(({ path, policy }) => [path, policy])).toEqual([[undefined, undefined]])
    expect(after).not.toHaveProperty('probes')
    // What it was attached for before, it is attached for still.
    expect(after?.routes[0]?.endpoints[0]?.generation).toBe(before?.routes[1]?.endpoints[0]?.generation)
  })

  it.each<[{ probes?: object[]; [more: string]: unknown }, string]>([
    [
      {
        paths: [
          { path: '/a', endpoints: ['127.0.0.1:1'] },
          { path: '/a', endpoints: ['127.0.0.1:2'] },
        ],
      },
      '/body/services/0/paths/1/path /a is there twice',
    ],
    [{ paths: [{ path: '/a/', endpoints: ['127.0.0.1:1'] }] }, '/body/services/0/paths/0/path'],
    [{ paths: [{ path: '/a', endpoints: ['127.0.0.1:18080'] }] }, '18080'],
    [{ policy: { balance: 'random' } }, '/body/services/0/policy/balance'],
    [{ policy: { intervalMs: 1 } }, '/body/services/0/policy'],
    [{ probes: [{ network: 'example.com' }] }, '/body/probes/0/network example.com is no network'],
    [{ probes: [{}] }, '/body/probes/0'],
  ])('refuse %j', async ({ probes, ...more }, message) => {
    const services = [{ name: 'www', endpoints: ['127.0.0.1:9000'], ...more }]
    const answer = await control.call<Problem>('POST', '/v1/environments', { body: { name: 'odd', provider: 'attach', services, probes } })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.body.detail).toContain(message)
  })

  it('leave the pool when they are stopped, and come back when they are started or attached again', async () => {
    await control.attach('pool', ['127.0.0.1:9000'])
    await control.call('POST', '/v1/environments/pool/stop')
    expect((await control.until('pool', 'stopped')).services[0]?.endpoints).toEqual([])
    await control.call('POST', '/v1/environments/pool/start')
    expect((await control.until('pool', 'running')).services[0]?.endpoints.length).toBe(1)
    await control.call('POST', '/v1/environments/pool/stop')
    await control.until('pool', 'stopped')
    expect((await control.attach('pool', ['127.0.0.1:9009'])).body).toMatchObject({ state: 'running' })
    expect((await control.call<Problem>('POST', '/v1/environments/pool/suspend')).body.code).toBe('unsupported')
    expect((await control.call<Problem>('GET', '/v1/environments/pool/stats')).body.code).toBe('unsupported')
    expect((await control.call<Problem>('GET', '/v1/environments/pool/logs')).body.code).toBe('unsupported')
  })

  it('come back from the trash', async () => {
    await control.attach('trashed', ['127.0.0.1:9000'])
    await control.call('DELETE', '/v1/environments/trashed')
    await control.until('trashed', 'deleted')
    await control.call('POST', '/v1/environments/trashed/undelete')
    expect((await control.until('trashed', 'running')).services[0]?.endpoints.length).toBe(1)
  })

  it('lapse unless they are renewed', async () => {
    const renewed = (await control.attach('renewed', ['127.0.0.1:9000'], { ttlMs: 2000 })).body
    await control.attach('renewed', ['127.0.0.1:9000'], { ttlMs: 60_000 })
    // It lapses later than the other one would have.
    const lapsing = (await control.attach('lapsing', ['127.0.0.1:9000'], { ttlMs: 2000 })).body
    expect(lapsing.expiresAt).not.toBeNull()
    await expect.poll(async () => (await control.call<Problem>('GET', `/v1/environments/${lapsing.id}`)).status).toBe(410)
    expect((await control.call<Problem>('GET', `/v1/environments/${lapsing.id}`)).body.detail).toContain('not renewed')
    expect((await control.call('GET', `/v1/environments/${renewed.id}`)).body.state).toBe('running')
  })

  it.each([
    'API',
    '127.0.0.1:18080',
    '127.0.0.9:18080',
    '[::1]:18080',
    '[::ffff:127.0.0.1]:18080',
    '127.0.0.1:15354',
    '0.0.0.0:9000',
    '[::]:9000',
    '169.254.169.254:80',
    '[::ffff:169.254.169.254]:80',
    '224.0.0.1:80',
    'example.com:80',
    '127.0.0.1:0',
    '127.0.0.1:70000',
  ])('are refused at %s', async (endpoint) => {
    const text = endpoint === 'API' ? new URL(control.api).host : endpoint
    const { status, body } = await control.call<Problem>('POST', '/v1/environments', {
      body: { name: 'refused', provider: 'attach', services: [{ name: 'www', endpoints: ['127.0.0.1:9000', text] }] },
    })
    expect([status, body.code]).toEqual([422, 'endpoint_refused'])
    expect((await control.call('GET', '/v1/environments/refused')).status).toBe(404)
  })

  it('may be where instances of ours are, on any port', async () => {
    expect((await control.attach('instance', ['127.64.0.1:18080'])).status).toBe(201)
  })
})

describe('ten thousand attachments', () => {
  it('are known, listed, watched, and known again after a restart', async () => {
    await using many = await Booted.boot()
    const count = 10_000
    const commands = many.part(Tokens.commands)
    const caller = { tokenId: 'test', actor: 'token:test', name: 'test', scope: 'write', user: null } as const
    // Not through HTTP: that would measure the client.
    for (let at = 0; at < count; at += 100) {
      const batch = Array.from({ length: 100 }, (_, index) => at + index)
      await Promise.all(
        batch.map((number) => {
          const services = [{ name: 'www', endpoints: [`127.0.0.1:${10_000 + number}`] }]
          return commands.create(
            { name: `a-${number}`, provider: 'attach', services },
            caller,
            () => {},
            () => caller,
          )
        }),
      )
    }
    const snapshot = await many.client.tables.snapshot('routes')
    expect(snapshot.items.length).toBe(count)
    expect(snapshot.items.every((entry) => entry.state === 'running' && entry.routes[0]?.endpoints.length === 1)).toBe(true)
    expect((await many.client.tables.snapshot('records')).items.length).toBe(count)
    await many.stop()
    await many.start()
    expect((await many.client.tables.snapshot('routes')).items.length).toBe(count)
    const { body } = await many.call<Static<typeof EnvironmentPage>>('GET', '/v1/environments?limit=100')
    expect(body.items.length).toBe(100)
    expect(body.items[0]).toMatchObject({ id: 1000 + count, state: 'running' })
    expect((await many.attach('one-more', ['127.0.0.1:9000'])).body.id).toBe(1001 + count)
  }, 400_000)
})
