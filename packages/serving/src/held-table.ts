/** What a table has an entry of for each environment. */
export interface HeldEntry {
  readonly environment: number
}

/** What a table says besides its entries. */
export interface HeldHead {
  readonly nextId: number
}

/** All of a table, at one moment. */
export type HeldSnapshot<Entry extends HeldEntry, Head extends HeldHead> = Head & { readonly items: Entry[] }

/** Hears of every change of a held table. */
export interface TableWatcher {
  onReset(): void
  onChange(environment: number): void
}

/** The table as the primary holds it, for workers that come later or can't keep up. */
export class HeldTable<Entry extends HeldEntry, Head extends HeldHead> {
  readonly #entries = new Map<number, Entry>()
  readonly #watcher: TableWatcher
  #head: Head | null = null

  constructor(watcher: TableWatcher) {
    this.#watcher = watcher
  }

  get size(): number {
    return this.#entries.size
  }

  /** Null: there is no table yet. */
  get head(): Head | null {
    return this.#head
  }

  get isThere(): boolean {
    return this.#head !== null
  }

  entry(environment: number): Entry | undefined {
    return this.#entries.get(environment)
  }

  entries(): IterableIterator<Entry> {
    return this.#entries.values()
  }

  /** @returns null: there is no table yet */
  snapshot(): HeldSnapshot<Entry, Head> | null {
    return this.#head === null ? null : { ...this.#head, items: [...this.#entries.values()] }
  }

  reset(head: Head, items: readonly Entry[]): void {
    this.#head = head
    this.#entries.clear()
    for (const entry of items) this.#entries.set(entry.environment, entry)
    this.#watcher.onReset()
  }

  /** Something of the head is another now; nobody is told of that alone. */
  note(changes: Partial<Head>): void {
    if (this.#head !== null) this.#head = { ...this.#head, ...changes }
  }

  put(entry: Entry): void {
    this.#noteId(entry.environment)
    this.#entries.set(entry.environment, entry)
    this.#watcher.onChange(entry.environment)
  }

  remove(environment: number): void {
    this.#noteId(environment)
    this.#entries.delete(environment)
    this.#watcher.onChange(environment)
  }

  #noteId(environment: number): void {
    if (this.#head !== null && environment >= this.#head.nextId) this.#head = { ...this.#head, nextId: environment + 1 }
  }
}
