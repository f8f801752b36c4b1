import { setImmediate as nextTurn } from 'node:timers/promises'
import type { JsonValue, PluginStore, StoreChange, StoreEntry, StoreQuery } from '@standin/core'
import type { PluginValues } from '../store/plugin-values.ts'
import type { Turns } from './turns.ts'

/** The values of one plugin, until its life ends. */
export class BoundedStore implements PluginStore {
  readonly #plugin: string
  readonly #values: PluginValues
  readonly #turns: Turns
  readonly #ended: AbortSignal
  #reads = 0

  constructor(plugin: string, values: PluginValues, turns: Turns, ended: AbortSignal) {
    this.#plugin = plugin
    this.#values = values
    this.#turns = turns
    this.#ended = ended
  }

  async get<T = JsonValue>(key: string): Promise<T | undefined> {
    await this.#mayRead()
    return this.#values.get(this.#plugin, key) as T | undefined
  }

  async set(key: string, value: JsonValue): Promise<void> {
    await this.write([{ key, value }])
  }

  async delete(key: string): Promise<boolean> {
    await this.#mayWrite(1)
    if (this.#values.get(this.#plugin, key) === undefined) return false
    return this.#values.write(this.#plugin, [{ key, value: undefined }])
  }

  compareAndSet(key: string, expected: JsonValue | undefined, next: JsonValue | undefined): Promise<boolean> {
    return this.write([{ key, value: next, expected }])
  }

  async write(changes: readonly StoreChange[]): Promise<boolean> {
    await this.#mayWrite(changes.length)
    return this.#values.write(this.#plugin, changes)
  }

  async list<T = JsonValue>(query: StoreQuery = {}): Promise<StoreEntry<T>[]> {
    await this.#mayRead()
    return this.#values.list(this.#plugin, query) as StoreEntry<T>[]
  }

  async *iterate<T = JsonValue>(query: Omit<StoreQuery, 'limit'> = {}): AsyncGenerator<StoreEntry<T>, void, undefined> {
    let { after } = query
    for (;;) {
      const page: StoreEntry<T>[] = await this.list<T>({ ...query, ...(after === undefined ? {} : { after }) })
      yield* page
      const last = page.at(-1)
      if (last === undefined) return
      after = last.key
    }
  }

  async #mayRead(): Promise<void> {
    this.#ended.throwIfAborted()
    this.#reads += 1
    if (this.#reads % 256 === 0) await nextTurn()
    this.#ended.throwIfAborted()
  }

  async #mayWrite(count: number): Promise<void> {
    this.#ended.throwIfAborted()
    await this.#turns.take(count, this.#ended)
    this.#ended.throwIfAborted()
  }
}
