import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Logger } from 'pino'

const keyBytes = 32

/** The key of a home; where that can neither be read nor written, one that ends with this process. */
export const readStickyKey = (home: string, log: Pick<Logger, 'warn'>): Buffer => {
  try {
    return readOrMake(join(home, 'gateway', 'sticky.key'))
  } catch (error) {
    log.warn({ err: error }, 'the key of sticky cookies can not be kept: clients may get to other instances after a restart')
    return randomBytes(keyBytes)
  }
}

/**
 * The key that sticky cookies are made with. All gateways of a home share it, and it outlives them: who had a cookie before
 * an upgrade gets to the same instance after it. Made where there is none yet.
 */
const readOrMake = (file: string): Buffer => {
  const found = read(file)
  if (found !== null) return found
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, randomBytes(keyBytes), { mode: 0o600 })
  try {
    // Another worker may be doing the same: a link is never half a file, and only one of them succeeds.
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft, { force: true })
  }
  return readFileSync(file)
}

const read = (file: string): Buffer | null => {
  try {
    const key = readFileSync(file)
    if (key.length === keyBytes) return key
    // Not written by us, or cut off: nobody can have a cookie of it that is worth keeping.
    rmSync(file, { force: true })
    return null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
