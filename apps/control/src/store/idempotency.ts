import { StandinError } from '@standin/client'
import type { Database } from './database.ts'

/** How long an answer is kept, ms. */
const keptFor = 24 * 3_600_000

export interface KeptAnswer {
  readonly status: number | null
  readonly body: string | null
  /** What the request made, known also where control died before it answered: `environment:1001`, `build:3`. */
  readonly reference: string | null
}

/** Answers of mutations by the key that the client sent, so that a request sent twice is done once. */
export class IdempotencyKeys {
  readonly #db: Database
  readonly #now: () => number

  constructor(db: Database, now: () => number) {
    this.#db = db
    this.#now = now
  }

  /**
   * Claim a key for a request.
   * @returns what an earlier, same request left; null: this one is the first
   * @throws StandinError `idempotency_conflict` when another request had the key
   */
  claim(token: string, key: string, fingerprint: string): KeptAnswer | null {
    return this.#db.transaction(() => {
      const { query } = this.#db
      this.#db.run(query.deleteFrom('idempotency').where('created_at', '<', this.#now() - keptFor))
      const row = this.#db.first(query.selectFrom('idempotency').selectAll().where('token', '=', token).where('key', '=', key))
      if (row === undefined) {
        this.#db.run(query.insertInto('idempotency').values({ token, key, fingerprint, created_at: this.#now() }))
        return null
      }
      if (row.fingerprint !== fingerprint) {
        throw new StandinError('idempotency_conflict', `the idempotency key ${key} was used for another request`, {
          hint: 'Use a new key for each new request, the same key only to send the same request again',
        })
      }
      return { status: row.status, body: row.body, reference: row.reference }
    })
  }

  /** In the transaction that makes it. */
  refer(token: string, key: string, reference: string): void {
    this.#set(token, key, { reference })
  }

  keep(token: string, key: string, status: number, body: string): void {
    this.#set(token, key, { status, body })
  }

  /** The request failed before it changed anything: the key is free again. */
  release(token: string, key: string): void {
    this.#db.run(this.#db.query.deleteFrom('idempotency').where('token', '=', token).where('key', '=', key).where('reference', 'is', null))
  }

  #set(token: string, key: string, set: { reference: string } | { status: number; body: string }): void {
    this.#db.run(this.#db.query.updateTable('idempotency').set(set).where('token', '=', token).where('key', '=', key))
  }
}
