import { randomBytes } from 'node:crypto'
import { type Role, type RoleBinding, StandinError } from '@standin/client'
import { type Selectable, sql } from 'kysely'
import { parseCursor } from '../cursor.ts'
import type { Database } from '../database.ts'
import type { EventLog, EventType } from '../events.ts'
import type { RoleBindingsTable } from '../schema.ts'
import type { Accesses } from './accesses.ts'

export interface RoleFilter {
  readonly limit: number
  readonly cursor?: string | undefined
  readonly project?: string | undefined
  readonly everywhere?: boolean | undefined
  /** Id of a user: those that they hold, through groups, too. */
  readonly user?: string | undefined
  /** Id of a group. */
  readonly group?: string | undefined
  /** Only in these projects (a JSON array), and those of this user. */
  readonly seenBy?: { readonly projects: string; readonly user: string } | undefined
}

/** Who has a role: exactly one of the two is not null. */
export interface RoleHolder {
  readonly user: string | null
  readonly group: string | null
}

/** Roles of users and groups, in a project or everywhere. One of a kind for each holder and project. */
export class Roles {
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

  /** @throws StandinError `role_not_found` */
  require(id: string): RoleBinding {
    const row = this.#db.prepared<BindingRow>(`${selectBindings} where b.id = ?`).get(id)
    if (row === undefined) throw roleNotFound(id)
    return toBinding(row)
  }

  /** Oldest first. */
  list({ limit, cursor, ...filter }: RoleFilter): { items: RoleBinding[]; nextCursor: string | null } {
    let select = this.#db.query
      .selectFrom('role_bindings as b')
      .leftJoin('users as u', 'u.id', 'b.user_id')
      .leftJoin('groups as g', 'g.id', 'b.group_id')
      .selectAll('b')
      .select(['u.user_name', 'g.display_name'])
    if (cursor !== undefined) select = select.where('b.n', '>', parseCursor(cursor))
    if (filter.project !== undefined) select = select.where('b.project', '=', filter.project)
    if (filter.everywhere !== undefined) select = select.where('b.project', filter.everywhere ? '=' : '<>', '')
    if (filter.group !== undefined) select = select.where('b.group_id', '=', filter.group)
    if (filter.user !== undefined) select = select.where(heldBy(filter.user))
    if (filter.seenBy !== undefined) {
      const { projects, user } = filter.seenBy
      select = select.where((eb) => eb.or([sql<boolean>`b.project in (select value from json_each(${projects}))`, heldBy(user)]))
    }
    const rows = this.#db.all(select.orderBy('b.n').limit(limit + 1))
    const page = rows.slice(0, limit)
    return { items: page.map(toBinding), nextCursor: rows.length > limit ? String(page.at(-1)?.n) : null }
  }

  /** What this holder has there. @param project null: everywhere */
  find({ user, group }: RoleHolder, project: string | null): RoleBinding | undefined {
    const row = this.#db
      .prepared<BindingRow>(`${selectBindings} where b.project = ? and b.user_id is ? and b.group_id is ?`)
      .get(project ?? '', user, group)
    return row === undefined ? undefined : toBinding(row)
  }

  /** In the place of the role that they have there, if any. */
  grant(holder: RoleHolder, project: string | null, role: Role, actor: string, alongside: (id: string) => void = () => {}): RoleBinding {
    return this.#db.transaction(() => {
      const before = this.find(holder, project)
      if (before !== undefined) {
        alongside(before.id)
        return this.edit(before.id, role, actor)
      }
      const id = `rol_${randomBytes(6).toString('hex')}`
      const { user, group } = holder
      const row = { id, project: project ?? '', role, user_id: user, group_id: group, actor, created_at: this.#now() }
      this.#db.run(this.#db.query.insertInto('role_bindings').values(row))
      alongside(id)
      return this.#record(id, 'role.granted', actor, null)
    })
  }

  edit(id: string, role: Role, actor: string): RoleBinding {
    return this.#db.transaction(() => {
      const before = this.require(id)
      if (before.role === role) return before
      this.#db.prepared('update role_bindings set role = ?, actor = ? where id = ?').run(role, actor, id)
      return this.#record(id, 'role.changed', actor, before.role)
    })
  }

  revoke(id: string, actor: string): void {
    this.#db.transaction(() => {
      const { project, role, user, group } = this.require(id)
      this.#db.prepared('delete from role_bindings where id = ?').run(id)
      this.#accesses.forget()
      const data = { id, project, role, from: role, user: user?.id ?? null, group: group?.id ?? null }
      this.#events.append({ type: 'role.revoked', actor, data })
    })
  }

  /** All of somebody who goes, within the caller's transaction. */
  revokeAll({ user, group }: RoleHolder, actor: string): void {
    const rows = this.#db.prepared<{ id: string }>('select id from role_bindings where user_id is ? and group_id is ?').all(user, group)
    for (const { id } of rows) this.revoke(id, actor)
  }

  #record(id: string, type: Extract<EventType, `role.${string}`>, actor: string, from: Role | null): RoleBinding {
    this.#accesses.forget()
    const { project, role, user, group } = this.require(id)
    const data = { id, project, role, from, user: user?.id ?? null, group: group?.id ?? null }
    const revision = this.#events.append({ type, actor, data })
    this.#db.prepared('update role_bindings set revision = ? where id = ?').run(revision, id)
    return this.require(id)
  }
}

type BindingRow = Selectable<RoleBindingsTable> & { readonly user_name: string | null; readonly display_name: string | null }

const selectBindings = `select b.*, u.user_name, g.display_name from role_bindings as b
  left join users as u on u.id = b.user_id left join groups as g on g.id = b.group_id`

const heldBy = (user: string) =>
  sql<boolean>`(b.user_id = ${user} or b.group_id in (select m.group_id from group_members as m where m.user_id = ${user}))`

export function roleNotFound(id: string): StandinError {
  return new StandinError('role_not_found', `there is no role ${id.slice(0, 80)}`, {
    hint: '`standin role list` shows those that there are',
  })
}

function toBinding(row: BindingRow): RoleBinding {
  return {
    id: row.id,
    project: row.project === '' ? null : row.project,
    role: row.role as Role,
    user: row.user_id === null ? null : { id: row.user_id, userName: row.user_name ?? '' },
    group: row.group_id === null ? null : { id: row.group_id, displayName: row.display_name ?? '' },
    actor: row.actor,
    createdAt: new Date(row.created_at).toISOString(),
    revision: row.revision,
  }
}
