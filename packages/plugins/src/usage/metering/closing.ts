import type { Event } from '@standin/client'
import type { PluginContext } from '@standin/core'
import { type BillingMonth, nextBillingMonth } from './billing-month.ts'
import type { Book } from './book.ts'
import type { ClosedMonths } from './closed-months.ts'
import { Compaction } from './compaction.ts'
import { type Meter, meteredEvents } from './meter.ts'
import type { MeteringConfig } from './metering-config.ts'
import { sumUp } from './sum-up.ts'
import { type Ledger, minuteMs, type UsageMonth } from './usage-span.ts'

export interface ClosingParts {
  readonly context: Pick<PluginContext, 'client' | 'clock' | 'log'>
  readonly config: Pick<MeteringConfig, 'timeZone' | 'keepMonths'>
  readonly book: Book
  readonly meter: Meter
  readonly ledger: Ledger
  readonly closed: ClosedMonths
  /** Details of closed months take no more than this. */
  readonly mostBytes: number
}

const metered: ReadonlySet<Event['type']> = new Set(meteredEvents)

/** Closes months that are over, and lets go of what is older than is kept. All of it can be interrupted and called again. */
export class Closing {
  readonly #parts: ClosingParts
  readonly #compaction: Compaction

  constructor(parts: ClosingParts) {
    this.#parts = parts
    this.#compaction = new Compaction(parts.book, parts.config.timeZone)
  }

  /** @param print a line for each thing that is done */
  async run(signal: AbortSignal, print: (line: string) => void): Promise<void> {
    const { book, closed, config, context } = this.#parts
    await book.load()
    const { cursor } = book
    if (cursor === null) return
    for (;;) {
      signal.throwIfAborted()
      const last = (await closed.months()).at(-1)
      const month = nextBillingMonth(last?.to ?? cursor.since * minuteMs, config.timeZone, last === undefined)
      if (month.to > context.clock.now()) break
      if (!(await this.#isComplete(month.to, signal))) {
        print(`${month.month} is over, but not all of its events are here yet`)
        break
      }
      await this.#close(month, print)
    }
    await this.#letGo(signal, print)
  }

  /** Whether all that happened before an instant is in the book. */
  async #isComplete(to: number, signal: AbortSignal): Promise<boolean> {
    const { book, meter, context } = this.#parts
    for (const { unsureFrom } of book.accounts.values()) if (unsureFrom !== null) return false
    for (let after = meter.seen; ; ) {
      const { items, first } = await context.client.events.list({ after, limit: 1000 }, { signal })
      // What is lost is yet to be told of.
      if (after + 1 < first) return false
      for (const { at, type, seq } of items) {
        if (Date.parse(at) >= to) return true
        if (metered.has(type)) return false
        after = seq
      }
      if (items.length === 0) return true
    }
  }

  async #close({ month, from, to }: BillingMonth, print: (line: string) => void): Promise<void> {
    const { book, ledger, closed, config, context } = this.#parts
    book.holdBefore(to / minuteMs)
    const lines = await sumUp(ledger.spans({ from, to }))
    const things = new Set(lines.map(({ environment, template }) => environment ?? template))
    const header: UsageMonth = {
      ...{ month, from, to, timeZone: config.timeZone, closedAt: context.clock.now(), things: things.size },
      svmMinutes: lines.reduce((sum, line) => sum + line.svmMinutes, 0),
      storageMinutes: lines.reduce((sum, line) => sum + line.storageMinutes, 0),
      gaps: (await book.gaps()).filter((gap) => gap.from < to && gap.to > from),
      lines: lines.length,
    }
    if (await closed.add(header, lines))
      print(`${month} is closed: ${header.svmMinutes} SVM minutes of ${things.size} environments and templates`)
  }

  async #letGo(signal: AbortSignal, print: (line: string) => void): Promise<void> {
    const { book, closed, context } = this.#parts
    const months = await closed.months()
    const [previous] = months.slice(-1)
    if (previous !== undefined) await this.#compaction.run(previous.from / minuteMs, signal)
    const oldest = await this.#oldestKept(months)
    if (oldest === undefined || oldest.from / minuteMs <= book.bounds.keptFrom) return
    const pages = await book.dropPages(oldest.from / minuteMs)
    const parts = await closed.dropLines(oldest.month)
    await book.setBounds({ keptFrom: oldest.from / minuteMs })
    if (pages + parts === 0) return
    const line = `of months before ${oldest.month} only totals are kept: ${pages + parts} values were dropped`
    print(line)
    context.log.info({ before: oldest.month, dropped: pages + parts }, line)
  }

  /** Of which details are kept: as many months as were asked for, as far as there is room for them. */
  async #oldestKept(months: readonly UsageMonth[]): Promise<UsageMonth | undefined> {
    const { book, config, context, mostBytes } = this.#parts
    const sizes = await book.sizes()
    let oldest = months.at(-1)
    let bytes = 0
    for (const month of months.slice(-config.keepMonths).reverse()) {
      bytes += sizes.get(month.month) ?? 0
      if (bytes > mostBytes && month !== oldest) {
        const line = `there is no room for the details of ${config.keepMonths} months: those before ${oldest?.month} go`
        if ((oldest?.from ?? 0) / minuteMs > book.bounds.keptFrom) context.log.warn({ bytes, mostBytes }, line)
        break
      }
      oldest = month
    }
    return oldest
  }
}
