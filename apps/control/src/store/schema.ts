import type { Generated, GeneratedAlways } from 'kysely'

/**
 * The store's tables as SQLite holds them: instants are integers (ms since the epoch), structures are JSON text.
 * `migrations/` makes them; the modules beside this one turn rows into records.
 */
export interface Tables {
  meta: { key: string; value: string }
  environments: EnvironmentsTable
  aliases: AliasesTable
  faults: FaultsTable
  events: EventsTable
  templates: TemplatesTable
  template_names: { name: string; next_version: number }
  channels: { template: string; name: string; version: number; updated_at: number }
  builds: BuildsTable
  tokens: TokensTable
  idempotency: IdempotencyTable
  users: UsersTable
  groups: GroupsTable
  group_members: { group_id: string; user_id: string }
  role_bindings: RoleBindingsTable
  /** How far each plugin has come in the events. */
  plugin_cursors: { plugin: string; seq: number }
  /** Canonical JSON by key. */
  plugin_values: { plugin: string; key: string; value: string }
  plugin_schedules: PluginSchedulesTable
  plugin_runs: PluginRunsTable
}

interface PluginSchedulesTable {
  plugin: string
  schedule: string
  cron: string
  time_zone: string
  /** When it is due next; null: never again. */
  due_at: number | null
}

export interface PluginRunsTable {
  /** AUTOINCREMENT: never reused. */
  id: Generated<number>
  plugin: string
  schedule: string
  due_at: number
  attempt: number
  state: string
  started_at: number
  finished_at: number | null
  output: string
  error: string | null
}

export interface EnvironmentsTable {
  /** AUTOINCREMENT: never reused, also after a delete and a restart. */
  id: Generated<number>
  name: string
  kind: string
  provider: string
  template_name: string | null
  template_version: number | null
  owner: string
  labels: string
  state: string
  desired: string
  /** Who wanted `desired`, as a Reason. */
  desired_reason: string
  /** What was desired before it was deleted, for `undelete`. */
  desired_before: string | null
  reason: string
  /** EnvironmentSpec['source']; null once purged. */
  source: string | null
  /** Kept for builds; a clone's is with its template. */
  stack: string | null
  instances: string
  /** 1 once the provider has made its files. */
  provisioned: number
  /** How many launch steps are done. */
  launched: number
  /** 1 when deleting skips the trash. */
  purge: number
  created_at: number
  state_changed_at: number
  last_activity_at: number | null
  last_activity_cause: string | null
  suspend_after_ms: number | null
  expires_at: number | null
  purge_at: number | null
  purged_at: number | null
  /** Disk that it holds by itself, as last measured; null: not known. */
  storage_bytes: number | null
  /** The user whose it is; null: made with a token that has no user, or deleted since. */
  owner_id: string | null
  /** Since when its owner is gone without anybody in their place. */
  orphaned_at: number | null
  /** The label of this name; null where it is missing or empty. */
  project: GeneratedAlways<string | null>
  /** seq of the last event that changed it. */
  revision: number
}

export interface AliasesTable {
  /** Fully qualified, lower case, without the last dot. */
  host: string
  environment: number
  /** Null: the main one, whichever that is. */
  service: string | null
  /** Who set it, or moved it last. */
  actor: string
  created_at: number
  updated_at: number
}

export interface FaultsTable {
  /** AUTOINCREMENT: never reused. */
  id: Generated<number>
  environment: number
  service: string
  /** InjectedFault without `id` and `expiresAt`. */
  fault: string
  actor: string
  created_at: number
  expires_at: number
}

export interface EventsTable {
  seq: Generated<number>
  at: number
  type: string
  environment: number | null
  state: string | null
  build: number | null
  actor: string
  data: string
}

export interface TemplatesTable {
  name: string
  version: number
  provider: string
  /** What the provider knows the snapshot by. */
  key: string
  created_at: number
  size_bytes: number
  stack: string
  provenance: string
  /** The label of this name of its stack; null where it is missing or empty. */
  project: GeneratedAlways<string | null>
}

export interface BuildsTable {
  id: Generated<number>
  name: string
  state: string
  phase: string | null
  environment: number | null
  template: string | null
  error: string | null
  actor: string
  created_at: number
  finished_at: number | null
  warnings: string
  /** CreateBuildQuery as it was asked for. */
  options: string
  /** That of the template that it makes. */
  project: string | null
}

export interface TokensTable {
  id: string
  name: string
  scope: string
  /** SHA-256 of the secret, hex. */
  hash: string
  created_at: number
  expires_at: number | null
  last_used_at: number | null
  /** Whose it is; null: nobody's. */
  user_id: string | null
}

export interface UsersTable {
  /** AUTOINCREMENT: the order of lists. */
  n: Generated<number>
  id: string
  user_name: string
  /** What userNames are compared by. */
  user_key: string
  display_name: string
  email: string | null
  email_key: string | null
  external_id: string | null
  source: string
  manager: string | null
  active: number
  created_at: number
  deactivated_at: number | null
  /** seq of the last event that changed it. */
  revision: Generated<number>
  /** When that was. */
  changed_at: Generated<number>
}

export interface GroupsTable {
  /** AUTOINCREMENT: the order of lists. */
  n: Generated<number>
  id: string
  display_name: string
  display_key: string
  external_id: string | null
  source: string
  created_at: number
  revision: Generated<number>
  changed_at: Generated<number>
}

/** Of a user or of a group. */
export interface RoleBindingsTable {
  /** AUTOINCREMENT: the order of lists. */
  n: Generated<number>
  id: string
  /** The empty string is everywhere. */
  project: string
  role: string
  user_id: string | null
  group_id: string | null
  actor: string
  created_at: number
  revision: Generated<number>
}

interface IdempotencyTable {
  token: string
  key: string
  /** SHA-256 over method, path and body: another request with the same key is a conflict. */
  fingerprint: string
  /** Null while the request is being worked on. */
  status: number | null
  body: string | null
  /** What the request made, written in the same transaction: `environment:1001`. */
  reference: string | null
  created_at: number
}
