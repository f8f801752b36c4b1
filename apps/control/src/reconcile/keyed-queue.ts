/** One task per key at a time; a key that is kicked while its task runs is run once more afterwards. */
export class KeyedQueue {
  readonly #run: (key: number, signal: AbortSignal) => Promise<void>
  readonly #running = new Map<number, RunningTask>()
  #closed = false

  /** @param run must not reject */
  constructor(run: (key: number, signal: AbortSignal) => Promise<void>) {
    this.#run = run
  }

  kick(key: number): void {
    if (this.#closed) return
    const running = this.#running.get(key)
    if (running !== undefined) {
      running.again = true
      return
    }
    const task: RunningTask = { again: false, abort: new AbortController(), done: Promise.resolve() }
    this.#running.set(key, task)
    task.done = this.#work(key, task)
  }

  /** Something else is wanted now: end what runs early and run again. */
  interrupt(key: number): void {
    const running = this.#running.get(key)
    running?.abort.abort(new Error('superseded'))
    this.kick(key)
  }

  isRunning(key: number): boolean {
    return this.#running.has(key)
  }

  /** Nothing runs. */
  get empty(): boolean {
    return this.#running.size === 0
  }

  /** Until nothing is queued or running for this key. */
  async idle(key: number): Promise<void> {
    await this.#running.get(key)?.done
  }

  /** Take nothing more, end what runs early, and wait for it at most so long. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true
    const tasks = [...this.#running.values()]
    for (const task of tasks) {
      task.again = false
      task.abort.abort(new Error('shutting down'))
    }
    let timer: NodeJS.Timeout | undefined
    const grace = new Promise<void>((done) => {
      timer = setTimeout(done, graceMs)
    })
    await Promise.race([Promise.all(tasks.map((task) => task.done)), grace])
    clearTimeout(timer)
  }

  async #work(key: number, task: RunningTask): Promise<void> {
    do {
      task.again = false
      if (task.abort.signal.aborted) task.abort = new AbortController()
      await this.#run(key, task.abort.signal)
    } while (task.again && !this.#closed)
    this.#running.delete(key)
  }
}

interface RunningTask {
  again: boolean
  abort: AbortController
  done: Promise<void>
}
