import { dirname } from 'node:path'
import type { ControlConfig } from './config.ts'
import { type Database, diskFull, isDiskFull, openDatabase } from './store/database.ts'
import { Home } from './store/home.ts'
import { HomeLock } from './store/home-lock.ts'

export interface OpenedHome {
  readonly home: Home
  readonly lock: HomeLock
  readonly database: Database
}

/**
 * Make the folders, take the lock, open the store.
 * @throws StandinError `home_in_use`, `disk_full`, `internal`
 */
export async function openHome(config: ControlConfig): Promise<OpenedHome> {
  const home = new Home(config.home)
  const lock = new HomeLock(dirname(home.storeFile))
  try {
    home.prepare()
    lock.acquire()
    return { home, lock, database: await openDatabase(home.storeFile) }
  } catch (error) {
    lock.release()
    throw isDiskFull(error) ? diskFull(config.home, error) : error
  }
}
