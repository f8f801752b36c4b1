import { type EnvironmentState, StandinError } from '@standin/client'
import { type Selectable, sql } from 'kysely'
import { parseCursor } from './cursor.ts'
import type { Database } from './database.ts'
import { type EnvironmentRecord, toEnvironmentRecord } from './environment-record.ts'
import { environmentSeenBy } from './people/seen-by.ts'
import type { UserAccess } from './people/user-access.ts'
import type { EnvironmentsTable } from './schema.ts'

export interface EnvironmentFilter {
  readonly limit: number
  readonly cursor?: string | undefined
  readonly state?: EnvironmentState | undefined
  readonly name?: string | undefined
  readonly owner?: string | undefined
  /** `shop` or `shop@7`. */
  readonly template?: string | undefined
  /** `key=value` each. */
  readonly labels?: readonly string[] | undefined
  /** Only what is in the trash, or on its way there. */
  readonly deleted?: boolean | undefined
  /** Those whose owner is gone without anybody in their place; false: the others. */
  readonly orphaned?: boolean | undefined
  /** Only what this user sees. */
  readonly seenBy?: UserAccess | null | undefined
}

/** Who sees so many environments gets a page of them sooner in the order of ids than by what they see. */
const manySeen = 1_000

/** Reads of the environments that go beyond one id. */
export class EnvironmentQueries {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /**
   * By id, or by name; a name in the trash is found where no living one has it, the latest deletion first.
   * @throws StandinError `environment_not_found`, `environment_deleted` when its data is gone
   */
  byRef(ref: string): EnvironmentRecord {
    const record = this.find(ref)
    if (record === undefined) throw environmentNotFound(ref)
    if (record.purgedAt !== null) {
      throw new StandinError('environment_deleted', `environment ${record.name} (${record.id}) was deleted: ${record.reason.message}`)
    }
    return record
  }

  /** As `byRef`; also where its data is gone. */
  find(ref: string): EnvironmentRecord | undefined {
    return /^[0-9]+$/.test(ref) ? this.#byId(Number(ref)) : this.byName(ref)
  }

