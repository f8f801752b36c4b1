import type { PluginContext } from '@standin/core'
import type { PageWriter } from '../writers/page-writer.ts'
import { Desk, type DeskOptions, type Look, type Round } from './desk.ts'
import { type Source, Sources } from './sources.ts'

export type PublisherOptions = Omit<DeskOptions, 'onDone'> & {
  readonly onDone: (writer: string, action: 'written' | 'removed' | 'failed') => void
}

/**
 * Brings pages in step with environments: writes those whose content changed, removes those whose environment is gone.
 * A page is remembered once it is written; one that is written again comes out the same.
 */
export class Publisher {
  readonly #context: Pick<PluginContext, 'client' | 'log' | 'clock' | 'store' | 'health'>
  readonly #sources: Sources
  readonly #desks: readonly Desk[]
  /** Of the round that goes on: what it knows of environments, and those that were told of since it began. */
  readonly #known = new Map<number, Source | null>()
  readonly #told = new Set<number>()
  #isComparisonDue = true
  #last: Promise<void> = Promise.resolve()

  constructor(
    context: Pick<PluginContext, 'client' | 'log' | 'clock' | 'store' | 'health'>,
    writers: readonly PageWriter[],
    { onDone, ...options }: PublisherOptions,
  ) {
    this.#context = context
    this.#sources = new Sources(context.client)
    this.#desks = writers.map((writer) => {
      return new Desk(writer, context, this.#sources, { ...options, onDone: (action) => onDone(writer.id, action) })
    })
  }

  /** Something of it may have changed. */
  touch(id: number): void {
    this.#told.add(id)
    this.#known.delete(id)
    for (const desk of this.#desks) desk.touch(id)
  }

  /** Nobody knows what changed: look at all of them in the next round. */
  touchAll(): void {
    this.#isComparisonDue = true
  }

  /** Write what changed since the last round. @param print a line for each page that is written or removed, or would be */
  round(signal: AbortSignal, print: Round['print']): Promise<void> {
    return this.#inTurn(() => this.#round(signal, print, 'page'))
  }

  /** As a round, and look at what plugins say of each environment, too: it grows by itself, and alone makes no event. */
  refresh(signal: AbortSignal, print: Round['print']): Promise<void> {
    return this.#inTurn(() => {
      this.#isComparisonDue = true
      return this.#round(signal, print, 'sections')
    })
  }

  /** Two schedules are due at the same minute. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work, work)
    this.#last = done.catch(() => {})
    return done
  }

  async #round(signal: AbortSignal, print: Round['print'], look: Look): Promise<void> {
    this.#known.clear()
    this.#told.clear()
    if (this.#isComparisonDue) await this.#compare(signal, look)
    const source = (id: number) => this.#source(id, signal)
    const troubles: string[] = []
    for (const desk of this.#desks) {
      const trouble = await desk.work({ signal, print, source })
      if (trouble !== null) troubles.push(`${desk.id}: ${trouble}`)
    }
    if (troubles.length === 0) this.#context.health.ok()
    else this.#context.health.degraded(troubles.join('; '))
  }

  async #compare(signal: AbortSignal, look: Look): Promise<void> {
    // First: who asks for a comparison meanwhile wants another one.
    this.#isComparisonDue = false
    try {
      const all = await this.#sources.all(signal)
      for (const desk of this.#desks) await desk.compare(all, look)
      for (const [id, source] of all) if (!this.#told.has(id)) this.#known.set(id, source)
    } catch (error) {
      this.#isComparisonDue = true
      throw error
    }
  }

  /** What was asked for before somebody told of it is older than that: it is asked for again. */
  async #source(id: number, signal: AbortSignal): Promise<Source | null> {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const found = await this.#sources.one(id, signal)
    if (!this.#told.has(id)) this.#known.set(id, found)
    return found
  }
}
