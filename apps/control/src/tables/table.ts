import type { Event } from '@standin/client'
import type { EnvironmentRecord } from '../store/environment-record.ts'

/** About how long a piece of a snapshot is, characters. */
const pieceLength = 64 * 1024

/** One entry that changed; `body` is null where it is gone. */
export interface Change {
  readonly id: number
  readonly revision: number
  readonly body: string | null
  /** It has names that are moved between environments. */
  readonly aliased: boolean
}

/** A change, and the revision up to which everything was sent once it is. */
export interface Delta {
  readonly change: Change
  readonly revision: number
}

/**
 * One of the tables that followers hold, serialised: an entry is turned into JSON once per change, however many follow.
 * The revision is no part of the body, so that a change of something else (labels, say) isn't one of the entry.
 */
export class Table<E extends object = object> {
  readonly #entryOf: (record: EnvironmentRecord) => E | null
  readonly #hasAliases: (entry: E) => boolean
  readonly #entries = new Map<number, { body: string; revision: number; aliased: boolean }>()

  /** @param entryOf what followers hold of an environment, without the revision; null where they hold nothing */
  constructor(entryOf: (record: EnvironmentRecord) => E | null, hasAliases: (entry: E) => boolean) {
    this.#entryOf = entryOf
    this.#hasAliases = hasAliases
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
      return { id, revision, body: null, aliased: false }
    }
    const body = JSON.stringify(entry)
    if (before?.body === body) return null
    const aliased = this.#hasAliases(entry)
    this.#entries.set(id, { body, revision, aliased })
    return { id, revision, body, aliased }
  }

  /** As it is now, for a follower that knows an earlier one. @param revision where it isn't in the table: when it left */
  look(id: number, revision: number): Change {
    const entry = this.#entries.get(id)
    return entry === undefined ? { id, revision, body: null, aliased: false } : { id, ...entry }
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

/**
 * In the order in which they are sent: as they were made, but what has aliases first. So a name that moved has arrived
 * before it leaves, also where the environment that it came to was changed again meanwhile.
 */
export function inOrder(changes: readonly Change[]): Delta[] {
  const ordered = changes.toSorted((a, b) => Number(b.aliased) - Number(a.aliased) || a.revision - b.revision)
  // Whoever comes back with the revision of one of them has to get all after it.
  let oldest = Infinity
  return ordered
    .reverse()
    .map((change) => {
      const revision = Math.min(change.revision, oldest - 1)
      oldest = Math.min(change.revision, oldest)
      return { change, revision }
    })
    .reverse()
}

/** The data of `event: delta`. */
export function deltaOf({ change, revision }: Delta): string {
  const { id, body } = change
  return body === null
    ? `{"revision":${revision},"put":null,"remove":${id}}`
    : `{"revision":${revision},"put":${withRevision(body, change.revision)},"remove":null}`
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
