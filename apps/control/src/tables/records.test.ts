import type { Instance } from '@standin/client'
import type { InstanceStatus } from '@standin/core'
import { shopStack } from '@standin/testing'
import { describe, expect, it } from 'vitest'
import type { EnvironmentRecord } from '../store/environment-record.ts'
import { recordEntry } from './records.ts'

const stack = shopStack()
const domain = 'envs.example'

function instance(host: string, ordinal: number, address: string, state: Instance['state'] = 'running'): InstanceStatus {
  const rest = { generation: 1, health: 'none', pid: null, exitCode: null, signal: null, restarts: 0, reason: null } as const
  return { ...rest, host, name: `${host}-${ordinal}`, ordinal, address, state, since: '2026-11-21T10:00:00.000Z' }
}

/** Of all that is known of an environment, what its names depend on. */
function entryOf(state: EnvironmentRecord['state'], instances: readonly InstanceStatus[], kind: EnvironmentRecord['kind'] = 'clone') {
  const record = {
    id: 1001,
    kind,
    owner: 'alice',
    state,
    instances,
    source: { kind: 'template', key: 'x' },
  } as unknown as EnvironmentRecord
  return recordEntry(record, stack, domain, { aliases: [] })
}
const [first = '', second = ''] = stack.hosts.map(({ name }) => name)

describe('what the resolver is told of an environment', () => {
  it('is every host with the addresses of its instances, and every instance with its own', () => {
    const entry = entryOf('running', [instance(first, 1, '127.64.0.1'), instance(first, 2, '127.64.0.2')])
    expect(entry).toMatchObject({
      environment: 1001,
      state: 'running',
      owner: 'alice',
      services: stack.publish.map(({ service }) => service),
    })
    expect(entry?.records.slice(0, 3)).toEqual([
      { name: `${first}.1001.${domain}`, addresses: ['127.64.0.1', '127.64.0.2'], ptr: false },
      { name: `${first}-1.1001.${domain}`, addresses: ['127.64.0.1'], ptr: true },
      { name: `${first}-2.1001.${domain}`, addresses: ['127.64.0.2'], ptr: true },
    ])
  })

  it('has the hosts that have no address, without any', () => {
    const stopped = entryOf('stopped', [instance(first, 1, '', 'exited')])
    expect(stopped?.records).toContainEqual({ name: `${first}.1001.${domain}`, addresses: [], ptr: false })
    expect(stopped?.records).toContainEqual({ name: `${first}-1.1001.${domain}`, addresses: [], ptr: true })
    expect(stopped?.records).toContainEqual({ name: `${second}.1001.${domain}`, addresses: [], ptr: false })
    expect(entryOf('starting', [])?.records.map(({ name }) => name)).toEqual(stack.hosts.map(({ name }) => `${name}.1001.${domain}`))
  })

  it('names the addresses of a suspended environment, which are still its own', () => {
    expect(entryOf('suspended', [instance(first, 1, '127.64.0.1', 'suspended')])?.records[1]?.addresses).toEqual(['127.64.0.1'])
  })

  it('makes no PTR for addresses that are not ours to name, and is nothing once it is deleted', () => {
    expect(entryOf('running', [instance(first, 1, '192.0.2.1')], 'attachment')?.records[1]).toMatchObject({
      addresses: ['192.0.2.1'],
      ptr: false,
    })
    expect(entryOf('deleted', [])).toBeNull()
  })
})
