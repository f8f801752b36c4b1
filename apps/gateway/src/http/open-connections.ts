/** A connection from a client, as whoever looks after all of them sees it. */
export interface OpenConnection {
  /** Closes it if it has been waiting for too long. @param now ms, as `OpenConnections.now` */
  sweep(now: number): void
  /** The gateway stops: closes as soon as nothing is under way on it. */
  drain(): void
  /** Closes it, whatever is under way. */
  destroy(): void
}

/** Milliseconds between two looks at all connections: none has a timer of its own. */
const sweepMs = 500

/** All connections that clients have open. */
export class OpenConnections {
  readonly #open = new Set<OpenConnection>()
  #timer: NodeJS.Timeout | undefined
  #now = performance.now()
  #onEmpty: (() => void) | null = null

  get size(): number {
    return this.#open.size
  }

  /** Milliseconds, no more than half a second behind `performance.now()`: good enough for deadlines. */
  get now(): number {
    return this.#now
  }

  add(connection: OpenConnection): void {
    this.#open.add(connection)
    if (this.#timer !== undefined) return
    this.#now = performance.now()
    this.#timer = setInterval(() => this.#sweep(), sweepMs)
    this.#timer.unref()
  }

  delete(connection: OpenConnection): void {
    this.#open.delete(connection)
    if (this.#open.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#onEmpty?.()
  }

  /** Lets what is under way end by itself, for `ms` at most. Nobody may be accepted any more. */
  async drain(ms: number): Promise<void> {
    if (this.#open.size === 0) return
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve
    })
    for (const connection of this.#open) connection.drain()
    const deadline = setTimeout(() => {
      for (const connection of this.#open) connection.destroy()
    }, ms)
    await empty
    clearTimeout(deadline)
  }

  #sweep(): void {
    this.#now = performance.now()
    for (const connection of this.#open) connection.sweep(this.#now)
  }
}
