/** Waits before restarts: each twice the last one, from the start again once an app has run for long enough. */
export class Backoff {
  readonly #firstMs: number
  readonly #maxMs: number
  readonly #steadyMs: number
  #nextMs: number

  constructor(firstMs = 100, maxMs = 2_000, steadyMs = 10_000) {
    this.#firstMs = firstMs
    this.#maxMs = maxMs
    this.#steadyMs = steadyMs
    this.#nextMs = firstMs
  }

  /** Milliseconds to wait, after a run of `ranMs`. */
  next(ranMs: number): number {
    if (ranMs >= this.#steadyMs) this.#nextMs = this.#firstMs
    const waitMs = this.#nextMs
    this.#nextMs = Math.min(this.#maxMs, this.#nextMs * 2)
    return waitMs
  }
}
