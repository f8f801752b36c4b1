import { type EnvironmentState, type Event, StandinError } from '@standin/client'
import { type Selectable, sql } from 'kysely'
import type { Database } from './database.ts'
import { configIdSeenBy, projectSeenBy } from './people/seen-by.ts'
import type { UserAccess } from './people/user-access.ts'
import type { EventsTable } from './schema.ts'

export type EventType = Event['type']

export interface NewEvent {
  readonly type: EventType
  readonly actor: string
  readonly environment?: number | null
  /** The environment's state after this event. */
  readonly state?: EnvironmentState | null
  readonly build?: number | null
  readonly data: Record<string, unknown>
}

export interface EventQuery {
  readonly after?: number
  readonly environment?: number
  readonly build?: number
  readonly type?: string
  readonly limit?: number
  /** Leave out most of what this user does not see: of templates, all come. */
  readonly seenBy?: UserAccess | null
}

export type EventListener = (events: readonly Event[]) => void

/** How many events the log keeps. */
const retention = 200_000
/** The oldest go in batches of this size, so that no commit pays for more. */
const pruneBatch = 1_000

/** The append-only log. Listeners get what was committed, in order, at once. */
export class EventLog {
  readonly #db: Database
  readonly #now: () => number
  readonly #retention: number
  readonly #onFault: (error: unknown) => void
  readonly #listeners = new Set<EventListener>()
  /** Of the running transaction. */
  #pending: Event[] = []
  /** Committed, not yet given to the listeners. */
  #committed: Event[] = []
  #publishing = false
  #last: number | undefined

  /** @param options.onFault told what a listener throws @param options.keep how many events */
  constructor(db: Database, now: () => number, options: { onFault: (error: unknown) => void; keep?: number }) {
    this.#db = db
    this.#now = now
    this.#onFault = options.onFault
    this.#retention = options.keep ?? retention
  }

  /** Sequence number of the oldest event that is kept; the next one's where none is. */
  get first(): number {
    const row = this.#db.prepared<{ seq: number | null }>('select min(seq) as seq from events').get()
    return row?.seq ?? this.last + 1
  }

  /** @throws StandinError `invalid` where `after` is of another store: nothing would ever come after it */
  refuseFuture(after: number): void {
    const { first, last } = this
    if (after <= last) return
    throw new StandinError('invalid', `there is no event ${after} yet: the events that are kept are ${first} to ${last}`, {
      hint: `Read /v1/environments anew and follow from after=${last}`,
    })
  }

  /** Append within the caller's transaction. @returns its sequence number */
  append(event: NewEvent): number {
    return this.#db.transaction(() => {
      const at = this.#now()
      const row = {
        at,
        type: event.type,
        environment: event.environment ?? null,
        state: event.state ?? null,
        build: event.build ?? null,
        actor: event.actor,
        data: JSON.stringify(event.data),
      }
      const { at: time, type, environment, state, build, actor, data } = row
      const { lastInsertRowid } = this.#db
        .prepared('insert into events (at, type, environment, state, build, actor, data) values (?, ?, ?, ?, ?, ?, ?)')
        .run(time, type, environment, state, build, actor, data)
      const seq = Number(lastInsertRowid)
      if (seq % pruneBatch === 0) this.#prune(seq)
      if (this.#pending.length === 0) this.#db.atEnd({ committed: () => this.#publish(), rolledBack: () => this.#forget() })
      this.#pending.push(toEvent({ ...row, seq }))
      return seq
    })
  }

  /** Events after `after`, oldest first. */
  list(query: EventQuery): Event[] {
    let select = this.#db.query
      .selectFrom('events')
      .selectAll()
      .where('seq', '>', query.after ?? 0)
    if (query.environment !== undefined) select = select.where('environment', '=', query.environment)
    if (query.build !== undefined) select = select.where('build', '=', query.build)
    if (query.type !== undefined) select = select.where('type', '=', query.type)
    const { seenBy } = query
    if (seenBy != null && seenBy.everywhere !== 'manager') {
      const builds = sql<boolean>`events.build in (select b.id from builds as b where ${projectSeenBy('b.project', seenBy, false)})`
      const ofTemplates = sql<boolean>`events.type in ('template.created', 'template.deleted', 'channel.set')`
      select = select.where((eb) => eb.or([configIdSeenBy('events.environment', seenBy), builds, ofTemplates]))
    }
    return this.#db.all(select.orderBy('seq').limit(query.limit ?? 100)).map(toEvent)
  }

  /** Sequence number of the last event that was committed; 0 before the first one. */
  get last(): number {
    this.#last ??= this.#readLast()
    return this.#last
  }

  /** @returns the unsubscribe */
  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #forget(): void {
    this.#pending = []
  }

  /** A listener may write to the store: what it commits is published after this batch, so that all see one order. */
  #publish(): void {
    this.#committed.push(...this.#pending)
    this.#last = this.#pending.at(-1)?.seq ?? this.#last
    this.#pending = []
    if (this.#publishing) return
    this.#publishing = true
    try {
      while (this.#committed.length > 0) {
        const events = this.#committed
        this.#committed = []
        for (const listener of this.#listeners) this.#tell(listener, events)
      }
    } finally {
      this.#publishing = false
    }
  }

  /** What one of them throws is not the fault of whoever wrote, nor of the listeners after it. */
  #tell(listener: EventListener, events: readonly Event[]): void {
    try {
      listener(events)
    } catch (error) {
      this.#onFault(error)
    }
  }

  #readLast(): number {
    const row = this.#db.prepared<{ seq: number }>(`select seq from sqlite_sequence where name = 'events'`).get()
    return row?.seq ?? 0
  }

  #prune(seq: number): void {
    this.#db.run(this.#db.query.deleteFrom('events').where('seq', '<=', seq - this.#retention))
  }
}

function toEvent(row: Selectable<EventsTable>): Event {
  return {
    seq: row.seq,
    at: new Date(row.at).toISOString(),
    type: row.type as EventType,
    environment: row.environment,
    state: row.state as EnvironmentState | null,
    build: row.build,
    actor: row.actor,
    data: JSON.parse(row.data),
  }
}
