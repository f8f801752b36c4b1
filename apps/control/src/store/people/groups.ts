import { randomBytes } from 'node:crypto'
import { type CreateGroup, type Group, type GroupMember, StandinError, type UpdateGroup } from '@standin/client'
import { type Selectable, sql } from 'kysely'
import { parseCursor } from '../cursor.ts'
import type { Database } from '../database.ts'
import type { EventLog, EventType } from '../events.ts'
import type { GroupsTable } from '../schema.ts'
import type { Accesses } from './accesses.ts'
import { keyOf, parseDisplayName } from './people-names.ts'
import type { Users } from './users.ts'

export interface GroupFilter {
  readonly limit: number
  readonly cursor?: string | undefined
  readonly displayName?: string | undefined
  readonly externalId?: string | undefined
  readonly source?: string | undefined
  /** Id of a user who is in it. */
  readonly member?: string | undefined
}

/** An event names no more members than this. */
const mostNamed = 100

/** Groups of users. They don't nest: a member is a user. */
export class Groups {
  readonly #db: Database
  readonly #events: EventLog
  readonly #users: Users
  readonly #accesses: Accesses
  readonly #now: () => number

  constructor(db: Database, events: EventLog, users: Users, accesses: Accesses, now: () => number) {
    this.#db = db
    this.#events = events
    this.#users = users
    this.#accesses = accesses
    this.#now = now
  }

  /** By id, or by displayName whatever its case. @throws StandinError `group_not_found` */
  require(ref: string): Group {
    const isId = /^grp_[0-9a-f]{12}$/.test(ref)
    const row = this.#db
      .prepared<GroupRow>(`${selectGroups} where ${isId ? 'groups.id' : 'groups.display_key'} = ?`)
      .get(isId ? ref : keyOf(ref.trim()))
    if (row === undefined) throw groupNotFound(ref)
    return toGroup(row)
  }

  /** Oldest first. */
  list({ limit, cursor, ...filter }: GroupFilter): { items: Group[]; nextCursor: string | null; total: number } {
    const filtered = this.#filtered(filter)
    let select = filtered
      .selectAll('groups')
      .select(members.as('members'))
      .orderBy('groups.n')
      .limit(limit + 1)
    if (cursor !== undefined) select = select.where('groups.n', '>', parseCursor(cursor))
    const rows = this.#db.all(select)
    const page = rows.slice(0, limit)
    const total = this.#db.first(filtered.select(sql<number>`count(*)`.as('total')))?.total ?? 0
    return { items: page.map(toGroup), nextCursor: rows.length > limit ? String(page.at(-1)?.n) : null, total }
  }

  members(
    id: string,
    { limit, cursor }: { limit: number; cursor?: string | undefined },
  ): { items: GroupMember[]; nextCursor: string | null } {
    const rows = this.#db
      .prepared<{ n: number; id: string; user_name: string; display_name: string; active: number }>(
        `select u.n, u.id, u.user_name, u.display_name, u.active from group_members as m join users as u on u.id = m.user_id
         where m.group_id = ? and u.n > ? order by u.n limit ?`,
      )
      .all(id, cursor === undefined ? 0 : parseCursor(cursor), limit + 1)
    const page = rows.slice(0, limit)
    const items = page.map((row) => ({ id: row.id, userName: row.user_name, displayName: row.display_name, active: row.active === 1 }))
    return { items, nextCursor: rows.length > limit ? String(page.at(-1)?.n) : null }
  }

  isMember(id: string, user: string): boolean {
    return this.#db.prepared('select 1 from group_members where group_id = ? and user_id = ?').get(id, user) !== undefined
  }

