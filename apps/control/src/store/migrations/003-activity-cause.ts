import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Null: the activity was told of before causes were kept. */
export const activityCause: Migration = {
  async up(db: Kysely<unknown>) {
    await sql.raw('alter table environments add column last_activity_cause text').execute(db)
  },
}
