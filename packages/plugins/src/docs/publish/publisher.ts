import type { PluginContext } from '@standin/core'
import type { PageWriter } from '../writers/page-writer.ts'
import { Desk, type DeskOptions, type Round } from './desk.ts'
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
    for (const desk of this.#desks) desk.touch(id)
  }

  /** Nobody knows what changed: look at all of them in the next round. */
  touchAll(): void {
    this.#isComparisonDue = true
  }

  /** Write what changed since the last round. @param print a line for each page that is written or removed, or would be */
  round(signal: AbortSignal, print: Round['print']): Promise<void> {
    return this.#inTurn(() => this.#round(signal, print))
  }

  /** As a round, and look at what plugins say of each environment, too: it grows by itself, and alone makes no event. */
  refresh(signal: AbortSignal, print: Round['print']): Promise<void> {
    return this.#inTurn(async () => {
      for (const id of (await this.#sources.all(signal)).keys()) for (const desk of this.#desks) desk.touch(id, 'sections')
      this.#isComparisonDue = true
      await this.#round(signal, print)
    })
  }

  /** Two schedules are due at the same minute. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work, work)
    this.#last = done.catch(() => {})
    return done
  }

  async #round(signal: AbortSignal, print: Round['print']): Promise<void> {
    const sources = new Map<number, Source | null>()
    let isComplete = false
    if (this.#isComparisonDue) {
      const all = await this.#sources.all(signal)
      for (const [id, source] of all) sources.set(id, source)
      for (const desk of this.#desks) await desk.compare(all)
      isComplete = true
      this.#isComparisonDue = false
    }
    const source = async (id: number) => {
      let found = sources.get(id)
      if (found === undefined) {
        found = isComplete ? null : await this.#sources.one(id, signal)
        sources.set(id, found)
      }
      return found
    }
    const troubles: string[] = []
    for (const desk of this.#desks) {
      const trouble = await desk.work({ signal, print, source })
      if (trouble !== null) troubles.push(`${desk.id}: ${trouble}`)
    }
    if (troubles.length === 0) this.#context.health.ok()
    else this.#context.health.degraded(troubles.join('; '))
  }
}
