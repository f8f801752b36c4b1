/** Something with deadlines of whole seconds. */
export interface Swept {
  /** @param tick seconds that the sweeper has run for */
  sweep(tick: number): void
}

const tickMs = 1_000

/**
 * One timer for all connections of the process: each has a deadline, nearly none comes to it, and a timer for each would
 * cost more than everything else that is done with it.
 */
class Sweeper {
  /** Now, in ticks. What is noted here and compared later is right to one tick. */
  tick = 0
  readonly #swept = new Set<Swept>()
  #timer: NodeJS.Timeout | null = null

  add(swept: Swept): void {
    this.#swept.add(swept)
    if (this.#timer !== null) return
    this.#timer = setInterval(() => this.#sweepAll(), tickMs)
    this.#timer.unref()
  }

  /** The timer ends with the last one. */
  delete(swept: Swept): void {
    this.#swept.delete(swept)
    if (this.#swept.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  #sweepAll(): void {
    this.tick++
    for (const swept of this.#swept) swept.sweep(this.tick)
  }
}

export const sweeper = new Sweeper()
