import { type InjectedFault, type ServiceFault, StandinError } from '@standin/client'
import type { Selectable } from 'kysely'
import { parseCursor } from './cursor.ts'
import type { Database } from './database.ts'
import type { Environments } from './environments.ts'
import type { EventLog } from './events.ts'
import { Owners } from './owners.ts'
import { configIdSeenBy } from './people/seen-by.ts'
import type { UserAccess } from './people/user-access.ts'
import type { FaultsTable } from './schema.ts'

/** What is known of a fault before it has an id. */
export interface NewFault {
  readonly environment: number
  readonly service: string
  readonly fault: Omit<InjectedFault, 'id' | 'expiresAt'>
  /** ms since the epoch */
  readonly expiresAt: number
}

/** An environment has no more at a time: the gateway looks at each of them for every request. */
const mostFaults = 32

/** Failures that are made on purpose. Each ends by itself; what is over is removed in a sweep. */
export class Faults {
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
    this.#owners = new Owners(db, 'faults')
  }

  /** Those in force, oldest first. */
  of(environment: number): ServiceFault[] {
    if (!this.#owners.mayInclude(environment)) return []
    return this.#db
      .prepared<Selectable<FaultsTable>>('select * from faults where environment = ? and expires_at > ? order by id')
      .all(environment, this.#now())
      .map(toServiceFault)
  }

  /** Those in force anywhere, oldest first. */
  list(filter: { limit: number; cursor?: string | undefined; seenBy?: UserAccess | null }): {
    items: ServiceFault[]
    nextCursor: string | null
  } {
    const after = filter.cursor === undefined ? 0 : parseCursor(filter.cursor)
    let select = this.#db.query.selectFrom('faults').selectAll().where('id', '>', after).where('expires_at', '>', this.#now())
    if (filter.seenBy != null) select = select.where(configIdSeenBy('faults.environment', filter.seenBy))
    const rows = this.#db.all(select.orderBy('id').limit(filter.limit + 1))
    const page = rows.slice(0, filter.limit)
    return { items: page.map(toServiceFault), nextCursor: rows.length > filter.limit ? String(page.at(-1)?.id) : null }
  }

  /** @throws StandinError `fault_not_found` when there is none, or it is over */
  require(id: string, environment?: number): ServiceFault {
    const row = this.#row(id)
    if (row === undefined || row.expires_at <= this.#now() || (environment !== undefined && row.environment !== environment)) {
      throw new StandinError(
        'fault_not_found',
        `there is no fault ${id}${environment === undefined ? '' : ` in environment ${environment}`}`,
        {
          hint: 'It may be over. `standin fault list` shows those in force',
        },
      )
    }
    return toServiceFault(row)
  }

  /**
   * @param alongside written in the same transaction
   * @throws StandinError `state_conflict` when the environment has as many as it may have
   */
  add({ environment, service, fault, expiresAt }: NewFault, actor: string, alongside: (id: string) => void = () => {}): ServiceFault {
    return this.#db.transaction(() => {
      if (this.of(environment).length >= mostFaults) {
        throw new StandinError('state_conflict', `environment ${environment} has ${mostFaults} faults already, and may not have more`, {
          hint: `\`standin fault remove ${environment} --all\` ends them`,
        })
      }
      this.#owners.add(environment)
      const values = { environment, service, fault: JSON.stringify(fault), actor, created_at: this.#now(), expires_at: expiresAt }
      const { id } = this.#db.run(this.#db.query.insertInto('faults').values(values))
      const added = toServiceFault({ id, ...values })
      alongside(added.id)
      this.#environments.noteChange(environment, ['faults'], actor)
      this.#events.append({ type: 'fault.added', actor, environment, data: { fault: added } })
      return added
    })
  }

  /** @throws StandinError `fault_not_found` */
  remove(environment: number, id: string, actor: string): void {
    this.#db.transaction(() => this.#end([this.require(id, environment)], 'removed', actor))
  }

  removeAll(environment: number, actor: string): void {
    this.#db.transaction(() => this.#end(this.of(environment), 'removed', actor))
  }

  /** When the next one is over, ms since the epoch. */
  nextExpiry(): number | null {
    return this.#db.prepared<{ at: number | null }>('select min(expires_at) as at from faults').get()?.at ?? null
  }

  /** Remove what is over. */
  expire(actor: string): void {
    const due = this.#db.all(this.#db.query.selectFrom('faults').selectAll().where('expires_at', '<=', this.#now()).limit(1000))
    if (due.length > 0) this.#db.transaction(() => this.#end(due.map(toServiceFault), 'expired', actor))
  }

  #end(faults: readonly ServiceFault[], reason: 'removed' | 'expired', actor: string): void {
    const remove = this.#db.prepared('delete from faults where id = ?')
    for (const { id } of faults) remove.run(numberOf(id))
    for (const environment of new Set(faults.map((fault) => fault.environment)))
      this.#environments.noteChange(environment, ['faults'], actor)
    for (const fault of faults) {
      this.#events.append({ type: 'fault.removed', actor, environment: fault.environment, data: { fault, reason } })
    }
  }

  #row(id: string): Selectable<FaultsTable> | undefined {
    const number = numberOf(id)
    if (number === null) return undefined
    return this.#db.prepared<Selectable<FaultsTable>>('select * from faults where id = ?').get(number)
  }
}

/** `f12` is row 12. */
function numberOf(id: string): number | null {
  const match = /^f([1-9][0-9]{0,14})$/.exec(id)
  return match === null ? null : Number(match[1])
}

function toServiceFault(row: Selectable<FaultsTable>): ServiceFault {
  return {
    id: `f${row.id}`,
    environment: row.environment,
    service: row.service,
    ...(JSON.parse(row.fault) as NewFault['fault']),
    expiresAt: new Date(row.expires_at).toISOString(),
    actor: row.actor,
    createdAt: new Date(row.created_at).toISOString(),
  }
}
