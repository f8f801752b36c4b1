import { createHash } from 'node:crypto'
import type { LiveEnvironment } from '@standin/client/connect'
import { type PluginContext, Retries } from '@standin/core'
import { environmentPage, type PageSection } from '../page/environment-page.ts'
import { type IndexEntry, type PageWriter, TryLater } from '../writers/page-writer.ts'
import { begunPage, PageBook, type Written } from './page-book.ts'
import { type Source, type Sources, seenOf } from './sources.ts'

export interface DeskOptions {
  /** Says what it would do, and does nothing. */
  readonly dryRun: boolean
  /** What plugins say of an environment. */
  readonly sections: (environment: LiveEnvironment, signal: AbortSignal) => Promise<readonly PageSection[]>
  readonly onDone: (action: 'written' | 'removed' | 'failed') => void
}

/** Why an environment is looked at: it may have changed, or what plugins say of it is to be looked at as well. */
export type Look = 'page' | 'sections'

/** How one round goes. */
export interface Round {
  readonly signal: AbortSignal
  readonly print: (line: string) => void
  /** @returns null: it is gone */
  readonly source: (id: number) => Promise<Source | null>
}

const wholeWriter = 'writer'
const firstRetryMs = 60_000

/** One writer, what it wrote, and what is still to be looked at. */
export class Desk {
  readonly #writer: PageWriter
  readonly #context: Pick<PluginContext, 'log' | 'clock' | 'store'>
  readonly #sources: Sources
  readonly #options: DeskOptions
  readonly #book: PageBook
  readonly #retries: Retries<number | typeof wholeWriter>
  readonly #pending = new Map<number, Look>()
  /** What was written is not in the index yet. Another process may have ended before: so it begins. */
  #isIndexOpen = true

  constructor(writer: PageWriter, context: Pick<PluginContext, 'log' | 'clock' | 'store'>, sources: Sources, options: DeskOptions) {
    this.#writer = writer
    this.#context = context
    this.#sources = sources
    this.#options = options
    this.#book = new PageBook(context.store, writer.id)
    this.#retries = new Retries(() => context.clock.now(), firstRetryMs)
  }

  get id(): string {
    return this.#writer.id
  }

  touch(id: number, look: Look = 'page'): void {
    if (this.#pending.get(id) !== 'sections') this.#pending.set(id, look)
  }

  /** Find out what changed, and what is gone, of all. @param look at those that did not change, too, where it is `sections` */
  async compare(all: ReadonlyMap<number, Source>, look: Look): Promise<void> {
    const pages = await this.#book.open()
    for (const [id, source] of all) {
      if (look === 'sections' || pages.get(id)?.seen !== seenOf(source, this.#writer.format)) this.touch(id, look)
    }
    for (const id of pages.keys()) if (!all.has(id)) this.touch(id)
  }

  /** @returns what did not work, in words; null: everything is written */
  async work(round: Round): Promise<string | null> {
    const waiting = this.#retries.reason(wholeWriter)
    if (waiting !== null) return waiting
    const troubles: string[] = []
    try {
      for (const id of [...this.#pending.keys()].sort((a, b) => a - b)) {
        round.signal.throwIfAborted()
        const earlier = this.#retries.reason(id)
        if (earlier !== null) {
          troubles.push(earlier)
          continue
        }
        const look = this.#pending.get(id) as Look
        // Whoever touches it from now on wants it looked at once more.
        this.#pending.delete(id)
        try {
          await this.#workOn(id, look, round)
          this.#retries.succeed(id)
        } catch (error) {
          this.touch(id, look)
          if (error instanceof TryLater) throw error
          round.signal.throwIfAborted()
          troubles.push(this.#failed(id, error, round))
        }
      }
      if (this.#isIndexOpen && !this.#options.dryRun) await this.#finish(round.signal)
    } catch (error) {
      round.signal.throwIfAborted()
      const message = error instanceof Error ? error.message : String(error)
      this.#retries.fail(wholeWriter, message, error instanceof TryLater ? error.afterMs : undefined)
      round.print(`${this.id}: later: ${message}`)
      return message
    }
    this.#retries.succeed(wholeWriter)
    return troubles.length < 2 ? (troubles[0] ?? null) : `${troubles[0]} (and ${troubles.length - 1} more)`
  }

  async #workOn(id: number, look: Look, round: Round): Promise<void> {
    const source = await round.source(id)
    if (source === null) return this.#remove(id, round)
    const before = (await this.#book.open()).get(id)
    const seen = seenOf(source, this.#writer.format)
    const complete = await this.#sources.complete(source, round.signal)
    const hash = digest([this.#writer.format, environmentPage(complete, [])])
    const isSame = before?.hash === hash
    if (isSame && look === 'page') return this.#saw(id, before, seen)
    const said = await this.#options.sections(source.environment, round.signal)
    const sections = digest(said)
    if (isSame && before.sections === sections) return this.#saw(id, before, seen)
    const page = environmentPage(complete, said)
    const { title, summary } = page
    round.print(`${this.id}: ${this.#options.dryRun ? 'would write' : 'write'} ${title}`)
    if (this.#options.dryRun) return
    this.#isIndexOpen = true
    // Whatever happens now, its page goes when the environment does.
    if (before === undefined) await this.#book.set(id, begunPage(title))
    const known = await this.#writer.write(page, before?.known ?? undefined, round.signal)
    await this.#book.set(id, { title, summary, seen, hash, sections, known })
    this.#options.onDone('written')
  }

  /** Its page is as it should be: it need not be looked at again until it is another. */
  async #saw(id: number, before: Written, seen: string): Promise<void> {
    if (before.seen !== seen) await this.#book.set(id, { ...before, seen })
  }

  async #remove(id: number, { signal, print }: Round): Promise<void> {
    const before = (await this.#book.open()).get(id)
    if (before === undefined) return
    print(`${this.id}: ${this.#options.dryRun ? 'would remove' : 'remove'} ${before.title}`)
    if (this.#options.dryRun) return
    this.#isIndexOpen = true
    await this.#writer.remove(entryOf(id, before), signal)
    await this.#book.delete(id)
    this.#options.onDone('removed')
  }

  #failed(id: number, error: unknown, { print }: Round): string {
    const message = error instanceof Error ? error.message : String(error)
    this.#retries.fail(id, message)
    this.#options.onDone('failed')
    print(`${this.id}: the page of ${id} failed: ${message}`)
    this.#context.log.warn({ writer: this.id, environment: id }, message)
    return message
  }

  async #finish(signal: AbortSignal): Promise<void> {
    const pages = [...(await this.#book.open())].filter(([, { known }]) => known !== null).sort(([a], [b]) => a - b)
    await this.#writer.finish(
      pages.map(([id, written]) => entryOf(id, written)),
      signal,
    )
    this.#isIndexOpen = false
  }
}

const entryOf = (id: number, { title, summary, known }: Written): IndexEntry => ({ key: String(id), title, summary, known })
const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('base64url')
