import { randomBytes } from 'node:crypto'
import { type CreateUser, StandinError, type UpdateUser } from '@standin/client'
import { sql, type Updateable } from 'kysely'
import { parseCursor } from '../cursor.ts'
import type { Database } from '../database.ts'
import type { EventLog, EventType } from '../events.ts'
import type { UsersTable } from '../schema.ts'
import type { Accesses } from './accesses.ts'
import { keyOf, parseDisplayName, parseUserName } from './people-names.ts'
import { toUserRecord, type UserRecord, type UserRow } from './user-record.ts'

export interface UserFilter {
  readonly limit: number
  readonly cursor?: string | undefined
  readonly userName?: string | undefined
  readonly email?: string | undefined
  readonly externalId?: string | undefined
  readonly source?: string | undefined
  readonly active?: boolean | undefined
  /** Id of a group that they are in. */
  readonly group?: string | undefined
  /** Only this one. */
  readonly only?: string | undefined
}

/** Who may use the platform by name. Each change writes the row and its event in one transaction. */
export class Users {
  readonly #db: Database
  readonly #events: EventLog
  readonly #accesses: Accesses
  readonly #now: () => number

  constructor(db: Database, events: EventLog, accesses: Accesses, now: () => number) {
    this.#db = db
    this.#events = events
    this.#accesses = accesses
    this.#now = now
  }

  /** By id, or by userName whatever its case. @throws StandinError `user_not_found` */
  require(ref: string): UserRecord {
    const isId = /^usr_[0-9a-f]{12}$/.test(ref)
    const row = this.#db.prepared<UserRow>(`${selectUsers} where ${isId ? 'u.id' : 'u.user_key'} = ?`).get(isId ? ref : keyOf(ref))
    if (row === undefined) throw userNotFound(ref)
    return toUserRecord(row)
  }

  /** Oldest first. */
  list({ limit, cursor, ...filter }: UserFilter): { items: UserRecord[]; nextCursor: string | null; total: number } {
    const filtered = this.#filtered(filter)
    let select = filtered
      .leftJoin('users as m', 'm.id', 'users.manager')
      .selectAll('users')
      .select('m.user_name as manager_name')
      .orderBy('users.n')
      .limit(limit + 1)
    if (cursor !== undefined) select = select.where('users.n', '>', parseCursor(cursor))
    const rows = this.#db.all(select)
    const items = rows.slice(0, limit).map(toUserRecord)
    const total = this.#db.first(filtered.select(sql<number>`count(*)`.as('total')))?.total ?? 0
    return { items, nextCursor: rows.length > limit ? String(items.at(-1)?.n) : null, total }
  }

