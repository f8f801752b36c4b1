import type { Instance, Stack } from '@standin/client'
import type { InstanceStatus } from '@standin/core'
import { shopStack } from '@standin/testing'
import { describe, expect, it } from 'vitest'
import type { EnvironmentRecord } from '../store/environment-record.ts'
import { hostProgress } from './progress.ts'
import { routeEntry } from './routes.ts'

const instance = (host: string, ordinal: number, more: Partial<Instance> = {}): InstanceStatus => ({
  host,
  name: `${host}-${ordinal}`,
  ordinal,
  address: `127.64.0.${ordinal}`,
  generation: 1,
  state: 'running',
  health: 'none',
  pid: null,
  exitCode: null,
  signal: null,
  restarts: 0,
  since: '2026-11-21T10:00:00.000Z',
  reason: null,
  ...more,
})

function recordOf(state: EnvironmentRecord['state'], instances: readonly InstanceStatus[]): EnvironmentRecord {
  const reason = { actor: 'token:test', code: null, message: 'a test wants it', at: '2026-11-21T10:00:00.000Z' }
  const dates = {
    createdAt: 1,
    stateChangedAt: 1,
    lastActivity: null,
    suspendAfterMs: null,
    expiresAt: null,
    purgeAt: null,
    purgedAt: null,
    storageBytes: null,
  }
  return {
    ...dates,
    id: 1001,
    name: 'shop',
    kind: 'clone',
    provider: 'memory',
    template: { name: 'shop', version: 1 },
    owner: 'test',
    ownerId: null,
    orphanedAt: null,
    project: null,
    labels: {},
    state,
    desired: 'running',
    desiredReason: reason,
    desiredBefore: null,
    reason,
    source: { kind: 'template', key: 'x' },
    instances,
    provisioned: true,
    launched: 0,
    purge: false,
    revision: 1,
  }
}
const nothing = { aliases: [], faults: [] }

describe('routeEntry', () => {
  const stack: Stack = {
    ...shopStack(),
    publish: [
      {
        service: 'www',
        host: 'web',
        port: 8080,
        policy: { balance: 'sticky' },
        paths: [
          { path: '/api', host: 'db', port: 81 },
          { path: '/grpc', host: 'db', port: 82, policy: { protocol: 'h2c' } },
        ],
      },
    ],
    probes: [{ path: '/healthz' }],
  }

  it('has a route for each path of a service, with its own pool and policy', () => {
    const { routes, probes } =
      routeEntry(recordOf('running', [instance('db', 1), instance('web', 1), instance('web', 2)]), stack, 'test', nothing) ?? {}
    expect(
      routes?.map(({ host, service, path, policy, endpoints }) => [host, service, path, policy, endpoints.map(({ port }) => port)]),
    ).toEqual([
      ['www-1001.test', 'www', undefined, { balance: 'sticky' }, [8080, 8080]],
      ['www-1001.test', 'www', '/api', { balance: 'sticky' }, [81]],
      ['www-1001.test', 'www', '/grpc', { protocol: 'h2c' }, [82]],
    ])
    expect(probes).toEqual([{ path: '/healthz' }])
  })

  it('gives an alias all of this, too', () => {
    const alias = { host: 'demo.test', environment: 1001, service: null, actor: 'token:test', createdAt: 1, updatedAt: 1 }
    const { routes = [] } = routeEntry(recordOf('running', [instance('web', 1)]), stack, 'test', { aliases: [alias], faults: [] }) ?? {}
    const own = routes.filter((route) => route.alias !== true)
    expect(routes.filter((route) => route.alias === true)).toEqual(own.map((route) => ({ ...route, host: 'demo.test', alias: true })))
  })

  it('says nothing of hosts, policies and probes where there is nothing to say', () => {
    expect(routeEntry(recordOf('running', [instance('web', 1)]), shopStack(), 'test', nothing)).toEqual({
      environment: 1001,
      name: 'shop',
      state: 'running',
      reason: 'a test wants it',
      routes: [
        {
          host: 'www-1001.test',
          service: 'www',
          endpoints: [{ address: '127.64.0.1', port: 8080, generation: 1, instance: 'web-1' }],
        },
      ],
    })
  })
})

describe('hostProgress', () => {
  const progress = (...instances: InstanceStatus[]) => hostProgress(recordOf('starting', instances), shopStack())

  it('counts what takes traffic, of what is wanted', () => {
    expect(progress()).toEqual([
      { name: 'db', ready: 0, wanted: 1 },
      { name: 'web', ready: 0, wanted: 2 },
    ])
    const ready = progress(
      instance('db', 1, { health: 'starting' }),
      instance('web', 1, { health: 'healthy' }),
      instance('web', 2, { state: 'starting' }),
    )
    expect(ready.map((host) => host.ready)).toEqual([0, 1])
  })

  it('takes what is frozen for not ready, and what ran to its end for ready', () => {
    expect(progress(instance('web', 1, { state: 'suspended' }))[1]).toMatchObject({ ready: 0 })
    expect(progress(instance('db', 1, { state: 'exited', exitCode: 0 }))[0]).toMatchObject({ ready: 1 })
    expect(progress(instance('db', 1, { state: 'exited', exitCode: 1 }))[0]).toMatchObject({ ready: 0 })
  })

  it('leaves out hosts of which no instance is wanted', () => {
    const stack = shopStack()
    const hosts = stack.hosts.map((host) => (host.name === 'db' ? { ...host, replicas: 0 } : host))
    expect(hostProgress(recordOf('starting', []), { ...stack, hosts }).map(({ name }) => name)).toEqual(['web'])
  })
})
