import type { JsonValue, PluginStore } from '@standin/core'

/** What is kept of a page that was written, or is about to be for the first time: it may be there, whether anybody hears of it or not. */
export type Written = {
  readonly title: string
  readonly summary: string
  /** Of the environment when it was looked at last: while it is the same, there is nothing to compare. */
  readonly seen: string
  /** SHA-256 of the page without what plugins say, and of what plugins said. */
  readonly hash: string
  readonly sections: string
  /** What the writer wants to know next time; null: it never returned. */
  readonly known: JsonValue
}

/** A page that is about to be written for the first time. */
export function begunPage(title: string): Written {
  return { title, summary: '', seen: '', hash: '', sections: '', known: null }
}

/** The pages of one writer by configId. On disk before it is in memory. */
export class PageBook {
  readonly #store: PluginStore
  readonly #prefix: string
  #pages: Map<number, Written> | undefined

  constructor(store: PluginStore, writer: string) {
    this.#store = store
    this.#prefix = `page/${writer}/`
  }

  async open(): Promise<ReadonlyMap<number, Written>> {
    if (this.#pages !== undefined) return this.#pages
    const pages = new Map<number, Written>()
    for await (const { key, value } of this.#store.iterate<Written>({ prefix: this.#prefix })) {
      pages.set(Number(key.slice(this.#prefix.length)), value)
    }
    this.#pages = pages
    return pages
  }

  async set(id: number, page: Written): Promise<void> {
    await this.open()
    await this.#store.set(`${this.#prefix}${id}`, page)
    this.#pages?.set(id, page)
  }

  async delete(id: number): Promise<void> {
    await this.open()
    await this.#store.delete(`${this.#prefix}${id}`)
    this.#pages?.delete(id)
  }
}
