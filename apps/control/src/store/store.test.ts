import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EnvironmentState, environmentStates } from '@standin/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { transitions } from '../reconcile/transitions.ts'
import { type Database, openDatabase } from './database.ts'
import type { NewEnvironment } from './environment-changes.ts'
import { EnvironmentQueries } from './environment-queries.ts'
import { Environments } from './environments.ts'
import { EventLog } from './events.ts'
import { IdempotencyKeys } from './idempotency.ts'

const because = { actor: 'token:test', message: 'a test wants it' }
let dir: string
let db: Database
let events: EventLog
let environments: Environments
let time = 1_000_000
let faults: unknown[] = []

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'standin-store-'))
  await open()
})
afterEach(() => {
  db.close()
  rmSync(dir, { recursive: true, force: true })
})

async function open(): Promise<void> {
  faults = []
  db = await openDatabase(join(dir, 'standin.db'))
  events = new EventLog(db, () => time, { onFault: (error) => faults.push(error) })
  environments = new Environments(db, events, () => time)
}

function blank(name: string | null, more: Partial<NewEnvironment> = {}): NewEnvironment {
  return {
    name,
    namePrefix: 'shop',
    kind: 'clone',
    provider: 'memory',
    template: null,
    owner: 'test',
    labels: {},
    desired: 'running',
    source: { kind: 'template', key: 'build-1' },
    stack: null,
    hosts: [],
    suspendAfterMs: null,
    expiresAt: null,
    ...more,
  }
}

function purge(id: number): void {
  environments.want(id, 'deleted', because, { purge: true })
  environments.transition(id, 'deleting', because)
  environments.purged(id, because)
}

