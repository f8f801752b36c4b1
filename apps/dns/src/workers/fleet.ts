import type { RecordEntry } from '@standin/client'
import type { HeldTable, TableWatcher } from '@standin/serving/held-table'
import { Numbers } from '@standin/serving/metrics'
import type { Logger } from 'pino'
import type { DnsConfig } from '../dns-config.ts'
import type { Observed } from '../observe/admin-views.ts'
import type { ResolverScrape } from '../observe/exposition.ts'
import { metrics } from '../observe/metric-list.ts'
import { sumUpstreams } from '../observe/upstream-numbers.ts'
import type { ListenAddress } from '../server/dns-server.ts'
import type { RecordsHead } from '../table-source.ts'
import { WorkerProcess } from './worker-process.ts'

/** Milliseconds until one that has died is started again: doubled each time, from the start again after a steady run. */
const backoff = { firstMs: 50, maxMs: 2_000, steadyMs: 10_000 }
/** How long a worker may take to end by itself, ms. */
const endGraceMs = 3_000
/** How long a worker may take to tell its numbers, ms. */
const answerMs = 1_000
/** How often they are asked for: what a worker that dies has counted since is lost. */
const countEveryMs = 1_000

/** The workers of a resolver: as many as there should be, each with the table, started again when they die. */
export class Fleet implements Observed, TableWatcher {
  readonly #config: DnsConfig
  readonly #log: Logger
  /** By number, from 1; null: it has died and is not back yet. */
  readonly #workers: (WorkerProcess | null)[]
  /** What workers that have died had counted. */
  readonly #ended = new Numbers(metrics)
  #table: HeldTable<RecordEntry, RecordsHead> | undefined
  #listen: ListenAddress
  #counting: NodeJS.Timeout | undefined
  #isStopping = false

  constructor(config: DnsConfig, log: Logger) {
    this.#config = config
    this.#log = log
    this.#listen = config.listen
    this.#workers = Array(config.workers).fill(null)
  }

  /** Resolves when all listen, at an address that nobody else has. @throws StandinError; then none is left */
  async start(table: HeldTable<RecordEntry, RecordsHead>, listen: ListenAddress): Promise<string> {
    this.#table = table
    this.#listen = listen
    try {
      const [at = ''] = await Promise.all(this.#workers.map((_, index) => this.#start(index)))
      for (const index of this.#workers.keys()) void this.#watch(index, performance.now(), backoff.firstMs)
      this.#counting = setInterval(() => void this.scrape(), countEveryMs)
      this.#counting.unref()
      return at
    } catch (error) {
      this.#isStopping = true
      this.kill()
      throw error
    }
  }

  onReset(): void {
    this.#eachWorker((worker) => worker.reset())
  }

  onChange(environment: number): void {
    this.#eachWorker((worker) => worker.change(environment))
  }

  reload(): void {
    this.#eachWorker((worker) => worker.reload())
  }

  /** Null: all answer for all names. */
  notReady(): string | null {
    if (this.#isStopping) return 'the resolver stops'
    for (const [index, worker] of this.#workers.entries()) {
      const why = worker === null ? 'it is started again' : worker.notReady
      if (why !== null) return `worker ${index + 1}: ${why}`
    }
    return null
  }

  /** What all have counted, those that have died included. One that doesn't answer is as it was when it did. */
  async scrape(): Promise<Omit<ResolverScrape, 'isFollowing' | 'revision'>> {
    await Promise.race([Promise.allSettled(this.#workers.map((worker) => worker?.count())), sleep(answerMs)])
    const workers = this.#workers.flatMap((worker, index) => (worker === null ? [] : [{ worker: index + 1, ...worker.counted }]))
    const values = metrics.sum([this.#ended.values, ...workers.map((each) => each.values)])
    const { offset } = metrics.list.environments
    // They all have the same ones.
    values[offset] = Math.max(...workers.map((each) => each.values[offset] ?? 0), 0)
    return { values, workers, upstreams: sumUpstreams(workers.flatMap(({ upstreams }) => upstreams)) }
  }

  /** Resolves when all have ended. */
  async stop(): Promise<void> {
    this.#isStopping = true
    clearInterval(this.#counting)
    const ends: Promise<unknown>[] = []
    this.#eachWorker((worker) => {
      worker.stop()
      ends.push(worker.ended)
    })
    const deadline = setTimeout(() => this.kill(), endGraceMs)
    await Promise.all(ends)
    clearTimeout(deadline)
  }

  /** Ends all at once. */
  kill(): void {
    this.#eachWorker((worker) => worker.kill())
  }

  async #start(index: number): Promise<string> {
    const worker = new WorkerProcess()
    this.#workers[index] = worker
    return await worker.start(this.#config, this.#listen, this.#table as HeldTable<RecordEntry, RecordsHead>)
  }

  /** Waits for the end of a worker, and starts another one in its place. */
  async #watch(index: number, startedAt: number, waitMs: number): Promise<void> {
    const worker = this.#workers[index] as WorkerProcess
    const how = await worker.ended
    this.#ended.addCounted(worker.counted.values)
    this.#workers[index] = null
    if (this.#isStopping) return
    const pause = performance.now() - startedAt > backoff.steadyMs ? backoff.firstMs : waitMs
    this.#log.error({ worker: index + 1, pid: worker.pid, ended: how }, `a worker has ended; another one is started in ${pause} ms`)
    await sleep(pause)
    if (this.#isStopping) return
    const begun = performance.now()
    try {
      await this.#start(index)
      this.#log.info({ worker: index + 1 }, 'the worker is back')
    } catch (error) {
      this.#log.error({ worker: index + 1, err: error }, 'the worker could not be started')
    }
    void this.#watch(index, begun, Math.min(backoff.maxMs, pause * 2))
  }

  #eachWorker(act: (worker: WorkerProcess) => void): void {
    for (const worker of this.#workers) if (worker !== null) act(worker)
  }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref())
