import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Event, StandinError } from '@standin/client'
import { delayBefore } from '@standin/client/backoff'
import { type Clock, type Logger, type PluginHooks, sleep } from '@standin/core'
import type { PluginCursors } from '../store/plugin-cursors.ts'
import type { ControlLink, EventSource } from './event-source.ts'
import { type CallLimits, HungCall, limitedCall } from './limited-call.ts'

export interface EventDeliveryParts {
  readonly plugin: string
  readonly hooks: PluginHooks
  readonly events: EventSource
  readonly link: ControlLink | undefined
  readonly cursors: PluginCursors
  readonly clock: Clock
  readonly log: Logger
  readonly limits: CallLimits
  /** Take no further event. */
  readonly quiet: AbortSignal
  /** The end of the plugin's life. */
  readonly ended: AbortSignal
  /** Why the event that it is at can't be handled; null: it was. */
  readonly onTrouble: (message: string | null) => void
}

const batchSize = 500
const backoff = { first: 1_000, max: 300_000 }

/** Gives a plugin the events after its cursor, one at a time, and moves the cursor when it has handled one. */
export class EventDelivery {
  readonly #parts: EventDeliveryParts
  #wake: () => void = () => {}
  #working = true
  #pausing = false

  constructor(parts: EventDeliveryParts) {
    this.#parts = parts
  }

  /** Where a plugin begins that was never here. */
  begin(): void {
    const { plugin, hooks, events, cursors } = this.#parts
    if (cursors.get(plugin) === undefined) cursors.set(plugin, hooks.eventsFrom === 'beginning' ? events.first - 1 : events.last)
  }

  get cursor(): number {
    return this.#parts.cursors.get(this.#parts.plugin) ?? this.#parts.events.last
  }

  /** It has nothing to do, or waits until it tries again. */
  get idle(): boolean {
    return !this.#working || this.#pausing
  }

  /** Until it is to be quiet. @throws HungCall */
  async run(): Promise<void> {
    const { events, quiet } = this.#parts
    const unsubscribe = events.subscribe(() => {
      this.#working = true
      this.#wake()
    })
    const stop = () => this.#wake()
    quiet.addEventListener('abort', stop)
    try {
      while (!quiet.aborted) {
        if (await this.#batch()) continue
        if (quiet.aborted) break
        const { promise, resolve } = Promise.withResolvers<void>()
        this.#wake = resolve
        this.#working = events.last > this.cursor
        if (!this.#working) await promise
      }
    } finally {
      this.#working = false
      unsubscribe()
      quiet.removeEventListener('abort', stop)
    }
  }

  /** @returns whether there was anything */
  async #batch(): Promise<boolean> {
    const { plugin, hooks, events, cursors, quiet } = this.#parts
    const { cursor } = this
    const batch = await events.list({ after: cursor, limit: batchSize })
    const { first } = events
    if (cursor + 1 < first) {
      await this.#lost(cursor + 1, first - 1)
      return true
    }
    const wanted = hooks.eventTypes === undefined ? null : new Set(hooks.eventTypes)
    let passed = cursor
    for (const event of batch) {
      if (quiet.aborted) break
      if (wanted === null || wanted.has(event.type)) {
        if (!(await this.#deliver(event))) break
        cursors.set(plugin, event.seq)
      }
      passed = event.seq
    }
    if (passed > this.cursor) cursors.set(plugin, passed)
    await nextTurn()
    return batch.length > 0
  }

  async #lost(from: number, to: number): Promise<void> {
    const { plugin, hooks, cursors, log } = this.#parts
    const lost = `events ${from} to ${to}`
    if (hooks.onEventsLost === undefined) log.warn({ from, to }, `${lost} were pruned before plugin ${plugin} had them`)
    else if (!(await this.#until(`onEventsLost of ${lost}`, async (signal) => hooks.onEventsLost?.({ from, to }, { signal })))) return
    cursors.set(plugin, to)
  }

  #deliver(event: Event): Promise<boolean> {
    return this.#until(`onEvent of event ${event.seq} (${event.type})`, async (signal) => this.#parts.hooks.onEvent?.(event, { signal }))
  }

  /** Try until it succeeds. @returns false: it is to be quiet, and did not succeed @throws HungCall */
  async #until(what: string, work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    const { quiet, ended, clock, limits, log, link, onTrouble } = this.#parts
    let isTroubled = false
    for (let attempt = 0; ; attempt++) {
      const outages = link?.outages
      try {
        await limitedCall(what, limits, ended, work)
        if (isTroubled) onTrouble(null)
        return true
      } catch (error) {
        if (error instanceof HungCall) throw error
        if (ended.aborted || quiet.aborted) return false
        const waitMs = Math.round(delayBefore(attempt, backoff))
        const message = `${what} failed: ${(error as Error)?.message ?? error}`
        onTrouble(message)
        isTroubled = true
        log.error({ err: error, attempt: attempt + 1, waitMs }, message)
        this.#pausing = true
        await sleep(clock, waitMs, quiet).catch(() => {})
        await link?.reached(quiet).catch(() => {})
        // That control was gone says nothing of the event.
        if (link?.outages !== outages) attempt = -1
        this.#pausing = false
        if (quiet.aborted) return false
      }
    }
  }
}

/** What stops a plugin's work. */
export const stopping = () => new StandinError('interrupted', 'the plugin is being stopped')
