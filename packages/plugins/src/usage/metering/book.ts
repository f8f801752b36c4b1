import { StandinError } from '@standin/client'
import type { JsonValue, PluginStore, StoreChange } from '@standin/core'
import type { Account, Written } from './account.ts'
import { holdingOf, type Minute, type Page } from './page.ts'
import { storageMonth } from './storage-month.ts'
import { minuteMs, type UsageGap } from './usage-span.ts'

/** How far the events have been made something of. */
export interface BookCursor {
  /** Of the last event. */
  readonly seq: number
  /** When it came, ms since the epoch. */
  readonly at: number
  /** Where metering began. */
  readonly since: Minute
}

/** What of the past is still open, and what of it is kept. */
export interface BookBounds {
  /** What is before it does not change any more. */
  readonly closedTo: Minute
  /** Pages that end before it are not kept. */
  readonly keptFrom: Minute
  /** Months of UTC before this one, `2026-09`, are kept as totals of days. */
  readonly compactedTo: string
}

/** An account as it is kept; the rest is what its page ends with. */
type KeptAccount = Pick<Account, 'page' | 'svms' | 'isUp' | 'unsureFrom'>

const cursorKey = 'meter/cursor'
const boundsKey = 'meter/bounds'
const openPrefix = 'meter/open/'
const pagePrefix = 'meter/page/'
const gapPrefix = 'meter/gap/'
const sizePrefix = 'meter/size/'
/** Changes in one write, well below what one may have. */
const mostAtOnce = 200

/** The accounts of all that is metered: those that are open in memory, all of them in the store. */
export class Book {
  readonly #store: PluginStore
  #accounts = new Map<string, Account>()
  #cursor: BookCursor | null = null
  #bounds: BookBounds = { closedTo: 0, keptFrom: 0, compactedTo: '' }
  #isFresh = false

  constructor(store: PluginStore) {
    this.#store = store
  }

  get cursor(): BookCursor | null {
    return this.#cursor
  }

  get bounds(): BookBounds {
    return this.#bounds
  }

