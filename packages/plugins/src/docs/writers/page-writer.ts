import type { JsonValue } from '@standin/core'
import type { Page } from '../page/page.ts'

/** Where pages go. One call of a writer at a time. */
export interface PageWriter {
  /** A DNS label, unique among the writers of a configuration: what is remembered is kept by it. */
  readonly id: string
  /** What its pages owe to the configuration: another one, and all are written again. */
  readonly format: string
  /**
   * Make or change a page. A page that this writer made before but no longer remembers, because control died in between,
   * is found and changed, never made twice. What a person wrote between the markers stays.
   * @param known what it returned for this page last; undefined: it never did, or that was lost
   * @returns what it wants to know next time, never null
   * @throws TryLater where all of it has to wait; any other error concerns this page alone
   */
  write(page: Page, known: JsonValue | undefined, signal: AbortSignal): Promise<JsonValue>
  /**
   * Its environment is gone. No error where the page is gone already.
   * @param entry `known` is null where `write` never returned: the page may be there
   */
  remove(entry: IndexEntry, signal: AbortSignal): Promise<void>
  /** After a round that changed something, and after one that failed here: the index of all pages, what is to be sealed. */
  finish(index: readonly IndexEntry[], signal: AbortSignal): Promise<void>
}

export interface IndexEntry {
  readonly key: string
  readonly title: string
  readonly summary: string
  /** As the writer returned it. */
  readonly known: JsonValue
}

/** The other side asks for patience, or is not there: nothing more is tried before then. */
export class TryLater extends Error {
  /** ms from now. */
  readonly afterMs: number

  constructor(message: string, afterMs: number, options?: ErrorOptions) {
    super(message, options)
    this.afterMs = afterMs
  }
}
