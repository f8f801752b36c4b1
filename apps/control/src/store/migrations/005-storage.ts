import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Null: it was not measured yet, or can't be. */
export const storage: Migration = {
  async up(db: Kysely<unknown>) {
    await sql.raw('alter table environments add column storage_bytes integer').execute(db)
  },
}