  /** The two in turn, as each has an index of its own: together they would look at every row. */
  byName(name: string): EnvironmentRecord | undefined {
    const named = this.#db.query.selectFrom('environments').selectAll().where('name', '=', name)
    const row =
      this.#db.first(named.where('desired', '<>', sql.lit('deleted'))) ??
      this.#db.first(
        named
          .where('desired', '=', sql.lit('deleted'))
          .where('purged_at', 'is', null)
          .orderBy('state_changed_at', 'desc')
          .orderBy('id', 'desc'),
      )
    return row === undefined ? undefined : toEnvironmentRecord(row)
  }

  /** Newest first. */
  list(filter: EnvironmentFilter): { items: EnvironmentRecord[]; nextCursor: string | null } {
    let select = this.#db.query.selectFrom('environments').selectAll().where('purged_at', 'is', null)
    select = filter.deleted === true ? select.where('desired', '=', 'deleted') : select.where('state', '<>', 'deleted')
    if (filter.cursor !== undefined) select = select.where('id', '<', parseCursor(filter.cursor))
    if (filter.state !== undefined) select = select.where('state', '=', filter.state)
    if (filter.name !== undefined) select = select.where('name', '=', filter.name)
    if (filter.owner !== undefined) select = select.where('owner', '=', filter.owner)
    if (filter.template !== undefined) {
      const [name = '', version] = filter.template.split('@')
      select = select.where('template_name', '=', name)
      if (version !== undefined) select = select.where('template_version', '=', Number(version))
    }
    if (filter.orphaned !== undefined) select = select.where('orphaned_at', filter.orphaned ? 'is not' : 'is', null)
    if (filter.seenBy != null) select = select.where(environmentSeenBy(filter.seenBy, this.#seesMany(filter.seenBy) ? 'walk' : 'search'))
    for (const label of filter.labels ?? []) {
      const [key = '', value = ''] = splitOnce(label)
      select = select.where(sql<boolean>`exists (select 1 from json_each(labels) as l where l.key = ${key} and l.value = ${value})`)
    }
    const rows = this.#db.all(select.orderBy('id', 'desc').limit(filter.limit + 1))
    const items = rows.slice(0, filter.limit).map(toEnvironmentRecord)
    return { items, nextCursor: rows.length > filter.limit ? String(items.at(-1)?.id) : null }
  }

  /**
   * Every environment whose data isn't gone, oldest first; for what is done once, at start. Read a page at a time: ten
   * thousand at once would be held in memory long after they were looked at.
   */
  *living(): Generator<EnvironmentRecord, void, undefined> {
    const page = this.#db.prepared<Selectable<EnvironmentsTable>>(
      'select * from environments where id > ? and purged_at is null order by id limit 200',
    )
    for (let last = 0; ; ) {
      const rows = page.all(last)
      for (const row of rows) yield toEnvironmentRecord(row)
      const end = rows.at(-1)
      if (end === undefined) return
      last = end.id
    }
  }

  /** Ids of all that ever were and changed after `revision`, with their revisions, in the order of these. */
  changedSince(revision: number): { id: number; revision: number }[] {
    return this.#db.all(
      this.#db.query.selectFrom('environments').select(['id', 'revision']).where('revision', '>', revision).orderBy('revision'),
    )
  }

  /** When the next attachment lapses or trash is emptied, ms since the epoch. */
  nextDeadline(): number | null {
    const row = this.#db
      .prepared<{ at: number | null }>(
        `select min(at) as at from (
          select min(expires_at) as at from environments where expires_at is not null and desired <> 'deleted'
          union all select min(purge_at) from environments where purge_at is not null and purge = 0 and desired = 'deleted')`,
      )
      .get()
    return row?.at ?? null
  }

  dueAt(now: number): { lapsed: EnvironmentRecord[]; purgeable: EnvironmentRecord[] } {
    const select = this.#db.query.selectFrom('environments').selectAll()
    return {
      lapsed: this.#db.all(select.where('expires_at', '<=', now).where('desired', '<>', 'deleted').limit(500)).map(toEnvironmentRecord),
      purgeable: this.#db
        .all(select.where('purge_at', '<=', now).where('purge', '=', 0).where('desired', '=', 'deleted').limit(500))
        .map(toEnvironmentRecord),
    }
  }

  countByState(): { state: string; count: number }[] {
    return this.#db.all(
      this.#db.query
        .selectFrom('environments')
        .select(['state', (eb) => eb.fn.countAll<number>().as('count')])
        .where('purged_at', 'is', null)
        .groupBy('state'),
    )
  }

  /** Living environments made from this template version. */
  usersOf(template: string, version: number): EnvironmentRecord[] {
    return this.#db
      .all(
        this.#db.query
          .selectFrom('environments')
          .selectAll()
          .where('template_name', '=', template)
          .where('template_version', '=', version)
          .where('purged_at', 'is', null),
      )
      .map(toEnvironmentRecord)
  }

  #seesMany({ projects }: UserAccess): boolean {
    const seen = this.#db.prepared<{ count: number }>(
      `select count(*) as count from (
        select 1 from environments where project in (select value from json_each(?)) limit ${manySeen})`,
    )
    return seen.get(projects)?.count === manySeen
  }

  #byId(id: number): EnvironmentRecord | undefined {
    if (!Number.isSafeInteger(id)) return undefined
    const row = this.#db.first(this.#db.query.selectFrom('environments').selectAll().where('id', '=', id))
    return row === undefined ? undefined : toEnvironmentRecord(row)
  }
}

export function environmentNotFound(ref: string): StandinError {
  return new StandinError('environment_not_found', `there is no environment ${ref}`, { hint: '`standin list` shows those that exist' })
}

function splitOnce(label: string): [string, string] {
  const at = label.indexOf('=')
  if (at <= 0) throw new StandinError('invalid', `label filter ${label} is not key=value`, { hint: 'Write ?label=team=checkout' })
  return [label.slice(0, at), label.slice(at + 1)]
}
