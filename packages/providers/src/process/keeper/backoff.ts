/** Waiting time before a restart, in ms: 100, doubled up to 30 s, from the beginning again after 10 s of running. */
export class Backoff {
  #failures = 0

  next(ranMs: number): number {
    if (ranMs >= 10_000) this.#failures = 0
    return Math.min(30_000, 100 * 2 ** this.#failures++)
  }

  reset(): void {
    this.#failures = 0
  }
}
