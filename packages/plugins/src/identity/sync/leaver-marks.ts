import type { PluginStore } from '@standin/core'

/**
 * Whom a source deactivated. Those it may let in again by itself; whom somebody here deactivated, whatever the directory says,
 * stays out.
 */
export class LeaverMarks {
  readonly #store: PluginStore
  readonly #prefix: string

  constructor(store: PluginStore, source: string) {
    this.#store = store
    this.#prefix = `left/${source}/`
  }

  /** Ids of users. */
  async all(): Promise<Set<string>> {
    const ids = new Set<string>()
    for await (const { key } of this.#store.iterate({ prefix: this.#prefix })) ids.add(key.slice(this.#prefix.length))
    return ids
  }

  async add(user: string): Promise<void> {
    await this.#store.set(`${this.#prefix}${user}`, true)
  }

  async remove(user: string): Promise<void> {
    await this.#store.delete(`${this.#prefix}${user}`)
  }
}
