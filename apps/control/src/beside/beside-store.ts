import { join } from 'node:path'
import { StandinError } from '@standin/client'
import { type Database, diskFull, isDiskFull, openDatabase } from '../store/database.ts'
import { makePrivate } from '../store/home.ts'
import { HomeLock } from '../store/home-lock.ts'

/** The folder of one plugin that runs beside control: cursor, due times, runs, values. One process at a time. */
export class BesideStore {
  readonly dir: string
  readonly #lock: HomeLock
  #database: Database | undefined

  constructor(dir: string) {
    this.dir = dir
    this.#lock = new HomeLock(dir, 'plugin')
  }

  /** @throws StandinError `home_in_use`, `disk_full`, `internal` */
  async open(): Promise<Database> {
    const umask = process.umask(0o077)
    try {
      makePrivate(this.dir)
      this.#lock.acquire()
      this.#database = await openDatabase(join(this.dir, 'plugin.db'))
      return this.#database
    } catch (error) {
      this.close()
      throw isDiskFull(error) ? diskFull(this.dir, error) : error
    } finally {
      process.umask(umask)
    }
  }

  /**
   * What is kept here is of one plugin, and counts in events of one control plane.
   * @throws StandinError `state_conflict` where this is another one
   */
  belongTo(plugin: string, epoch: string, url: string): void {
    const database = this.#database
    if (database === undefined) throw new StandinError('internal', 'the store is not open')
    const owner = `${plugin} ${epoch}`
    database.prepared(`insert or ignore into meta (key, value) values ('beside', ?)`).run(owner)
    const row = database.prepared<{ value: string }>(`select value from meta where key = 'beside'`).get()
    if (row?.value === owner) return
    const [other] = row?.value.split(' ') ?? []
    const whose = other === plugin ? 'the events of another store than the one' : `the plugin ${other}, not ${plugin}`
    throw new StandinError('state_conflict', `what ${this.dir} keeps is of ${whose}${other === plugin ? ` of ${url}` : ''}`, {
      hint: 'Give another folder with --dir, or delete this one to begin anew',
    })
  }

  close(): void {
    this.#database?.close()
    this.#database = undefined
    this.#lock.release()
  }
}
