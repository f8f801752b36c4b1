import type { PluginClock } from '@standin/core'
import { type Book, keyOf } from './book.ts'
import type { ClosedMonths } from './closed-months.ts'
import { type Page, spansOf } from './page.ts'
import { storageMonths } from './storage-month.ts'
import { type Ledger, minuteMs, type UsageGap, type UsageLine, type UsageMonth, type UsageRange, type UsageSpan } from './usage-span.ts'

/** Reads the book. */
export class BookLedger implements Ledger {
  readonly #book: Book
  readonly #closed: ClosedMonths
  readonly #clock: PluginClock

  constructor(book: Book, closed: ClosedMonths, clock: PluginClock) {
    this.#book = book
    this.#closed = closed
    this.#clock = clock
  }

  get since(): number | null {
    const { cursor } = this.#book
    return cursor === null ? null : cursor.since * minuteMs
  }

  async *spans({ from, to, environment }: UsageRange): AsyncGenerator<UsageSpan, void, undefined> {
    const now = Math.floor(this.#clock.now() / minuteMs)
    const { cursor, bounds } = this.#book
    if (cursor === null) return
    const first = Math.max(Math.floor(from / minuteMs), bounds.keptFrom, cursor.since)
    const end = to === undefined ? null : Math.min(Math.floor(to / minuteMs), now)
    // A page may be finished while others are read: what was open when it began is told from here, and not again.
    const open = this.#open(environment)
    const last = end ?? now + 1
    for (const month of storageMonths(first, last)) {
      const key = environment === undefined ? undefined : keyOf(environment, null)
      for await (const { key: of, page } of this.#book.fullPages(month, key)) {
        const newer = open.get(of)
        if (newer !== undefined && page.from >= newer.from) continue
        yield* spansOf(page, first, end)
      }
    }
    for (const page of open.values()) yield* spansOf(page, first, end)
  }

  *current(): Generator<UsageSpan> {
    for (const { page } of this.#book.accounts.values()) yield* spansOf(page, page.last, null)
  }

  months(): Promise<UsageMonth[]> {
    return this.#closed.months()
  }

  lines(month: string): AsyncIterable<UsageLine> {
    return this.#closed.lines(month)
  }

  gaps(): Promise<UsageGap[]> {
    return this.#book.gaps()
  }

  #open(environment: number | undefined): ReadonlyMap<string, Page> {
    const { accounts } = this.#book
    if (environment === undefined) return new Map([...accounts].map(([key, { page }]) => [key, page]))
    const key = keyOf(environment, null)
    const account = accounts.get(key)
    return new Map<string, Page>(account === undefined ? [] : [[key, account.page]])
  }
}