  /**
   * The minute in which something counts as coming. What is closed does not change any more: what an event tells of before,
   * because it was late or a clock went back, counts as coming right after.
   * @param at ms since the epoch
   */
  minuteOf(at: number): Minute {
    return Math.max(Math.floor(at / minuteMs), this.#bounds.closedTo)
  }

  /** By what `keyOf` gives. They are never changed, others take their place. */
  get accounts(): ReadonlyMap<string, Account> {
    return this.#accounts
  }

  /** Read what the store has; nothing where that was done and nobody else has written since. */
  async load(): Promise<void> {
    if (this.#isFresh) return
    const accounts = new Map<string, Account>()
    this.#cursor = (await this.#store.get<BookCursor>(cursorKey)) ?? null
    this.#bounds = (await this.#store.get<BookBounds>(boundsKey)) ?? this.#bounds
    for await (const { key, value } of this.#store.iterate<KeptAccount>({ prefix: openPrefix })) {
      const { face, mebibytes } = holdingOf(value.page)
      accounts.set(key.slice(openPrefix.length), { ...value, face, mebibytes })
    }
    this.#accounts = accounts
    this.#isFresh = true
  }

  /**
   * What one event has changed: all of it and that the event is done, or nothing.
   * @throws StandinError `state_conflict` where another one writes the same book
   */
  async write(changes: ReadonlyMap<string, Written>, cursor: BookCursor): Promise<void> {
    await this.#write(this.#changes(changes), changes, cursor)
  }

  /** Much at once, in parts of which each may be written again; that all of it is there is said by the cursor alone. */
  async writeInParts(changes: ReadonlyMap<string, Written>, gap: UsageGap | null, cursor: BookCursor): Promise<void> {
    let part = new Map<string, Written>()
    let count = 0
    for (const [key, written] of changes) {
      part.set(key, written)
      count += 1 + written.full.length
      if (count < mostAtOnce) continue
      await this.#write(this.#changes(part), part, this.#cursor)
      part = new Map()
      count = 0
    }
    const kept = gap === null ? [] : [{ key: gapPrefix + String(gap.events[0]).padStart(12, '0'), value: gap as unknown as JsonValue }]
    await this.#write([...this.#changes(part), ...kept], part, cursor)
  }

  /** Those that are full, in the order of their keys, then of their minutes. @param key of one thing only */
  async *fullPages(month: string, key?: string): AsyncGenerator<{ readonly key: string; readonly page: Page }, void, undefined> {
    const prefix = `${pagePrefix}${month}/`
    for await (const { key: full, value } of this.#store.iterate<Page>({ prefix: key === undefined ? prefix : `${prefix}${key}/` })) {
      yield { key: full.slice(prefix.length, full.lastIndexOf('/')), page: value }
    }
  }

  async gaps(): Promise<UsageGap[]> {
    const gaps: UsageGap[] = []
    for await (const { value } of this.#store.iterate<UsageGap>({ prefix: gapPrefix })) gaps.push(value)
    return gaps
  }

  /** What says how many bytes one kind of a month's values takes, to be written along with them. */
  sizeChange(month: string, kind: 'pages' | 'lines', bytes: number): StoreChange {
    return { key: `${sizePrefix}${month}/${kind}`, value: bytes }
  }

  /** Bytes by month. */
  async sizes(): Promise<Map<string, number>> {
    const sizes = new Map<string, number>()
    for await (const { key, value } of this.#store.iterate<number>({ prefix: sizePrefix })) {
      const month = key.slice(sizePrefix.length, key.lastIndexOf('/'))
      sizes.set(month, (sizes.get(month) ?? 0) + value)
    }
    return sizes
  }

  /** Put others in the place of pages that are full, of the same times. */
  async replacePages(pages: readonly { readonly key: string; readonly page: Page }[]): Promise<void> {
    for (let at = 0; at < pages.length; at += mostAtOnce) {
      const part = pages.slice(at, at + mostAtOnce)
      await this.#store.write(
        part.map(({ key, page }) => ({ key: pageKey(storageMonth(page.from), key, page.from), value: page as unknown as JsonValue })),
      )
    }
  }

  /** Nothing is written before it any more. */
  holdBefore(closedTo: Minute): void {
    this.#bounds = { ...this.#bounds, closedTo: Math.max(closedTo, this.#bounds.closedTo) }
  }

  /** @param alongside written with it, all or nothing. @returns false: something was not as expected */
  async setBounds(bounds: Partial<BookBounds>, alongside: readonly StoreChange[] = []): Promise<boolean> {
    const next = { ...this.#bounds, ...bounds }
    const isWritten = await this.#store.write([...alongside, { key: boundsKey, value: { ...next } }])
    if (isWritten) this.#bounds = next
    return isWritten
  }

  /** Drop full pages that end by then. @returns how many */
  async dropPages(before: Minute): Promise<number> {
    for (let count = 0; ; ) {
      const entries = await this.#store.list<Page>({ prefix: pagePrefix, limit: mostAtOnce })
      const old = entries.filter(({ value }) => value.to !== null && value.to <= before)
      if (old.length === 0) return count
      await this.#store.write(old.map(({ key }) => ({ key, value: undefined })))
      count += old.length
    }
  }

  #changes(changes: ReadonlyMap<string, Written>): StoreChange[] {
    return [...changes].flatMap(([key, { account, full }]) => [
      { key: openPrefix + key, value: account === null ? undefined : (kept(account) as unknown as JsonValue) },
      ...full
        .filter(({ to }) => to === null || to > this.#bounds.keptFrom)
        .map((page) => ({ key: pageKey(storageMonth(page.from), key, page.from), value: page as unknown as JsonValue })),
    ])
  }

  async #write(changes: readonly StoreChange[], accounts: ReadonlyMap<string, Written>, cursor: BookCursor | null): Promise<void> {
    const before = (this.#cursor ?? undefined) as JsonValue | undefined
    // Until it is known to be written, it may be either.
    this.#isFresh = false
    const isOurs = await this.#store.write([
      { key: cursorKey, value: (cursor ?? undefined) as JsonValue | undefined, expected: before },
      ...changes,
    ])
    if (!isOurs) throw new StandinError('state_conflict', 'somebody else meters into the same store', { hint: 'Run usage once only' })
    for (const [key, { account }] of accounts) {
      if (account === null) this.#accounts.delete(key)
      else this.#accounts.set(key, account)
    }
    this.#cursor = cursor
    this.#isFresh = true
  }
}

/** Sorts environments by id. @param environment configId; null: it is the storage of a template */
export function keyOf(environment: number | null, template: string | null): string {
  return environment === null ? `t/${template}` : `e/${String(environment).padStart(10, '0')}`
}

function pageKey(month: string, key: string, from: Minute): string {
  return `${pagePrefix}${month}/${key}/${String(from).padStart(10, '0')}`
}

function kept({ page, svms, isUp, unsureFrom }: Account): KeptAccount {
  return { page, svms, isUp, unsureFrom }
}
