/** Somebody who waits for a place in a pool. */
export interface Waiter {
  /** It has a place now, and has to leave it as everybody else. */
  onPlace(): void
  /** Nobody left in time. */
  onNoPlace(): void
}

/** Who waits for a place, in the order in which they came. */
export class PendingQueue {
  /** Waiter → when it gives up, ms as `performance.now()`. Maps keep their order. */
  readonly #waiters = new Map<Waiter, number>()

  get size(): number {
    return this.#waiters.size
  }

  push(waiter: Waiter, deadline: number): void {
    this.#waiters.set(waiter, deadline)
  }

  /** The one who has waited longest. */
  shift(): Waiter | undefined {
    for (const waiter of this.#waiters.keys()) {
      this.#waiters.delete(waiter)
      return waiter
    }
    return undefined
  }

  /** @returns whether it waited */
  remove(waiter: Waiter): boolean {
    return this.#waiters.delete(waiter)
  }

  /** The next one whose time is over. All wait equally long, so it is always the first one. */
  shiftLate(now: number): Waiter | undefined {
    for (const [waiter, deadline] of this.#waiters) {
      if (deadline > now) return undefined
      this.#waiters.delete(waiter)
      return waiter
    }
    return undefined
  }
}
