import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements = [
  `create table meta (key text primary key, value text not null) without rowid`,

  `create table environments (
    id integer primary key autoincrement,
    name text not null,
    kind text not null,
    provider text not null,
    template_name text,
    template_version integer,
    owner text not null,
    labels text not null,
    state text not null,
    desired text not null,
    desired_reason text not null,
    desired_before text,
    reason text not null,
    source text,
    stack text,
    instances text not null default '[]',
    provisioned integer not null default 0,
    launched integer not null default 0,
    purge integer not null default 0,
    created_at integer not null,
    state_changed_at integer not null,
    last_activity_at integer,
    suspend_after_ms integer,
    expires_at integer,
    purge_at integer,
    purged_at integer,
    revision integer not null default 0
  )`,
  // The first configId is 1001.
  `insert into sqlite_sequence (name, seq) values ('environments', 1000)`,
  // What is wanted gone gives its name free at once.
  `create unique index environments_name on environments (name) where desired <> 'deleted'`,
  `create index environments_trash on environments (name) where desired = 'deleted' and purged_at is null`,
  `create index environments_revision on environments (revision)`,
  `create index environments_template on environments (template_name, template_version) where purged_at is null`,
  `create index environments_expires on environments (expires_at) where expires_at is not null`,
  `create index environments_purge on environments (purge_at) where purge_at is not null`,

  `create table events (
    seq integer primary key autoincrement,
    at integer not null,
    type text not null,
    environment integer,
    state text,
    build integer,
    actor text not null,
    data text not null
  )`,
  `create index events_environment on events (environment, seq) where environment is not null`,
  `create index events_build on events (build, seq) where build is not null`,

  `create table template_names (name text primary key, next_version integer not null) without rowid`,
  `create table templates (
    name text not null references template_names (name),
    version integer not null,
    provider text not null,
    key text not null unique,
    created_at integer not null,
    size_bytes integer not null,
    stack text not null,
    provenance text not null,
    primary key (name, version)
  )`,
  `create table channels (
    template text not null,
    name text not null,
    version integer not null,
    updated_at integer not null,
    primary key (template, name),
    foreign key (template, version) references templates (name, version)
  )`,

  `create table builds (
    id integer primary key autoincrement,
    name text not null,
    state text not null,
    phase text,
    environment integer references environments (id),
    template text,
    error text,
    actor text not null,
    created_at integer not null,
    finished_at integer,
    warnings text not null default '[]',
    options text not null default '{}'
  )`,
  `create index builds_open on builds (state) where state in ('queued', 'running')`,

  `create table tokens (
    id text primary key,
    name text not null,
    scope text not null,
    hash text not null,
    created_at integer not null,
    expires_at integer,
    last_used_at integer
  )`,

  `create table idempotency (
    token text not null,
    key text not null,
    fingerprint text not null,
    status integer,
    body text,
    reference text,
    created_at integer not null,
    primary key (token, key)
  )`,
  `create index idempotency_age on idempotency (created_at)`,
]

export const initial: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
