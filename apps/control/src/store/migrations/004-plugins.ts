import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements = [
  `create table plugin_cursors (
    plugin text primary key,
    seq integer not null
  ) without rowid`,

  `create table plugin_values (
    plugin text not null,
    key text not null,
    value text not null,
    primary key (plugin, key)
  ) without rowid`,

  `create table plugin_schedules (
    plugin text not null,
    schedule text not null,
    cron text not null,
    time_zone text not null,
    due_at integer,
    primary key (plugin, schedule)
  ) without rowid`,

  `create table plugin_runs (
    id integer primary key autoincrement,
    plugin text not null,
    schedule text not null,
    due_at integer not null,
    attempt integer not null,
    state text not null,
    started_at integer not null,
    finished_at integer,
    output text not null,
    error text
  )`,
  `create index plugin_runs_schedule on plugin_runs (plugin, schedule, id)`,
]

/** What plugins have done and keep: all of it goes by the plugin's id, also while it is not in the list. */
export const plugins: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
