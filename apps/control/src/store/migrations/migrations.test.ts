import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SqliteDatabase from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Aliases } from '../aliases.ts'
import { openDatabase } from '../database.ts'
import { Environments } from '../environments.ts'
import { EventLog } from '../events.ts'
import { Faults } from '../faults.ts'
import { Accesses } from '../people/accesses.ts'
import { Ownership } from '../people/ownership.ts'
import { Users } from '../people/users.ts'
import { Tokens } from '../tokens.ts'
import { migrations } from './index.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'standin-migrations-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** A store as the version with these migrations left it, with an attachment in it. */
async function storeOf(...names: string[]): Promise<string> {
  const file = join(dir, 'standin.db')
  const sqlite = new SqliteDatabase(file)
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: sqlite }) })
  const getMigrations = async () => Object.fromEntries(Object.entries(migrations).filter(([name]) => names.includes(name)))
  const { error } = await new Migrator({ db, provider: { getMigrations } }).migrateToLatest()
  if (error !== undefined) throw error
  const reason = JSON.stringify({ actor: 'token:admin', code: null, message: 'attached', at: '2026-11-20T10:00:00.000Z' })
  const source = JSON.stringify({ kind: 'attachment', services: [{ name: 'www', endpoints: [] }] })
  sqlite
    .prepare(
      `insert into environments (name, kind, provider, owner, labels, state, desired, desired_reason, reason, source, created_at, state_changed_at, revision)
       values ('old', 'attachment', 'attach', 'admin', '{}', 'running', 'running', ?, ?, ?, 1, 1, 1)`,
    )
    .run(reason, reason, source)
  sqlite.close()
  return file
}

describe('migrations', () => {
  it('take a store of the first version to aliases and faults, with all that it has', async () => {
    const db = await openDatabase(await storeOf('001-initial'))
    const now = () => 1_000_000
    const events = new EventLog(db, now, { onFault: () => {} })
    const environments = new Environments(db, events, now)
    expect(environments.require(1001)).toMatchObject({ name: 'old', state: 'running' })
    const aliases = new Aliases(db, environments, events, now)
    const faults = new Faults(db, environments, events, now)
    expect([aliases.of(1001), faults.of(1001)]).toEqual([[], []])
    aliases.set('demo.test', { environment: 1001, service: null }, 'token:test')
    faults.add({ environment: 1001, service: 'www', fault: { kind: 'reset', percent: 100 }, expiresAt: 2_000_000 }, 'token:test')
    expect(environments.require(1001).revision).toBe(events.last - 1)
    db.close()
  })

  it('take a store without causes of activity to one with them', async () => {
    const db = await openDatabase(await storeOf('001-initial', '002-aliases-and-faults'))
    const now = () => 1_000_000
    const environments = new Environments(db, new EventLog(db, now, { onFault: () => {} }), now)
    db.prepared('update environments set last_activity_at = 5').run({})
    expect(environments.require(1001).lastActivity).toEqual({ at: 5, cause: null })
    environments.reportActivity([{ environment: 1001, at: 6, cause: 'GET www-1001.test' }])
    expect(environments.require(1001).lastActivity).toEqual({ at: 6, cause: 'GET www-1001.test' })
    db.close()
  })

  it('take a store that does not know how much disk is held to one that does', async () => {
    const db = await openDatabase(await storeOf('001-initial', '002-aliases-and-faults', '003-activity-cause', '004-plugins'))
    const now = () => 1_000_000
    const environments = new Environments(db, new EventLog(db, now, { onFault: () => {} }), now)
    expect(environments.require(1001).storageBytes).toBeNull()
    environments.measured(1001, 4096, 'provider:attach')
    expect(environments.require(1001).storageBytes).toBe(4096)
    db.close()
  })

  it('take a store without people to one with them: whose things are stays as it was, and projects are known', async () => {
    const file = await storeOf('001-initial', '002-aliases-and-faults', '003-activity-cause', '004-plugins', '005-storage')
    const old = new SqliteDatabase(file)
    old.prepare(`update environments set labels = '{"project":"shop"}'`).run()
    old.prepare(`insert into tokens (id, name, scope, hash, created_at) values ('0123456789ab', 'ci', 'write', 'x', 1)`).run()
    old.close()
    const db = await openDatabase(file)
    const now = () => 1_000_000
    const events = new EventLog(db, now, { onFault: () => {} })
    const accesses = new Accesses(db)
    const environments = new Environments(db, events, now)
    expect(environments.require(1001)).toMatchObject({ owner: 'admin', ownerId: null, orphanedAt: null, project: 'shop' })
    expect(new Tokens(db, events, accesses, now).list({ limit: 10 }).items).toMatchObject([{ name: 'ci', user: null }])
    environments.edit(1001, { labels: { project: '' } }, 'token:test')
    expect(environments.require(1001).project).toBeNull()
    const user = new Users(db, events, accesses, now).insert({ userName: 'ann' }, 'token:test')
    environments.give(1001, user, 'token:test')
    expect(new Ownership(db, environments, now).of(user.id).map(({ id }) => id)).toEqual([1001])
    db.close()
  })

  it('take a store that does not know when people were changed to one that does, as far as events tell', async () => {
    const file = await storeOf(...Object.keys(migrations).filter((name) => name < '007'))
    const old = new SqliteDatabase(file)
    old.prepare(`insert into events (seq, at, type, actor, data) values (900, 50, 'user.changed', 'token:test', '{}')`).run()
    const insert = `insert into users (id, user_name, user_key, display_name, source, active, created_at, revision) values (?, ?, ?, 'x', 'local', 1, 7, ?)`
    old.prepare(insert).run('usr_00000000000a', 'ann', 'ann', 900)
    old.prepare(insert).run('usr_00000000000b', 'ben', 'ben', 3)
    old.close()
    const db = await openDatabase(file)
    const now = () => 1_000_000
    const users = new Users(db, new EventLog(db, now, { onFault: () => {} }), new Accesses(db), now)
    expect(users.list({ limit: 10 }).items.map(({ changedAt }) => changedAt)).toEqual([50, 7])
    expect(users.edit('usr_00000000000b', { displayName: 'Ben' }, 'token:test').changedAt).toBe(1_000_000)
    db.close()
  })

  it('are in the order of their names', () => {
    expect(Object.keys(migrations)).toEqual(Object.keys(migrations).toSorted())
  })
})
