import { StandinError } from '@standin/client'
import type { Selectable } from 'kysely'
import type { Database } from './database.ts'
import type { Environments } from './environments.ts'
import type { EventLog } from './events.ts'
import { Owners } from './owners.ts'
import { configIdSeenBy } from './people/seen-by.ts'
import type { UserAccess } from './people/user-access.ts'
import type { AliasesTable } from './schema.ts'

/** A host name that was given to an environment. All instants are ms since the epoch. */
export interface AliasRecord {
  /** Fully qualified, lower case, without the last dot. */
  readonly host: string
  readonly environment: number
  /** Null: the main one, whichever that is. */
  readonly service: string | null
  /** Who set it, or moved it last. */
  readonly actor: string
  readonly createdAt: number
  readonly updatedAt: number
}

export interface AliasFilter {
  readonly limit: number
  readonly cursor?: string | undefined
  readonly environment?: number | undefined
  /** Only what this user sees. */
  readonly seenBy?: UserAccess | null | undefined
}

/** The aliases. A name leads to one environment at any moment; the trash keeps it for who comes back, unless it is taken. */
export class Aliases {
  readonly #db: Database
  readonly #environments: Environments
  readonly #events: EventLog
  readonly #now: () => number
  readonly #owners: Owners

  constructor(db: Database, environments: Environments, events: EventLog, now: () => number) {
    this.#db = db
    this.#environments = environments
    this.#events = events
    this.#now = now
    this.#owners = new Owners(db, 'aliases')
  }

  /** In the order of their names. */
  of(environment: number): AliasRecord[] {
    if (!this.#owners.mayInclude(environment)) return []
    return this.#db
      .prepared<Selectable<AliasesTable>>('select * from aliases where environment = ? order by host')
      .all(environment)
      .map(toAliasRecord)
  }

  /** @throws StandinError `alias_not_found` */
  require(host: string): AliasRecord {
    const record = this.get(host)
    if (record === undefined) throw aliasNotFound(host)
    return record
  }

  /** In the order of their names. */
  list({ limit, cursor, environment, seenBy }: AliasFilter): { items: AliasRecord[]; nextCursor: string | null } {
    let select = this.#db.query.selectFrom('aliases').selectAll()
    if (cursor !== undefined) select = select.where('host', '>', cursor)
    if (environment !== undefined) select = select.where('environment', '=', environment)
    if (seenBy != null) select = select.where(configIdSeenBy('aliases.environment', seenBy))
    const rows = this.#db.all(select.orderBy('host').limit(limit + 1))
    const items = rows.slice(0, limit).map(toAliasRecord)
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.host ?? null) : null }
  }

  /**
   * Give the name to an environment, wherever it leads now. The event of the environment that gets it is written before
   * that of the one which loses it: who applies the changes in order has it at every moment.
   * @param alongside written in the same transaction
   */
  set(host: string, to: { environment: number; service: string | null }, actor: string, alongside: () => void = () => {}): AliasRecord {
    return this.#db.transaction(() => {
      const { environment, service } = to
      const before = this.get(host)
      alongside()
      if (before?.environment === environment && before.service === service) return before
      const at = this.#now()
      this.#owners.add(environment)
      const row = { environment, service, actor, updated_at: at }
      this.#db.run(
        this.#db.query
          .insertInto('aliases')
          .values({ host, created_at: at, ...row })
          .onConflict((conflict) => conflict.column('host').doUpdateSet(row)),
      )
      this.#environments.noteChange(environment, ['aliases'], actor)
      if (before !== undefined && before.environment !== environment) this.#environments.noteChange(before.environment, ['aliases'], actor)
      this.#events.append({
        type: 'alias.set',
        actor,
        environment,
        data: { host, from: before?.environment ?? null, to: environment, service },
      })
      return this.require(host)
    })
  }

  /** @throws StandinError `alias_not_found` */
  delete(host: string, actor: string): void {
    this.#db.transaction(() => {
      const { environment } = this.require(host)
      this.#db.run(this.#db.query.deleteFrom('aliases').where('host', '=', host))
      this.#environments.noteChange(environment, ['aliases'], actor)
      this.#events.append({ type: 'alias.deleted', actor, environment, data: { host, from: environment } })
    })
  }

  get(host: string): AliasRecord | undefined {
    const row = this.#db.prepared<Selectable<AliasesTable>>('select * from aliases where host = ?').get(host)
    return row === undefined ? undefined : toAliasRecord(row)
  }
}

export function aliasNotFound(host: string): StandinError {
  return new StandinError('alias_not_found', `there is no alias ${host}`, { hint: '`standin alias list` shows those that there are' })
}

function toAliasRecord(row: Selectable<AliasesTable>): AliasRecord {
  return {
    host: row.host,
    environment: row.environment,
    service: row.service,
    actor: row.actor,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
