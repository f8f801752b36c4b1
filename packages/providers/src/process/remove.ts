import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { command } from './shell.ts'

/**
 * Takes a directory away at once (by a rename into `tmp`) and then deletes it, so that nothing half deleted is ever
 * taken for whole. Fine where it does not exist.
 */
export async function removeWhole(dir: string, tmp: string): Promise<void> {
  const aside = join(tmp, `removed-${randomBytes(6).toString('hex')}`)
  try {
    await rename(dir, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  await remove(aside)
}

/** Deletes a directory, also where it holds directories that may not be written or entered, as overlayfs makes them. */
export async function remove(dir: string): Promise<void> {
  try {
    await rm(dir, { recursive: true, force: true, maxRetries: 3 })
  } catch (error) {
    if (!['EACCES', 'EPERM', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    await command(['chmod', '-R', 'u+rwX', dir])
    await rm(dir, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** What a killed control left half made or half removed. */
export async function emptyDirectory(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true })
  for (const name of await readdir(dir)) await remove(join(dir, name))
}
