import type { Database } from './database.ts'

/**
 * Environments that have rows in a table of things that few have. It may name more than those: it is only there so that
 * tables of ten thousand environments are made without ten thousand queries that find nothing.
 */
export class Owners {
  readonly #db: Database
  readonly #table: 'aliases' | 'faults'
  #ids: Set<number> | undefined

  constructor(db: Database, table: 'aliases' | 'faults') {
    this.#db = db
    this.#table = table
  }

  mayInclude(environment: number): boolean {
    return this.#known().has(environment)
  }

  /** Before its first row is written; that this is taken back does no harm. */
  add(environment: number): void {
    this.#known().add(environment)
  }

  #known(): Set<number> {
    this.#ids ??= new Set(
      this.#db.all(this.#db.query.selectFrom(this.#table).select('environment').distinct()).map(({ environment }) => environment),
    )
    return this.#ids
  }
}
