import type { Event } from '@standin/client'
import type { EnvironmentRecord } from '../store/environment-record.ts'

/** About how long a piece of a snapshot is, characters. */
const pieceLength = 64 * 1024

/** One entry that changed; `body` is null where it is gone. */
export interface Change {
  readonly id: number
  readonly revision: number
  readonly body: string | null
}

/**
 * One of the tables that followers hold, serialised: an entry is turned into JSON once per change, however many follow.
 * The revision is no part of the body, so that a change of something else (labels, say) isn't one of the entry.
 */
export class Table {
  readonly #entryOf: (record: EnvironmentRecord) => object | null
  readonly #entries = new Map<number, { body: string; revision: number }>()

  /** @param entryOf what followers hold of an environment, without the revision; null where they hold nothing */
  constructor(entryOf: (record: EnvironmentRecord) => object | null) {
    this.#entryOf = entryOf
  }

  load(records: Iterable<EnvironmentRecord>): void {
    for (const record of records) this.put(record)
  }

  /** @returns what followers have to be told; null: nothing */
  put(record: EnvironmentRecord): Change | null {
    const { id, revision } = record
    const entry = this.#entryOf(record)
    const before = this.#entries.get(id)
    if (entry === null) {
      if (!this.#entries.delete(id)) return null
      return { id, revision, body: null }
    }
    const body = JSON.stringify(entry)
    if (before?.body === body) return null
    this.#entries.set(id, { body, revision })
    return { id, revision, body }
  }

  /** As it is now, for a follower that knows an earlier one. @param revision where it isn't in the table: when it left */
  look(id: number, revision: number): Change {
    const entry = this.#entries.get(id)
    return entry === undefined ? { id, revision, body: null } : { id, revision: entry.revision, body: entry.body }
  }

  get size(): number {
    return this.#entries.size
  }

  /** A JSON array of all entries, oldest first, in pieces: one string of it all would be megabytes that are garbage at once. */
  *items(): Generator<string, void, undefined> {
    let piece = '['
    let first = true
    for (const { body, revision } of this.#entries.values()) {
      piece += first ? withRevision(body, revision) : `,${withRevision(body, revision)}`
      first = false
      if (piece.length < pieceLength) continue
      yield piece
      piece = ''
    }
    yield `${piece}]`
  }
}

/** The data of `event: delta`. */
export function deltaOf({ id, revision, body }: Change): string {
  return body === null
    ? `{"revision":${revision},"put":null,"remove":${id}}`
    : `{"revision":${revision},"put":${withRevision(body, revision)},"remove":null}`
}

/** Environments that a batch of events changed, with the revision that each has now. */
export function changedBy(events: readonly Event[]): Map<number, number> {
  const changed = new Map<number, number>()
  for (const { environment, seq, type } of events) {
    if (environment !== null && type.startsWith('environment.') && type !== 'environment.progress') changed.set(environment, seq)
  }
  return changed
}

function withRevision(body: string, revision: number): string {
  return `${body.slice(0, -1)},"revision":${revision}}`
}
