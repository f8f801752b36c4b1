import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const keyBytes = 32

/**
 * The key that sticky cookies are made with. All gateways of a home share it, and it outlives them: who had a cookie before
 * an upgrade gets to the same instance after it. Made where there is none yet.
 * @throws where the home can neither be read nor written
 */
export const readStickyKey = (home: string): Buffer => {
  const file = join(home, 'gateway', 'sticky.key')
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