  /** @throws StandinError `name_taken`, `email_taken`, `external_id_taken`, `invalid`, `user_not_found` for the manager */
  insert(user: CreateUser, actor: string, alongside: (id: string) => void = () => {}): UserRecord {
    return this.#db.transaction(() => {
      const id = `usr_${randomBytes(6).toString('hex')}`
      const userName = parseUserName(user.userName)
      const active = user.active ?? true
      const source = user.source ?? 'local'
      this.#refuseTaken(id, { userName, email: active ? user.email : null, source, externalId: user.externalId })
      const at = this.#now()
      this.#db.run(
        this.#db.query.insertInto('users').values({
          id,
          user_name: userName,
          user_key: keyOf(userName),
          display_name: user.displayName === undefined ? userName : parseDisplayName(user.displayName),
          ...emailOf(user.email ?? null),
          external_id: user.externalId ?? null,
          source,
          manager: user.manager == null ? null : this.require(user.manager).id,
          active: active ? 1 : 0,
          created_at: at,
          deactivated_at: active ? null : at,
        }),
      )
      alongside(id)
      return this.record(id, 'user.created', actor)
    })
  }

  /** What is the same already is no change. @throws StandinError as `insert` */
  edit(id: string, edit: UpdateUser, actor: string): UserRecord {
    return this.#db.transaction(() => {
      const before = this.require(id)
      const userName = edit.userName === undefined ? before.userName : parseUserName(edit.userName)
      const displayName = edit.displayName === undefined ? before.displayName : parseDisplayName(edit.displayName)
      const { email = before.email, source = before.source, externalId = before.externalId } = edit
      const manager = edit.manager === undefined ? before.manager : edit.manager === null ? null : this.require(edit.manager)
      if (manager?.id === id) throw new StandinError('invalid', `${userName} can not be their own manager`)
      const after = { userName, displayName, email, source, externalId, manager: manager?.id ?? null }
      const known = { ...before, manager: before.manager?.id ?? null }
      const fields = (Object.keys(after) as (keyof typeof after)[]).filter((field) => after[field] !== known[field])
      if (fields.length === 0) return before
      this.#refuseTaken(id, { userName, email: before.active ? email : null, source, externalId })
      this.update(id, {
        user_name: userName,
        user_key: keyOf(userName),
        display_name: displayName,
        ...emailOf(email),
        source,
        external_id: externalId,
        manager: after.manager,
      })
      return this.record(id, 'user.changed', actor, { fields })
    })
  }

  /** Their roles and groups are theirs again, their tokens are gone. @throws StandinError `email_taken` */
  activate(id: string, actor: string): UserRecord {
    return this.#db.transaction(() => {
      const before = this.require(id)
      if (before.active) return before
      this.#refuseTaken(id, { userName: before.userName, email: before.email, source: before.source, externalId: before.externalId })
      this.update(id, { active: 1, deactivated_at: null })
      return this.record(id, 'user.activated', actor)
    })
  }

  /** Write into the row, within the caller's transaction, which then calls `record`. */
  update(id: string, patch: Updateable<UsersTable>): void {
    this.#db.run(this.#db.query.updateTable('users').set(patch).where('id', '=', id))
  }

  /** The event of what the caller wrote. */
  record(id: string, type: Extract<EventType, `user.${string}`>, actor: string, data: Record<string, unknown> = {}): UserRecord {
    this.#accesses.forget()
    const user = this.require(id)
    const revision = this.#events.append({ type, actor, data: { id, userName: user.userName, ...data } })
    const changedAt = this.#now()
    this.update(id, { revision, changed_at: changedAt })
    return { ...user, revision, changedAt }
  }

  /** Who has this one as their manager. */
  managedBy(id: string): string[] {
    return this.#db
      .prepared<{ id: string }>('select id from users where manager = ? order by n')
      .all(id)
      .map((row) => row.id)
  }

  #filtered({ userName, email, externalId, source, active, group, only }: Omit<UserFilter, 'limit' | 'cursor'>) {
    let select = this.#db.query.selectFrom('users')
    if (userName !== undefined) select = select.where('users.user_key', '=', keyOf(userName))
    if (email !== undefined) select = select.where('users.email_key', '=', keyOf(email))
    if (externalId !== undefined) select = select.where('users.external_id', '=', externalId)
    if (source !== undefined) select = select.where('users.source', '=', source)
    if (active !== undefined) select = select.where('users.active', '=', active ? 1 : 0)
    if (only !== undefined) select = select.where('users.id', '=', only)
    if (group !== undefined) {
      select = select.where('users.id', 'in', this.#db.query.selectFrom('group_members').select('user_id').where('group_id', '=', group))
    }
    return select
  }

  #refuseTaken(
    id: string,
    {
      userName,
      email,
      source,
      externalId,
    }: { userName: string; email?: string | null | undefined; source: string; externalId?: string | null | undefined },
  ): void {
    const holder = (condition: string, ...values: string[]) =>
      this.#db.prepared<{ user_name: string }>(`select user_name from users where ${condition} and id <> ?`).get(...values, id)?.user_name
    const taken = (code: 'name_taken' | 'email_taken' | 'external_id_taken', path: string, what: string, by: string) =>
      new StandinError(code, `${what} is taken by ${by}`, {
        hint: 'Take another one, or change that user',
        errors: [{ path: `/body/${path}`, message: `is taken by ${by}` }],
      })
    const sameName = holder('user_key = ?', keyOf(userName))
    if (sameName !== undefined) throw taken('name_taken', 'userName', `the userName ${userName}`, `user ${sameName}`)
    const sameEmail = email == null ? undefined : holder('email_key = ? and active = 1', keyOf(email))
    if (sameEmail !== undefined) throw taken('email_taken', 'email', `the e-mail address ${email}`, `user ${sameEmail}`)
    const sameId = externalId == null ? undefined : holder('source = ? and external_id = ?', source, externalId)
    if (sameId !== undefined) throw taken('external_id_taken', 'externalId', `the externalId ${externalId} of ${source}`, `user ${sameId}`)
  }
}

const selectUsers = 'select u.*, m.user_name as manager_name from users as u left join users as m on m.id = u.manager'

export function userNotFound(ref: string): StandinError {
  return new StandinError('user_not_found', `there is no user ${ref.slice(0, 80)}`, {
    hint: '`standin user list` shows those that there are',
  })
}

function emailOf(email: string | null): { email: string | null; email_key: string | null } {
  return { email: email === null ? null : email.normalize('NFC'), email_key: email === null ? null : keyOf(email) }
}
