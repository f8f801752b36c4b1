import type { JsonValue, PluginStore } from '@standin/core'
import type { Book } from './book.ts'
import type { UsageLine, UsageMonth } from './usage-span.ts'
import { minuteMs } from './usage-span.ts'

const monthPrefix = 'meter/month/'
const linePrefix = 'meter/line/'
/** Of the lines that are kept in one value, bytes. */
const mostPartBytes = 128 << 10

type KeptMonth = UsageMonth & { readonly parts: number }

/** The months that are closed: what is written of them once never changes. */
export class ClosedMonths {
  readonly #store: PluginStore
  readonly #book: Book

  constructor(store: PluginStore, book: Book) {
    this.#store = store
    this.#book = book
  }

  /** Oldest first. */
  async months(): Promise<UsageMonth[]> {
    const months: UsageMonth[] = []
    for await (const { value } of this.#store.iterate<KeptMonth>({ prefix: monthPrefix })) {
      const { parts: _, ...month } = value
      months.push(month)
    }
    return months
  }

  /** None of a month that isn't closed, or of which only the totals are kept. */
  async *lines(month: string): AsyncGenerator<UsageLine, void, undefined> {
    const header = await this.#store.get<KeptMonth>(monthPrefix + month)
    for (let part = 0; part < (header?.parts ?? 0); part++) yield* (await this.#store.get<UsageLine[]>(partKey(month, part))) ?? []
  }

  /** Does nothing where it is closed already. @returns whether it wasn't */
  async add(month: UsageMonth, lines: Iterable<UsageLine>): Promise<boolean> {
    // Read by nobody until the month is there; written again where this was interrupted.
    let parts = 0
    let bytes = 0
    for (const part of inParts(lines)) {
      bytes += Buffer.byteLength(JSON.stringify(part))
      await this.#store.set(partKey(month.month, parts), part as unknown as JsonValue)
      parts += 1
    }
    const value = { ...month, parts } as unknown as JsonValue
    return this.#book.setBounds({ closedTo: month.to / minuteMs }, [
      { key: monthPrefix + month.month, value, expected: undefined },
      this.#book.sizeChange(month.month, 'lines', bytes),
    ])
  }

  /** Keep the totals of a month, drop its lines. @param before `2025-10`: of all months before this one. @returns how many */
  async dropLines(before: string): Promise<number> {
    for (let count = 0; ; ) {
      const entries = await this.#store.list({ prefix: linePrefix, limit: 100 })
      const old = entries.filter(({ key }) => key < linePrefix + before)
      if (old.length === 0) return count
      await this.#store.write(old.map(({ key }) => ({ key, value: undefined })))
      count += old.length
    }
  }
}

function partKey(month: string, part: number): string {
  return `${linePrefix}${month}/${String(part).padStart(4, '0')}`
}

function* inParts(lines: Iterable<UsageLine>): Generator<UsageLine[]> {
  let part: UsageLine[] = []
  let bytes = 0
  for (const line of lines) {
    bytes += Buffer.byteLength(JSON.stringify(line))
    part.push(line)
    if (bytes < mostPartBytes) continue
    yield part
    part = []
    bytes = 0
  }
  if (part.length > 0) yield part
}
