import { StandinError } from '@standin/client'
import type { Clock, Logger } from '@standin/core'

export interface QuestionParts {
  readonly plugin: string
  /** The hook that it is put to. */
  readonly hook: 'admit' | 'section'
  readonly clock: Clock
  readonly log: Logger
  readonly limitMs: number
}

/** Whoever took too long is not waited for again within this time, ms. */
const restMs = 30_000

/** Has a plugin's hook called: what PluginLife does. */
export type Asker = <T>(what: string, limitMs: number, work: (signal: AbortSignal) => T | Promise<T>) => Promise<T>

/**
 * Something that a plugin is asked while somebody waits. Nobody waits long, nor again and again: a plugin that did not answer
 * in time is not asked for a while. What goes wrong is in its health until it answers again.
 */
export class Question {
  readonly #parts: QuestionParts
  #restsUntil = 0
  #trouble: string | null = null

  constructor(parts: QuestionParts) {
    this.#parts = parts
  }

  /** Why there was no answer, in words; null: there was one, or it was never asked. */
  get trouble(): string | null {
    return this.#trouble
  }

  /** @param read what was answered, made into what is wanted; throws where it is no answer @throws Refusal, and nothing else */
  async put<A, T>(ask: Asker, work: (signal: AbortSignal) => A | Promise<A>, read: (answer: A) => T): Promise<T | undefined> {
    const { hook, clock, limitMs } = this.#parts
    if (clock.now() < this.#restsUntil) return undefined
    try {
      const answer = read(await ask(hook, limitMs, work))
      this.#trouble = null
      return answer
    } catch (error) {
      if (error instanceof Refusal) {
        this.#trouble = null
        throw error
      }
      if (error instanceof StandinError && error.code === 'timeout') this.#restsUntil = clock.now() + restMs
      this.report(error)
      return undefined
    }
  }

  /** There will be no answer. */
  report(error: unknown): void {
    const { hook, plugin, log } = this.#parts
    const message = `${hook} failed: ${messageOf(error)}`
    this.#trouble = `plugin/${plugin}: ${message}`
    // Whatever was thrown: it must not be more than a line of the log.
    log.warn(error instanceof Error ? { err: { name: error.name, stack: error.stack } } : {}, `plugin ${plugin}: ${message}`)
  }
}

/** A plugin's no: an answer, and no failure. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly plugin: string
  readonly refused: StandinError

  constructor(plugin: string, refused: StandinError) {
    super(refused.message)
    this.plugin = plugin
    this.refused = refused
  }
}

function messageOf(error: unknown): string {
  try {
    return String((error as Error)?.message ?? error).slice(0, 500)
  } catch {
    return 'what it threw can not be shown'
  }
}
