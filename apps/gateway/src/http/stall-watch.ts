/**
 * Whether something that waits for a client gets on. It is asked whenever all connections are looked at, so that a
 * request that goes well costs nothing, and no timer.
 */
export class StallWatch {
  #progress = -1
  #since = 0

  /**
   * @param progress any number that changes when it gets on
   * @param now ms, as `OpenConnections.now`
   * @returns it has been the same for `limitMs`
   */
  hasStalled(progress: number, now: number, limitMs: number): boolean {
    if (progress === this.#progress) return now - this.#since >= limitMs
    this.#progress = progress
    this.#since = now
    return false
  }

  /** Nothing waits for the client. */
  reset(): void {
    this.#progress = -1
  }
}
