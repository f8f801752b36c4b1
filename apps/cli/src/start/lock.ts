import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * One `standin start` a home. SQLite's exclusive lock is a lock of the operating system's: it goes away with its process
 * however that ends, so nothing stale is ever left, and two that start at once can't both get it.
 * @returns what lets go of the lock; null when another process has it
 */
export function lockHome(home: string): (() => void) | null {
  const path = join(home, 'run', 'start.lock')
  const database = new DatabaseSync(path)
  try {
    chmodSync(path, 0o600)
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (/locked|busy/i.test((error as Error).message)) return null
    throw error
  }
  return () => database.close()
}
