/** Milliseconds until one that has died is started again: doubled each time, from the start again after a steady run. */
const backoff = { firstMs: 50, maxMs: 2_000, steadyMs: 10_000 }
/** How long after its time to stop a worker may take to end by itself, ms. */
const endGraceMs = 3_000

/** What is known of a worker process. */
interface SupervisedWorker {
  readonly pid: number
  /** Null: it does its work. */
  readonly notReady: string | null
  /** How it ended: a signal or an exit code. */
  readonly ended: Promise<string>
  kill(): void
}

interface WorkerLog {
  info(facts: object, text: string): void
  error(facts: object, text: string): void
}

interface WorkerSetOptions<W> {
  readonly size: number
  readonly log: WorkerLog
  /** Forks a worker and `put`s it; resolves when it listens. */
  startAgain(index: number): Promise<unknown>
  /** One has ended and is gone from the set. */
  onEnd(worker: W): void
}

/** Worker processes by their numbers: as many as there should be, started again when they die. */
export class WorkerSet<W extends SupervisedWorker> {
  readonly #options: WorkerSetOptions<W>
  /** By number, from 1; null: it has died and is not back yet. */
  readonly #workers: (W | null)[]
  #isStopping = false

  constructor(options: WorkerSetOptions<W>) {
    this.#options = options
    this.#workers = Array(options.size).fill(null)
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  /** All places, also those whose worker is not back yet. */
  get places(): readonly (W | null)[] {
    return this.#workers
  }

  put(index: number, worker: W): void {
    this.#workers[index] = worker
  }

  /** From now on who ends is started again. */
  watch(): void {
    for (const index of this.#workers.keys()) void this.#watch(index, performance.now(), backoff.firstMs)
  }

  each(act: (worker: W) => void): void {
    for (const worker of this.#workers) if (worker !== null) act(worker)
  }

  /** Null: all do their work. */
  notReady(): string | null {
    for (const [index, worker] of this.#workers.entries()) {
      const why = worker === null ? 'it is started again' : worker.notReady
      if (why !== null) return `worker ${index + 1}: ${why}`
    }
    return null
  }

  /** Tells all to end, and resolves when they have: those that take longer than `ms` and a grace are killed. */
  async stop(tell: (worker: W) => void, ms = 0): Promise<void> {
    this.#isStopping = true
    const ends: Promise<unknown>[] = []
    this.each((worker) => {
      tell(worker)
      ends.push(worker.ended)
    })
    const deadline = setTimeout(() => this.kill(), ms + endGraceMs)
    await Promise.all(ends)
    clearTimeout(deadline)
  }

  /** Ends all at once, as `kill` does, and starts none again. */
  abandon(): void {
    this.#isStopping = true
    this.kill()
  }

  /** Ends all at once. */
  kill(): void {
    this.each((worker) => worker.kill())
  }

  /** Waits for the end of a worker, and starts another one in its place. */
  async #watch(index: number, startedAt: number, waitMs: number): Promise<void> {
    const { log, onEnd, startAgain } = this.#options
    const worker = this.#workers[index] as W
    const how = await worker.ended
    onEnd(worker)
    this.#workers[index] = null
    if (this.#isStopping) return
    const pause = performance.now() - startedAt > backoff.steadyMs ? backoff.firstMs : waitMs
    log.error({ worker: index + 1, pid: worker.pid, ended: how }, `a worker has ended; another one is started in ${pause} ms`)
    await new Promise((resolve) => setTimeout(resolve, pause).unref())
    if (this.#isStopping) return
    const begun = performance.now()
    try {
      await startAgain(index)
      log.info({ worker: index + 1 }, 'the worker is back')
    } catch (error) {
      log.error({ worker: index + 1, err: error }, 'the worker could not be started')
    }
    void this.#watch(index, begun, Math.min(backoff.maxMs, pause * 2))
  }
}
