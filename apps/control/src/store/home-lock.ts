import { join } from 'node:path'
import { StandinError } from '@standin/client'
import Sqlite, { type Database } from 'better-sqlite3'
import { readFileIfThere, writeFileAtomically } from './home.ts'

/**
 * One control per home, and one process per folder of a plugin. The lock is SQLite's own on a file beside the store: the kernel lets go of it with the process,
 * however that ends.
 */
export class HomeLock {
  readonly #dir: string
  readonly #part: 'control' | 'plugin'
  #database: Database | undefined

  /** @param dir where the store is @param part what has it */
  constructor(dir: string, part: 'control' | 'plugin' = 'control') {
    this.#dir = dir
    this.#part = part
  }

  /** @throws StandinError `home_in_use` naming the pid that has it */
  acquire(): void {
    const database = new Sqlite(join(this.#dir, 'lock.db'), { timeout: 0 })
    try {
      database.pragma('journal_mode = DELETE')
      database.exec('begin exclusive')
    } catch (cause) {
      database.close()
      if ((cause as { code?: string }).code !== 'SQLITE_BUSY') throw cause
      const who = this.#part === 'control' ? 'control plane' : 'process with this plugin'
      const pid = readFileIfThere(this.#pidFile)?.trim() ?? 'unknown'
      throw new StandinError('home_in_use', `another ${who}, process ${pid}, uses this home: ${this.#dir}`, {
        hint: `Stop it first, or choose another home with ${this.#part === 'control' ? '--home or STANDIN_HOME' : '--dir'}`,
        cause,
      })
    }
    this.#database = database
    writeFileAtomically(this.#pidFile, `${process.pid}\n`)
  }

  release(): void {
    this.#database?.close()
    this.#database = undefined
  }

  get #pidFile(): string {
    return join(this.#dir, `${this.#part}.pid`)
  }
}
