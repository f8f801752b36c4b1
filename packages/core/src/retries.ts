const mostMs = 3_600_000

interface Wait {
  readonly until: number
  readonly delayMs: number
  readonly why: string
}

/** What failed waits before it is tried again, twice as long after each failure: an hour at most. */
export class Retries<K> {
  readonly #now: () => number
  readonly #firstMs: number
  readonly #waits = new Map<K, Wait>()

  /** @param now ms since the epoch @param firstMs after the first failure */
  constructor(now: () => number, firstMs: number) {
    this.#now = now
    this.#firstMs = firstMs
  }

  /** @param afterMs as the other side asked */
  fail(key: K, why: string, afterMs?: number): void {
    const before = this.#waits.get(key)
    const delayMs = afterMs ?? Math.min(mostMs, before === undefined ? this.#firstMs : 2 * before.delayMs)
    this.#waits.set(key, { delayMs, until: this.#now() + delayMs, why })
  }

  succeed(key: K): void {
    this.#waits.delete(key)
  }

  /** Forget what is gone. */
  keep(known: ReadonlySet<K>): void {
    for (const key of this.#waits.keys()) if (!known.has(key)) this.#waits.delete(key)
  }

  /** @returns why it failed last; null: it need not wait */
  reason(key: K): string | null {
    const wait = this.#waits.get(key)
    return wait !== undefined && wait.until > this.#now() ? wait.why : null
  }
}