describe('store', () => {
  it('never gives a configId out twice, not after a purge, a failed insert or a restart either', async () => {
    const first = environments.insert(blank(null), because)
    expect([first.id, first.name]).toEqual([1001, 'shop-1001'])
    purge(first.id)
    db.close()
    await open()
    expect(environments.nextId).toBe(1002)
    expect(() =>
      environments.insert(blank('x'), because, () => {
        throw new Error('no')
      }),
    ).toThrow('no')
    expect(environments.insert(blank('x'), because).id).toBe(1002)
    expect(environments.require(1001)).toMatchObject({ state: 'deleted', source: null, instances: [] })
  })

  it('keeps its epoch, and refuses what is no store', async () => {
    const { epoch } = db
    db.close()
    await open()
    expect(db.epoch).toBe(epoch)
    const file = join(dir, 'other.db')
    writeFileSync(file, 'this is no database, but long enough to be taken for the header of one by a careless reader')
    await expect(openDatabase(file)).rejects.toThrow('can not be opened')
  })

  it('writes a change, its reason and its event together, and tells of it after the commit', () => {
    const { id } = environments.insert(blank('x'), because)
    const seen: string[] = []
    events.subscribe((batch) => {
      expect(db.sqlite.inTransaction).toBe(false)
      seen.push(...batch.map((event) => `${event.type} ${event.state}`))
    })
    const record = environments.transition(id, 'running', because)
    expect(record.revision).toBe(events.last)
    expect(record.reason).toEqual({ ...because, code: null, at: new Date(time).toISOString() })
    expect(() =>
      db.transaction(() => {
        environments.transition(id, 'stopping', because)
        throw new Error('rolled back')
      }),
    ).toThrow('rolled back')
    expect(environments.require(id).state).toBe('running')
    environments.want(id, 'stopped', because)
    expect(seen).toEqual(['environment.state running', 'environment.desired running'])
  })

  it('gives every listener one order, also of what a listener itself commits', () => {
    const { id } = environments.insert(blank('x'), because)
    const orders: number[][] = [[], []]
    events.subscribe((batch) => {
      orders[0]?.push(...batch.map((event) => event.seq))
      if (batch.some((event) => event.state === 'running')) environments.transition(id, 'stopping', because)
    })
    events.subscribe((batch) => orders[1]?.push(...batch.map((event) => event.seq)))
    environments.transition(id, 'running', because)
    expect(orders[0]).toEqual([2, 3])
    expect(orders[1]).toEqual([2, 3])
  })

  it('says nothing where nothing changes', () => {
    const { id } = environments.insert(blank('x'), because)
    const before = events.last
    environments.want(id, 'running', because)
    environments.observe(id, [], 'provider:memory')
    environments.edit(id, {}, 'token:test')
    expect(events.last).toBe(before)
  })

  it('keeps the last events only', () => {
    const log = new EventLog(db, () => time, { onFault: () => {}, keep: 1500 })
    for (let count = 0; count < 3000; count += 1) log.append({ type: 'environment.progress', actor: 'x', data: { count } })
    expect(log.list({ limit: 1 })[0]?.seq).toBe(1501)
    expect(log.last).toBe(3000)
    expect(log.first).toBe(1501)
  })

  it('tells all listeners, also where one of them throws', () => {
    const fault = new Error('a fault of one of them')
    const heard: number[] = []
    events.subscribe(() => {
      throw fault
    })
    events.subscribe((committed) => heard.push(...committed.map((event) => event.seq)))
    events.append({ type: 'environment.progress', actor: 'x', data: {} })
    events.append({ type: 'environment.progress', actor: 'x', data: {} })
    expect(heard).toEqual([1, 2])
    expect(faults).toEqual([fault, fault])
  })

  it('finds a name among the living first, then in the trash', () => {
    const queries = new EnvironmentQueries(db)
    const first = environments.insert(blank('shop'), because)
    expect(() => environments.insert(blank('shop'), because)).toThrow('is taken by environment 1001')
    environments.want(first.id, 'deleted', because)
    expect(queries.byRef('shop').id).toBe(first.id)
    const second = environments.insert(blank('shop'), because)
    expect(queries.byRef('shop').id).toBe(second.id)
    expect(() => environments.undelete(first.id, because)).toThrow('is taken by environment 1002')
    purge(second.id)
    expect(queries.byRef('shop').id).toBe(first.id)
    expect(() => queries.byRef('1002')).toThrow('was deleted')
  })

  it('filters lists by what they hold', () => {
    const queries = new EnvironmentQueries(db)
    environments.insert(blank('a', { labels: { team: 'x', 'odd"key': 'a=b' } }), because)
    environments.insert(blank('b', { labels: { team: 'y' }, owner: 'alice' }), because)
    const names = (filter: object) => queries.list({ limit: 10, ...filter }).items.map((item) => item.name)
    expect(names({})).toEqual(['b', 'a'])
    expect(names({ labels: ['team=x'] })).toEqual(['a'])
    expect(names({ labels: ['team=x', 'odd"key=a=b'] })).toEqual(['a'])
    expect(names({ labels: ['team=z'] })).toEqual([])
    expect(names({ owner: 'alice', state: 'starting' })).toEqual(['b'])
    expect(names({ deleted: true })).toEqual([])
  })

  it('marks the files of a source that was replaced meanwhile as not made', () => {
    const source = { kind: 'attachment' as const, services: [] }
    const before = environments.insert(blank('x', { kind: 'attachment', source }), because)
    const services = [{ name: 'www', endpoints: [{ address: '127.0.0.1', port: 1, generation: 1, instance: 'www-1' }] }]
    environments.reattach(before.id, { source: { ...source, services }, instances: [], expiresAt: null }, 'token:test')
    environments.markProvisioned(before)
    expect(environments.require(before.id).provisioned).toBe(false)
    environments.markProvisioned(environments.require(before.id))
    expect(environments.require(before.id).provisioned).toBe(true)
  })

  it('forgets idempotency keys after a day', () => {
    const keys = new IdempotencyKeys(db, () => time)
    expect(keys.claim('t', 'k', 'one')).toBeNull()
    expect(() => keys.claim('t', 'k', 'two')).toThrow('another request')
    expect(keys.claim('u', 'k', 'two')).toBeNull()
    time += 25 * 3_600_000
    expect(keys.claim('t', 'k', 'two')).toBeNull()
  })
})

describe('transitions', () => {
  it('let every state be left for the trash, but the trash itself', () => {
    for (const state of environmentStates) {
      if (state === 'deleted' || state === 'deleting') continue
      expect(transitions[state], state).toContain('deleting')
    }
    expect(transitions.deleting).toContain('deleted')
  })

  it('let everything fail, and lead out of failed', () => {
    for (const state of environmentStates) if (state !== 'failed') expect(transitions[state], state).toContain('failed')
    for (const to of ['starting', 'stopping', 'suspending', 'deleting'] as const) expect(transitions.failed).toContain(to)
  })

  it('are the only ones that the store allows', () => {
    for (const from of environmentStates) {
      for (const to of environmentStates) {
        const { id } = environments.insert(blank(null), because)
        db.sqlite.prepare('update environments set state = ? where id = ?').run(from, id)
        const become = () => environments.transition(id, to as EnvironmentState, because)
        if (transitions[from].includes(to)) expect(become().state).toBe(to)
        else expect(become, `${from} → ${to}`).toThrow('can not go from')
      }
    }
  })
})
