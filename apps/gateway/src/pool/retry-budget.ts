/** Retries that are always allowed in a second, so that a quiet pool can retry at all. */
const alwaysPerSecond = 10
/** What is left of a count after one more second: a window of ten seconds whose edge is soft. */
const keptPerSecond = 0.9

/**
 * Keeps retries from doubling the load of a pool that has a hard time: they may be a share of its requests of the last
 * ten seconds or so.
 */
export class RetryBudget {
  #requests = 0
  #retries = 0
  #retriesNow = 0
  /** End of the current second, ms as `performance.now()`. */
  #turnsAt: number

  constructor(now: number) {
    this.#turnsAt = now + 1_000
  }

  /** One more request. @param now ms, as `performance.now()` */
  count(now: number): void {
    if (now >= this.#turnsAt) this.#turn(now)
    this.#requests++
  }

  /** Whether one more retry is allowed, which is counted then. */
  spend(percent: number, now: number): boolean {
    if (now >= this.#turnsAt) this.#turn(now)
    if (this.#retriesNow >= alwaysPerSecond && (this.#retries + 1) * 100 > this.#requests * percent) return false
    this.#retriesNow++
    this.#retries++
    return true
  }

  #turn(now: number): void {
    const seconds = Math.floor((now - this.#turnsAt) / 1_000) + 1
    const kept = keptPerSecond ** seconds
    this.#requests *= kept
    this.#retries *= kept
    this.#retriesNow = 0
    this.#turnsAt += seconds * 1_000
  }
}
