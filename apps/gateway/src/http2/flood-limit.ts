/**
 * What costs us more than the client, and has no use by the thousand: streams that are opened and reset, by the client
 * (CVE-2023-44487) or by us for its mistakes (CVE-2025-8671), empty frames (CVE-2019-9518), settings (CVE-2019-9515).
 * Browsers reset streams by the hundred when a page is left.
 */
const burst = 2_000
const perSecond = 200

/** Counts them for one connection. */
export class FloodLimit {
  #left = burst
  #filledAt: number

  /** @param now ms, of any clock, as with all calls */
  constructor(now: number) {
    this.#filledAt = now
  }

  /** One more. @returns false: it is too much */
  take(now: number): boolean {
    this.#left = Math.min(burst, this.#left + ((now - this.#filledAt) * perSecond) / 1000)
    this.#filledAt = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
