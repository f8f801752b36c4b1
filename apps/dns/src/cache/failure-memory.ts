import type { Answer } from '../wire/answer.ts'

/** Milliseconds; "at least one second": RFC 9520, section 3.2. */
const keptMs = 1000
const mostFailures = 2000

/** Questions that could not be answered a moment ago: who asks again at once gets the same error, and nobody else is asked. */
export class FailureMemory {
  /** In the order in which they end. */
  readonly #failures = new Map<string, { readonly answer: Answer; readonly until: number }>()

  find(key: string, now: number): Answer | undefined {
    const failure = this.#failures.get(key)
    return failure !== undefined && now < failure.until ? failure.answer : undefined
  }

  remember(key: string, answer: Answer, now: number): void {
    this.#failures.delete(key)
    this.#failures.set(key, { answer, until: now + keptMs })
    for (const [other, { until }] of this.#failures) {
      if (until > now && this.#failures.size <= mostFailures) return
      this.#failures.delete(other)
    }
  }

  clear(): void {
    this.#failures.clear()
  }
}
