import type { Clock } from '@standin/core'

interface Timer {
  readonly at: number
  readonly callback: () => void
}

/** Time that stands still until it is moved. */
export class FakeClock implements Clock {
  #now: number
  readonly #timers = new Set<Timer>()

  /** @param at ms since the epoch */
  constructor(at: number) {
    this.#now = at
  }

  now(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** When the next timer is due; null: there is none. */
  get nextAt(): number | null {
    let next: number | null = null
    for (const { at } of this.#timers) if (next === null || at < next) next = at
    return next
  }

  /** Move to the next timer, and call it and all that are due with it, in the order in which they were set. */
  step(): void {
    const at = this.nextAt
    if (at === null) return
    this.#now = Math.max(this.#now, at)
    for (const timer of [...this.#timers].filter((each) => each.at <= this.#now).toSorted((a, b) => a.at - b.at)) {
      // One of them may have cancelled another.
      if (this.#timers.delete(timer)) timer.callback()
    }
  }

  /** Move without calling anything: to where no timer is due yet. */
  moveTo(at: number): void {
    this.#now = Math.max(this.#now, at)
  }
}
