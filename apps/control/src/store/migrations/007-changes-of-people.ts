import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements = ['users', 'groups'].flatMap((table) => [
  `alter table ${table} add column changed_at integer not null default 0`,
  // Old events are thrown away: of what was changed before them, nobody knows when.
  `update ${table} set changed_at = coalesce((select at from events where seq = ${table}.revision), created_at)`,
])

/** When users and groups were changed last. */
export const changesOfPeople: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
