const firstMs = 60_000
const mostMs = 3_600_000

interface Wait {
  readonly until: number
  readonly delayMs: number
  readonly why: string
}

/** What failed is tried again later, and later still when it fails again: after 1, 2, 4 … 60 minutes. */
export class Backoff<K> {
  readonly #now: () => number
  readonly #waits = new Map<K, Wait>()

  /** @param now ms since the epoch */
  constructor(now: () => number) {
    this.#now = now
  }

  /** @param afterMs as the other side asked */
  fail(key: K, why: string, afterMs?: number): void {
    const delayMs = afterMs ?? Math.min(mostMs, 2 * (this.#waits.get(key)?.delayMs ?? firstMs / 2))
    this.#waits.set(key, { delayMs, until: this.#now() + delayMs, why })
  }

  succeed(key: K): void {
    this.#waits.delete(key)
  }

  /** @returns why it has to wait; null: it doesn't */
  reason(key: K): string | null {
    const wait = this.#waits.get(key)
    return wait !== undefined && wait.until > this.#now() ? wait.why : null
  }
}
