/**
 * Stands still while the environment is suspended: nothing that sleeps here wakes, and its clock does not advance, so
 * no health check fails and no restart happens because time passed that the processes did not see.
 */
export class Gate {
  #pausedAt: number | null = null
  #pausedMs = 0
  #waiting: (() => void)[] = []

  get paused(): boolean {
    return this.#pausedAt !== null
  }

  /** Milliseconds of time in which the gate was open. */
  clock(): number {
    return (this.#pausedAt ?? performance.now()) - this.#pausedMs
  }

  pause(): void {
    this.#pausedAt ??= performance.now()
  }

  open(): void {
    if (this.#pausedAt === null) return
    this.#pausedMs += performance.now() - this.#pausedAt
    this.#pausedAt = null
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** At once where it is open. */
  async opened(): Promise<void> {
    while (this.paused) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  async sleep(ms: number): Promise<void> {
    const until = this.clock() + ms
    do {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, until - this.clock())))
      await this.opened()
    } while (this.clock() < until - 1)
  }
}