  /** @throws StandinError `name_taken`, `external_id_taken`, `invalid`, `user_not_found` for a member */
  insert(group: CreateGroup, actor: string, alongside: (id: string) => void = () => {}): Group {
    return this.#db.transaction(() => {
      const id = `grp_${randomBytes(6).toString('hex')}`
      const displayName = parseDisplayName(group.displayName)
      const { source = 'local', externalId = null } = group
      this.#refuseTaken(id, { displayName, source, externalId })
      const names = { display_name: displayName, display_key: keyOf(displayName) }
      this.#db.run(this.#db.query.insertInto('groups').values({ id, ...names, external_id: externalId, source, created_at: this.#now() }))
      this.#add(id, this.#idsOf(group.members ?? [], 'members'))
      alongside(id)
      return this.#record(id, 'group.created', actor)
    })
  }

  /** What is the same already is no change. @throws StandinError as `insert` */
  edit(id: string, edit: UpdateGroup, actor: string): Group {
    if (edit.members !== undefined && (edit.addMembers ?? edit.removeMembers) !== undefined) {
      throw new StandinError('invalid', 'members replaces all of them: addMembers and removeMembers do not go with it')
    }
    return this.#db.transaction(() => {
      const before = this.require(id)
      const displayName = edit.displayName === undefined ? before.displayName : parseDisplayName(edit.displayName)
      const { source = before.source, externalId = before.externalId } = edit
      const after = { displayName, source, externalId }
      const fields: string[] = (Object.keys(after) as (keyof typeof after)[]).filter((field) => after[field] !== before[field])
      if (fields.length > 0) {
        this.#refuseTaken(id, after)
        const names = { display_name: displayName, display_key: keyOf(displayName) }
        this.#db.run(
          this.#db.query
            .updateTable('groups')
            .set({ ...names, source, external_id: externalId })
            .where('id', '=', id),
        )
      }
      const known = new Set(this.#memberIds(id))
      const wanted = edit.members === undefined ? null : new Set(this.#idsOf(edit.members, 'members'))
      const removed =
        wanted === null
          ? this.#idsOf(edit.removeMembers ?? [], 'removeMembers').filter((each) => known.has(each))
          : [...known].filter((each) => !wanted.has(each))
      const added = (wanted === null ? this.#idsOf(edit.addMembers ?? [], 'addMembers') : [...wanted]).filter((each) => !known.has(each))
      for (const user of removed) this.#db.prepared('delete from group_members where group_id = ? and user_id = ?').run(id, user)
      this.#add(id, added)
      if (added.length + removed.length > 0) fields.push('members')
      if (fields.length === 0) return before
      return this.#record(id, 'group.changed', actor, { fields, added: added.slice(0, mostNamed), removed: removed.slice(0, mostNamed) })
    })
  }

  /** @param alongside takes its roles away, in the same transaction */
  delete(id: string, actor: string, alongside: () => void): void {
    this.#db.transaction(() => {
      const { displayName } = this.require(id)
      alongside()
      this.#db.prepared('delete from group_members where group_id = ?').run(id)
      this.#db.prepared('delete from groups where id = ?').run(id)
      this.#accesses.forget()
      this.#events.append({ type: 'group.deleted', actor, data: { id, displayName } })
    })
  }

  /** Out of all groups, within the caller's transaction. */
  leaveAll(user: string, actor: string): void {
    const rows = this.#db.prepared<{ group_id: string }>('select group_id from group_members where user_id = ?').all(user)
    for (const { group_id } of rows) this.edit(group_id, { removeMembers: [user] }, actor)
  }

  #filtered({ displayName, externalId, source, member }: Omit<GroupFilter, 'limit' | 'cursor'>) {
    let select = this.#db.query.selectFrom('groups')
    if (displayName !== undefined) select = select.where('groups.display_key', '=', keyOf(displayName.trim()))
    if (externalId !== undefined) select = select.where('groups.external_id', '=', externalId)
    if (source !== undefined) select = select.where('groups.source', '=', source)
    if (member !== undefined) {
      select = select.where('groups.id', 'in', this.#db.query.selectFrom('group_members').select('group_id').where('user_id', '=', member))
    }
    return select
  }

  #memberIds(id: string): string[] {
    return this.#db
      .prepared<{ user_id: string }>('select user_id from group_members where group_id = ?')
      .all(id)
      .map((row) => row.user_id)
  }

  #add(id: string, users: readonly string[]): void {
    for (const user of users) this.#db.prepared('insert or ignore into group_members (group_id, user_id) values (?, ?)').run(id, user)
  }

  /** @throws StandinError `invalid` for a group, `user_not_found` */
  #idsOf(refs: readonly string[], field: string): string[] {
    return refs.map((ref, index) => {
      if (/^grp_[0-9a-f]{12}$/.test(ref)) {
        throw new StandinError('invalid', `${ref} is a group: groups can not be members of groups`, {
          errors: [{ path: `/body/${field}/${index}`, message: 'is a group' }],
        })
      }
      return this.#users.require(ref).id
    })
  }

  #refuseTaken(id: string, { displayName, source, externalId }: { displayName: string; source: string; externalId: string | null }): void {
    const holder = (condition: string, ...values: string[]) =>
      this.#db.prepared<{ display_name: string }>(`select display_name from groups where ${condition} and id <> ?`).get(...values, id)
        ?.display_name
    const sameName = holder('display_key = ?', keyOf(displayName))
    if (sameName !== undefined) throw new StandinError('name_taken', `the displayName ${displayName} is taken by group ${sameName}`)
    const sameId = externalId === null ? undefined : holder('source = ? and external_id = ?', source, externalId)
    if (sameId !== undefined)
      throw new StandinError('external_id_taken', `the externalId ${externalId} of ${source} is taken by group ${sameId}`)
  }

  #record(id: string, type: Extract<EventType, `group.${string}`>, actor: string, data: Record<string, unknown> = {}): Group {
    this.#accesses.forget()
    const { displayName } = this.require(id)
    const revision = this.#events.append({ type, actor, data: { id, displayName, ...data } })
    this.#db.prepared('update groups set revision = ?, changed_at = ? where id = ?').run(revision, this.#now(), id)
    return this.require(id)
  }
}

type GroupRow = Selectable<GroupsTable> & { readonly members: number }

const members = sql<number>`(select count(*) from group_members as m where m.group_id = groups.id)`
const selectGroups = 'select groups.*, (select count(*) from group_members as m where m.group_id = groups.id) as members from groups'

export function groupNotFound(ref: string): StandinError {
  return new StandinError('group_not_found', `there is no group ${ref.slice(0, 80)}`, {
    hint: '`standin group list` shows those that there are',
  })
}

function toGroup(row: GroupRow): Group {
  return {
    id: row.id,
    displayName: row.display_name,
    externalId: row.external_id,
    source: row.source,
    members: row.members,
    createdAt: new Date(row.created_at).toISOString(),
    changedAt: new Date(row.changed_at).toISOString(),
    revision: row.revision,
  }
}
