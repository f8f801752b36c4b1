import { type ErrorCode, StandinError } from '@standin/client'

/** Faults that may pass by themselves. All others are final until somebody wants something else. */
const passing: ReadonlySet<ErrorCode> = new Set(['provider_failed', 'unreachable', 'timeout', 'internal'])

export function mayPass(error: unknown): boolean {
  return !(error instanceof StandinError) || passing.has(error.code)
}

/** Waits before what has failed for good is tried again nevertheless, ms. */
export interface SlowRetries {
  readonly firstMs: number
  readonly mostMs: number
}

/** How often and how late a step is tried again, per environment. */
export class Retries {
  readonly #delaysMs: readonly number[]
  readonly #retry: (id: number) => void
  readonly #slow: SlowRetries
  readonly #attempts = new Map<number, number>()
  readonly #slowAttempts = new Map<number, number>()
  readonly #timers = new Map<number, NodeJS.Timeout>()

  /** @param delaysMs one per attempt; when they are used up, it has failed */
  constructor(delaysMs: readonly number[], slow: SlowRetries, retry: (id: number) => void) {
    this.#delaysMs = delaysMs
    this.#slow = slow
    this.#retry = retry
  }

  /** @returns how long it will wait, ms; null: no attempt is left */
  schedule(id: number): number | null {
    const attempt = this.#attempts.get(id) ?? 0
    const delay = this.#delaysMs[attempt]
    if (delay === undefined) {
      this.#attempts.delete(id)
      return null
    }
    this.#attempts.set(id, attempt + 1)
    this.#wait(id, delay)
    return delay
  }

  /** It has failed, but it has to happen some day: without an end, each time twice as late. */
  scheduleSlowly(id: number): void {
    const attempt = this.#slowAttempts.get(id) ?? 0
    this.#attempts.delete(id)
    this.#slowAttempts.set(id, attempt + 1)
    this.#wait(id, Math.min(this.#slow.firstMs * 2 ** attempt, this.#slow.mostMs))
  }

  /** It went well, or something else is wanted. */
  forget(id: number): void {
    this.#attempts.delete(id)
    this.#slowAttempts.delete(id)
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  #wait(id: number, ms: number): void {
    clearTimeout(this.#timers.get(id))
    const timer = setTimeout(() => {
      this.#timers.delete(id)
      this.#retry(id)
    }, ms)
    this.#timers.set(id, timer)
  }
}
