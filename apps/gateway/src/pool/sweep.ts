/** Something that has to look at the clock now and then. */
export interface Swept {
  /** @returns false: it needs not be called again */
  sweep(now: number): boolean
}

/** How late a sweep may notice something, ms. */
const sweepEveryMs = 50

/** The one timer of all pools. It runs only while somebody needs it. */
export class Sweep {
  readonly #swept = new Set<Swept>()
  #timer: NodeJS.Timeout | undefined

  add(one: Swept): void {
    this.#swept.add(one)
    if (this.#timer !== undefined) return
    this.#timer = setInterval(() => this.#run(), sweepEveryMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#swept.clear()
  }

  #run(): void {
    const now = performance.now()
    for (const one of this.#swept) if (!one.sweep(now)) this.#swept.delete(one)
    if (this.#swept.size === 0) this.stop()
  }
}
