import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ActivityReport } from '@standin/client'

/**
 * What control was not told before the gateway stopped. Written at the end of a gateway that was told to stop; one that
 * was killed loses what it had not reported, which is at most the last five seconds while control is there.
 */
export class ActivityFile {
  readonly #path: string

  /** @param path `gateway/activity.json` below the home */
  constructor(path: string) {
    this.#path = path
  }

  /** Empty where there is none, or where it can't be read: it is about one day's activity, not worth a start that fails. */
  async take(): Promise<ActivityReport['items']> {
    try {
      const { items } = JSON.parse(await readFile(this.#path, 'utf8')) as { items?: unknown }
      return Array.isArray(items) ? items.filter(isItem) : []
    } catch {
      return []
    } finally {
      await rm(this.#path, { force: true })
    }
  }

  /** Nothing to keep: no file. */
  async keep(items: ActivityReport['items']): Promise<void> {
    if (items.length === 0) return
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
    const draft = `${this.#path}.${process.pid}`
    await writeFile(draft, JSON.stringify({ items }), { mode: 0o600 })
    await rename(draft, this.#path)
  }
}

const isItem = (value: unknown): value is ActivityReport['items'][number] => {
  const { environment, at, cause } = (value ?? {}) as Record<string, unknown>
  return Number.isSafeInteger(environment) && typeof at === 'string' && !Number.isNaN(Date.parse(at)) && typeof cause === 'string'
}
