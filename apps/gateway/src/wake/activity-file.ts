import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ActivityReport } from '@standin/client'
import type { ActivityKeeper } from './activity-outbox.ts'

type Items = ActivityReport['items']

/**
 * What control was not told yet, written whenever it did not take a report: a gateway that is killed meanwhile loses only
 * what came after that. Where control takes everything there is no file.
 */
export class ActivityFile implements ActivityKeeper {
  readonly #path: string
  /** The file as this process has read or written it last; null: there was none. */
  #known: string | null = null

  /** @param path `gateway/activity.json` below the home */
  constructor(path: string) {
    this.#path = path
  }

  /** Empty where there is none, or where it can't be read: it is about one day's activity, not worth a start that fails. */
  async read(): Promise<Items> {
    const before = this.#known
    this.#known = await this.#identity()
    // What this process wrote itself it knows already.
    if (this.#known === null || this.#known === before) return []
    try {
      const { items } = JSON.parse(await readFile(this.#path, 'utf8')) as { items?: unknown }
      return Array.isArray(items) ? items.filter(isItem) : []
    } catch {
      return []
    }
  }

  /** Nothing to keep: no file, unless another process has written one since it was read. */
  async write(items: Items): Promise<void> {
    if (items.length === 0) {
      if (this.#known !== null && (await this.#identity()) === this.#known) await rm(this.#path, { force: true })
      return
    }
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
    const draft = `${this.#path}.${process.pid}`
    await writeFile(draft, JSON.stringify({ items }), { mode: 0o600 })
    await rename(draft, this.#path)
    this.#known = await this.#identity()
  }

  async #identity(): Promise<string | null> {
    try {
      const { ino, mtimeMs } = await stat(this.#path)
      return `${ino} ${mtimeMs}`
    } catch {
      return null
    }
  }
}

const isItem = (value: unknown): value is Items[number] => {
  const { environment, at, cause } = (value ?? {}) as Record<string, unknown>
  return Number.isSafeInteger(environment) && typeof at === 'string' && !Number.isNaN(Date.parse(at)) && typeof cause === 'string'
}
