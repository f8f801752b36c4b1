import type { RouteEntry } from '@standin/client'
import type { RouteSnapshot, TableSink } from '../table-source.ts'

/** Hears of every change of a held table. */
export interface TableWatcher {
  onReset(): void
  onChange(environment: number): void
}

/** The table as the primary holds it, for workers that come later or can't keep up. */
export class HeldTable implements TableSink {
  readonly #entries = new Map<number, RouteEntry>()
  readonly #watcher: TableWatcher
  #head: Omit<RouteSnapshot, 'items'> | null = null
  source: 'control' | 'file' = 'control'

  constructor(watcher: TableWatcher) {
    this.#watcher = watcher
  }

  get size(): number {
    return this.#entries.size
  }

  get isThere(): boolean {
    return this.#head !== null
  }

  entry(environment: number): RouteEntry | undefined {
    return this.#entries.get(environment)
  }

  entries(): IterableIterator<RouteEntry> {
    return this.#entries.values()
  }

  /** @returns null: there is no table yet */
  snapshot(): RouteSnapshot | null {
    return this.#head === null ? null : { ...this.#head, items: [...this.#entries.values()] }
  }

  reset({ items, epoch, domain, nextId }: RouteSnapshot, source: 'control' | 'file' = 'control'): void {
    this.#head = { epoch, domain, nextId }
    this.source = source
    this.#entries.clear()
    for (const entry of items) this.#entries.set(entry.environment, entry)
    this.#watcher.onReset()
  }

  put(entry: RouteEntry): void {
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
