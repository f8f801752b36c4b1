import { randomUUID } from 'node:crypto'
import { StandinError } from '@standin/client'
import SqliteDatabase, { type Database as Sqlite, type Statement } from 'better-sqlite3'
import { type Compilable, type InferResult, Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { migrations } from './migrations/index.ts'
import type { Tables } from './schema.ts'

export interface TransactionEnding {
  /** It is on disk. */
  committed(): void
  rolledBack(): void
}

/**
 * The SQLite file behind everything. Queries are written with Kysely and run synchronously: a transaction is a plain
 * function that nothing can interleave with, and control is the only writer.
 */
export class Database {
  /** Builds queries; `all`, `first` and `run` execute them. */
  readonly query: Kysely<Tables>
  readonly sqlite: Sqlite
  readonly #statements = new Map<string, Statement>()
  #endings: TransactionEnding[] = []

  constructor(sqlite: Sqlite) {
    this.sqlite = sqlite
    this.query = new Kysely<Tables>({ dialect: new SqliteDialect({ database: sqlite }) })
  }

  all<Q extends Compilable>(query: Q): InferResult<Q> {
    const { sql, parameters } = query.compile()
    return this.#statement(sql).all(...parameters) as InferResult<Q>
  }

  first<Q extends Compilable>(query: Q): InferResult<Q> extends (infer Row)[] ? Row | undefined : never {
    const { sql, parameters } = query.compile()
    return this.#statement(sql).get(...parameters) as never
  }

  /** @returns how many rows changed, and the id of the row that was inserted */
  run(query: Compilable): { changes: number; id: number } {
    const { sql, parameters } = query.compile()
    const result = this.#statement(sql).run(...parameters)
    return { changes: result.changes, id: Number(result.lastInsertRowid) }
  }

  /** All or nothing. Within a transaction it joins that one. */
  transaction<T>(work: () => T): T {
    if (this.sqlite.inTransaction) return work()
    let result: T
    try {
      result = this.sqlite.transaction(work).immediate()
    } catch (error) {
      for (const ending of this.#takeEndings()) ending.rolledBack()
      throw isDiskFull(error) ? diskFull('the store', error) : error
    }
    for (const ending of this.#takeEndings()) ending.committed()
    return result
  }

  /** To be told once how the running transaction ended. */
  atEnd(ending: TransactionEnding): void {
    if (this.sqlite.inTransaction) this.#endings.push(ending)
    else ending.committed()
  }

  /** Names this store: followers that know another epoch throw their tables away. */
  get epoch(): string {
    const row = this.first(this.query.selectFrom('meta').select('value').where('key', '=', 'epoch'))
    if (row === undefined) throw new StandinError('internal', 'the store has no epoch')
    return row.value
  }

  close(): void {
    this.#statements.clear()
    if (this.sqlite.open) this.sqlite.close()
  }

  #takeEndings(): TransactionEnding[] {
    const endings = this.#endings
    this.#endings = []
    return endings
  }

  /** A statement that is prepared once, for hot paths and for what Kysely can't say. */
  prepared<Row>(sql: string): Statement<unknown[], Row> {
    return this.#statement(sql) as Statement<unknown[], Row>
  }

  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.sqlite.prepare(sql) as Statement
      // Filters of lists make many texts; the ones in use come back at once.
      if (this.#statements.size >= 256) this.#statements.clear()
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

/**
 * Open the store at `file` (`:memory:` for tests) and bring it to the latest migration.
 * @throws StandinError `internal` when the file is of a newer version or can't be read, `disk_full`
 */
export async function openDatabase(file: string): Promise<Database> {
  const sqlite = new SqliteDatabase(file)
  try {
    sqlite.pragma('journal_mode = WAL')
    // A commit survives kill -9 of control; the last ones may be lost with the machine's power, and nothing breaks then.
    sqlite.pragma('synchronous = NORMAL')
    sqlite.pragma('busy_timeout = 5000')
    sqlite.pragma('foreign_keys = ON')
    const database = new Database(sqlite)
    const migrator = new Migrator({ db: database.query, provider: { getMigrations: async () => ({ ...migrations }) } })
    const { error } = await migrator.migrateToLatest()
    if (error !== undefined) throw error
    sqlite.prepare(`insert or ignore into meta (key, value) values ('epoch', ?)`).run(randomUUID())
    return database
  } catch (error) {
    sqlite.close()
    if (isDiskFull(error)) throw diskFull(file, error)
    throw new StandinError('internal', `the store ${file} can not be opened: ${(error as Error).message}`, {
      hint: 'It may belong to a newer version of Standin: use that one, or another STANDIN_HOME',
      cause: error,
    })
  }
}

/** Whether SQLite or a file operation ran out of space. */
export function isDiskFull(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT'
}

export function diskFull(what: string, cause: unknown): StandinError {
  return new StandinError('disk_full', `no space left on the disk of ${what}`, {
    hint: 'Free some space (`standin delete --purge`, `standin template delete`), then try again',
    cause,
  })
}
