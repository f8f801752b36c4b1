import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements = [
  `create table users (
    n integer primary key autoincrement,
    id text not null unique,
    user_name text not null,
    user_key text not null unique,
    display_name text not null,
    email text,
    email_key text,
    external_id text,
    source text not null,
    manager text references users (id),
    active integer not null,
    created_at integer not null,
    deactivated_at integer,
    revision integer not null default 0
  )`,
  `create unique index users_email on users (email_key) where active = 1 and email_key is not null`,
  `create unique index users_external on users (source, external_id) where external_id is not null`,
  `create index users_manager on users (manager) where manager is not null`,

  `create table groups (
    n integer primary key autoincrement,
    id text not null unique,
    display_name text not null,
    display_key text not null unique,
    external_id text,
    source text not null,
    created_at integer not null,
    revision integer not null default 0
  )`,
  `create unique index groups_external on groups (source, external_id) where external_id is not null`,

  `create table group_members (
    group_id text not null references groups (id),
    user_id text not null references users (id),
    primary key (group_id, user_id)
  ) without rowid`,
  `create index group_members_user on group_members (user_id)`,

  // The project '' is everywhere: null would not be unique.
  `create table role_bindings (
    n integer primary key autoincrement,
    id text not null unique,
    project text not null,
    role text not null,
    user_id text references users (id),
    group_id text references groups (id),
    actor text not null,
    created_at integer not null,
    revision integer not null default 0,
    check ((user_id is null) <> (group_id is null))
  )`,
  `create unique index role_bindings_user on role_bindings (user_id, project) where user_id is not null`,
  `create unique index role_bindings_group on role_bindings (group_id, project) where group_id is not null`,
  `create index role_bindings_project on role_bindings (project)`,

  `alter table tokens add column user_id text references users (id)`,
  `create index tokens_user on tokens (user_id) where user_id is not null`,

  `alter table environments add column owner_id text references users (id)`,
  `alter table environments add column orphaned_at integer`,
  `alter table environments add column project text generated always as (nullif(json_extract(labels, '$.project'), '')) virtual`,
  `create index environments_owner on environments (owner_id) where owner_id is not null`,
  `create index environments_project on environments (project, id)`,

  `alter table templates add column project text generated always as (nullif(json_extract(stack, '$.labels.project'), '')) virtual`,
  // Of builds from before, nobody knows.
  `alter table builds add column project text`,
]

/** Users, groups and roles; whose tokens and environments are; the label `project` as something that queries can go by. */
export const people: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
