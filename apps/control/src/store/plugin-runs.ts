import type { PluginRun } from '@standin/client'
import type { Selectable } from 'kysely'
import { parseCursor } from './cursor.ts'
import type { Database } from './database.ts'
import type { PluginRunsTable } from './schema.ts'

/** `running` → any of the others, once. */
export type RunEnd = Exclude<PluginRun['state'], 'running'>

export interface ScheduleLine {
  readonly plugin: string
  readonly schedule: string
  readonly cron: string
  readonly timeZone: string
}

/** How many runs of each schedule are kept. */
const keptRuns = 500

/** Due times of schedules and what became of them. A due time is taken and its run written down in one transaction. */
export class PluginRuns {
  readonly #db: Database
  readonly #now: () => number

  constructor(db: Database, now: () => number) {
    this.#db = db
    this.#now = now
  }

  /**
   * When it is due next.
   * @param first what to begin with, where it is new or was written anew
   */
  dueAt(line: ScheduleLine, first: () => number | null): number | null {
    return this.#db.transaction(() => {
      const row = this.#db
        .prepared<{ cron: string; time_zone: string; due_at: number | null }>(
          'select cron, time_zone, due_at from plugin_schedules where plugin = ? and schedule = ?',
        )
        .get(line.plugin, line.schedule)
      if (row !== undefined && row.cron === line.cron && row.time_zone === line.timeZone) return row.due_at
      const due = first()
      this.#db
        .prepared('insert or replace into plugin_schedules (plugin, schedule, cron, time_zone, due_at) values (?, ?, ?, ?, ?)')
        .run(line.plugin, line.schedule, line.cron, line.timeZone, due)
      return due
    })
  }

  /** Take the due time: there is a run of it from now on, and the next one is due then. @returns the run's id */
  begin({ plugin, schedule }: Pick<ScheduleLine, 'plugin' | 'schedule'>, dueAt: number, next: number | null): number {
    return this.#db.transaction(() => {
      const values = { plugin, schedule, due_at: dueAt, attempt: 1, state: 'running', started_at: this.#now(), output: '' }
      const { id } = this.#db.run(this.#db.query.insertInto('plugin_runs').values(values))
      this.#db.prepared('update plugin_schedules set due_at = ? where plugin = ? and schedule = ?').run(next, plugin, schedule)
      this.#db
        .prepared(
          `delete from plugin_runs where plugin = ? and schedule = ? and id <=
             (select id from plugin_runs where plugin = ? and schedule = ? order by id desc limit 1 offset ${keptRuns})`,
        )
        .run(plugin, schedule, plugin, schedule)
      return id
    })
  }

  /** It is called once more. @returns which time that is */
  again(id: number): number {
    this.#db.prepared('update plugin_runs set attempt = attempt + 1 where id = ?').run(id)
    return this.require(id).attempt
  }

  finish(id: number, state: RunEnd, output: string, error: string | null): void {
    this.#db
      .prepared(`update plugin_runs set state = ?, output = ?, error = ?, finished_at = ? where id = ? and state = 'running'`)
      .run(state, output, error, this.#now(), id)
  }

  /** Those that control left behind, oldest first. */
  unfinished(plugin: string): PluginRun[] {
    const query = this.#db.query.selectFrom('plugin_runs').selectAll().where('plugin', '=', plugin).where('state', '=', 'running')
    return this.#db.all(query.orderBy('id')).map(toRun)
  }

  last(plugin: string, schedule: string): PluginRun | null {
    return this.list(plugin, { schedule, limit: 1 }).items[0] ?? null
  }

  nextDue(plugin: string, schedule: string): number | null {
    const sql = 'select due_at from plugin_schedules where plugin = ? and schedule = ?'
    return this.#db.prepared<{ due_at: number | null }>(sql).get(plugin, schedule)?.due_at ?? null
  }

  /** Newest first. */
  list(
    plugin: string,
    filter: { schedule?: string | undefined; limit: number; cursor?: string | undefined },
  ): { items: PluginRun[]; nextCursor: string | null } {
    let query = this.#db.query.selectFrom('plugin_runs').selectAll().where('plugin', '=', plugin)
    if (filter.schedule !== undefined) query = query.where('schedule', '=', filter.schedule)
    if (filter.cursor !== undefined) query = query.where('id', '<', parseCursor(filter.cursor))
    const rows = this.#db.all(query.orderBy('id', 'desc').limit(filter.limit + 1))
    const items = rows.slice(0, filter.limit)
    return { items: items.map(toRun), nextCursor: rows.length > filter.limit ? String(items.at(-1)?.id) : null }
  }

  require(id: number): PluginRun {
    return toRun(this.#db.all(this.#db.query.selectFrom('plugin_runs').selectAll().where('id', '=', id))[0] as Selectable<PluginRunsTable>)
  }
}

function toRun(row: Selectable<PluginRunsTable>): PluginRun {
  return {
    id: row.id,
    plugin: row.plugin,
    schedule: row.schedule,
    dueAt: new Date(row.due_at).toISOString(),
    attempt: row.attempt,
    state: row.state as PluginRun['state'],
    startedAt: new Date(row.started_at).toISOString(),
    durationMs: row.finished_at === null ? null : row.finished_at - row.started_at,
    output: row.output,
    error: row.error,
  }
}
