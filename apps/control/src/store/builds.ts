import { type Build, type CreateBuildQuery, StandinError } from '@standin/client'
import type { Selectable } from 'kysely'
import { parseCursor } from './cursor.ts'
import type { Database } from './database.ts'
import type { EventLog, EventType } from './events.ts'
import { projectSeenBy } from './people/seen-by.ts'
import type { UserAccess } from './people/user-access.ts'
import type { BuildsTable } from './schema.ts'

export interface BuildRecord extends Build {
  readonly options: CreateBuildQuery
  /** That of the template that it makes. */
  readonly project: string | null
}

export interface BuildPatch {
  readonly state?: Build['state']
  readonly name?: string
  readonly phase?: Build['phase']
  /** Null: it has none any more. */
  readonly environment?: number | null
  readonly template?: string
  readonly error?: Build['error']
  readonly warnings?: readonly string[]
  /** Set `finishedAt` to now. */
  readonly finished?: true
}

/** What the event of a change says, besides the build's id. */
export interface BuildEvent {
  readonly type: Extract<EventType, `build.${string}`>
  readonly phase?: string | null
  readonly host?: string | null
  readonly step?: string | null
  readonly status?: string
  readonly durationMs?: number | null
  readonly message?: string | null
}

/** Builds, their progress and what became of them. A change and its event are one transaction. */
export class Builds {
  readonly #db: Database
  readonly #events: EventLog
  readonly #now: () => number

  constructor(db: Database, events: EventLog, now: () => number) {
    this.#db = db
    this.#events = events
    this.#now = now
  }

  insert(build: {
    name: string
    actor: string
    options: CreateBuildQuery
    warnings?: readonly string[]
    project?: string | null
  }): BuildRecord {
    const { id } = this.#db.run(
      this.#db.query.insertInto('builds').values({
        name: build.name,
        state: 'queued',
        actor: build.actor,
        created_at: this.#now(),
        warnings: JSON.stringify(build.warnings ?? []),
        options: JSON.stringify(build.options),
        project: build.project ?? null,
      }),
    )
    return this.require(id)
  }

  get(id: number): BuildRecord | undefined {
    const row = this.#db.first(this.#db.query.selectFrom('builds').selectAll().where('id', '=', id))
    return row === undefined ? undefined : toRecord(row)
  }

  /** @throws StandinError `build_not_found` */
  require(id: number): BuildRecord {
    const record = this.get(id)
    if (record === undefined) throw buildNotFound(id)
    return record
  }

  /** Newest first. */
  list(filter: { limit: number; cursor?: string | undefined; seenBy?: UserAccess | null }): {
    items: BuildRecord[]
    nextCursor: string | null
  } {
    let select = this.#db.query.selectFrom('builds').selectAll()
    if (filter.cursor !== undefined) select = select.where('id', '<', parseCursor(filter.cursor))
    if (filter.seenBy != null) select = select.where(projectSeenBy('project', filter.seenBy, false))
    const rows = this.#db.all(select.orderBy('id', 'desc').limit(filter.limit + 1))
    const items = rows.slice(0, filter.limit).map(toRecord)
    return { items, nextCursor: rows.length > filter.limit ? String(items.at(-1)?.id) : null }
  }

  /** Builds that were queued or running: at start, those that a crash interrupted. */
  open(): BuildRecord[] {
    return this.#db.all(this.#db.query.selectFrom('builds').selectAll().where('state', 'in', ['queued', 'running'])).map(toRecord)
  }

  /** The first build id that was never given out. */
  get nextId(): number {
    const row = this.#db.prepared<{ seq: number }>(`select seq from sqlite_sequence where name = 'builds'`).get()
    return (row?.seq ?? 0) + 1
  }

  /** Change it, and say so where an event is given. */
  update(id: number, patch: BuildPatch, event: BuildEvent | null, actor = 'builder'): BuildRecord {
    return this.#db.transaction(() => {
      const set = {
        ...(patch.state === undefined ? {} : { state: patch.state }),
        ...(patch.name === undefined ? {} : { name: patch.name }),
        ...(patch.phase === undefined ? {} : { phase: patch.phase }),
        ...(patch.environment === undefined ? {} : { environment: patch.environment }),
        ...(patch.template === undefined ? {} : { template: patch.template }),
        ...(patch.error === undefined ? {} : { error: patch.error === null ? null : JSON.stringify(patch.error) }),
        ...(patch.warnings === undefined ? {} : { warnings: JSON.stringify(patch.warnings) }),
        ...(patch.finished === undefined ? {} : { finished_at: this.#now() }),
      }
      if (Object.keys(set).length > 0) this.#db.run(this.#db.query.updateTable('builds').set(set).where('id', '=', id))
      if (event !== null) this.record(id, event, actor)
      return this.require(id)
    })
  }

  /** An event without a change: progress. */
  record(id: number, event: BuildEvent, actor = 'builder'): void {
    const { type, ...rest } = event
    const build = this.require(id)
    const data = { build: id, phase: build.phase, host: null, step: null, status: build.state, durationMs: null, message: null, ...rest }
    this.#events.append({ type, actor, build: id, environment: build.environment, data })
  }
}

/** What a provider keeps a build's snapshot under. Control may delete a snapshot that no template stands on by this name only. */
export function snapshotKey(build: number): string {
  return `build-${build}`
}

/** The build that a snapshot is of; null: not one of this store's names. */
export function buildOfSnapshot(key: string): number | null {
  const match = /^build-([0-9]+)$/.exec(key)
  return match === null ? null : Number(match[1])
}

export function buildNotFound(id: number): StandinError {
  return new StandinError('build_not_found', `there is no build ${id}`)
}

export function toBuild(record: BuildRecord): Build {
  const { options: _, project: __, ...build } = record
  return build
}

function toRecord(row: Selectable<BuildsTable>): BuildRecord {
  return {
    id: row.id,
    name: row.name,
    state: row.state as Build['state'],
    phase: row.phase as Build['phase'],
    environment: row.environment,
    template: row.template,
    error: row.error === null ? null : JSON.parse(row.error),
    actor: row.actor,
    createdAt: new Date(row.created_at).toISOString(),
    finishedAt: row.finished_at === null ? null : new Date(row.finished_at).toISOString(),
    warnings: JSON.parse(row.warnings),
    options: JSON.parse(row.options),
    project: row.project,
  }
}
