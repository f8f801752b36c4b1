/** At most so many at once; the others wait in order. */
export class Semaphore {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(permits: number) {
    this.#free = permits
  }

  /** Run `work` when there is room. @throws the signal's reason when it fires before that */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#acquire(signal)
    try {
      return await work()
    } finally {
      this.#release()
    }
  }

  #acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#free > 0) {
      this.#free -= 1
      return Promise.resolve()
    }
    return new Promise((enter, fail) => {
      const admitted = () => {
        signal.removeEventListener('abort', aborted)
        enter()
      }
      const aborted = () => {
        this.#waiting.splice(this.#waiting.indexOf(admitted), 1)
        fail(signal.reason)
      }
      signal.addEventListener('abort', aborted, { once: true })
      this.#waiting.push(admitted)
    })
  }

  #release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next()
  }
}
