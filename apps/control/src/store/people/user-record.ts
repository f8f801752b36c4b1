import type { GroupRef, User, UserRef } from '@standin/client'
import type { Selectable } from 'kysely'
import type { Database } from '../database.ts'
import type { UsersTable } from '../schema.ts'

/** A user as the store knows it. All instants are ms since the epoch. */
export interface UserRecord {
  /** Grows with every user. */
  readonly n: number
  readonly id: string
  readonly userName: string
  readonly displayName: string
  readonly email: string | null
  readonly externalId: string | null
  readonly source: string
  readonly manager: UserRef | null
  readonly active: boolean
  readonly createdAt: number
  readonly changedAt: number
  readonly deactivatedAt: number | null
  readonly revision: number
}

export type UserRow = Selectable<UsersTable> & { readonly manager_name: string | null }

export function toUserRecord(row: UserRow): UserRecord {
  return {
    n: row.n,
    id: row.id,
    userName: row.user_name,
    displayName: row.display_name,
    email: row.email,
    externalId: row.external_id,
    source: row.source,
    manager: row.manager === null ? null : { id: row.manager, userName: row.manager_name ?? '' },
    active: row.active === 1,
    createdAt: row.created_at,
    changedAt: row.changed_at,
    deactivatedAt: row.deactivated_at,
    revision: row.revision,
  }
}

/** Users as the API shows them. */
export function viewUsers(db: Database, records: readonly UserRecord[]): User[] {
  const rows = db
    .prepared<{ user_id: string; id: string; display_name: string }>(
      `select m.user_id, g.id, g.display_name from group_members as m join groups as g on g.id = m.group_id
       where m.user_id in (select value from json_each(?)) order by g.n`,
    )
    .all(JSON.stringify(records.map(({ id }) => id)))
  const groups = new Map<string, GroupRef[]>()
  for (const { user_id, id, display_name } of rows) groups.set(user_id, [...(groups.get(user_id) ?? []), { id, displayName: display_name }])
  return records.map(({ n: _, createdAt, changedAt, deactivatedAt, ...record }) => ({
    ...record,
    groups: groups.get(record.id) ?? [],
    createdAt: new Date(createdAt).toISOString(),
    changedAt: new Date(changedAt).toISOString(),
    deactivatedAt: deactivatedAt === null ? null : new Date(deactivatedAt).toISOString(),
  }))
}
