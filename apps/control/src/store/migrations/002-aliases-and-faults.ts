import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements = [
  `create table aliases (
    host text primary key,
    environment integer not null references environments (id),
    service text,
    actor text not null,
    created_at integer not null,
    updated_at integer not null
  ) without rowid`,
  `create index aliases_environment on aliases (environment)`,

  `create table faults (
    id integer primary key autoincrement,
    environment integer not null references environments (id),
    service text not null,
    fault text not null,
    actor text not null,
    created_at integer not null,
    expires_at integer not null
  )`,
  `create index faults_environment on faults (environment)`,
  `create index faults_expires on faults (expires_at)`,
]

export const aliasesAndFaults: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
