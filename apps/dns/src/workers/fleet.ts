import type { RecordEntry } from '@standin/client'
import type { HeldTable, TableWatcher } from '@standin/serving/held-table'
import { Numbers } from '@standin/serving/metrics'
import { WorkerSet } from '@standin/serving/worker-set'
import type { Logger } from 'pino'
import type { DnsConfig } from '../dns-config.ts'
import type { Observed } from '../observe/admin-views.ts'
import type { ResolverScrape } from '../observe/exposition.ts'
import { metrics } from '../observe/metric-list.ts'
import { sumUpstreams } from '../observe/upstream-numbers.ts'
import type { ListenAddress } from '../server/dns-server.ts'
import type { RecordsHead } from '../table-source.ts'
import { newIdentity } from '../upstream/loop-marker.ts'
import { WorkerProcess } from './worker-process.ts'

/** How long a worker may take to tell its numbers, ms. */
const answerMs = 1_000
/** How often they are asked for: what a worker that dies has counted since is lost. */
const countEveryMs = 1_000

/** The workers of a resolver: as many as there should be, each with the table, started again when they die. */
export class Fleet implements Observed, TableWatcher {
  readonly #config: DnsConfig
  readonly #workers: WorkerSet<WorkerProcess>
  /** What workers that have died had counted. */
  readonly #ended = new Numbers(metrics)
  /** A question that one has asked is as well known to the others when it comes back. */
  readonly #identity = newIdentity().toString('hex')
  #table: HeldTable<RecordEntry, RecordsHead> | undefined
  #listen: ListenAddress
  #counting: NodeJS.Timeout | undefined

  constructor(config: DnsConfig, log: Logger) {
    this.#config = config
    this.#listen = config.listen
    this.#workers = new WorkerSet({
      size: config.workers,
      log,
      startAgain: (index) => this.#start(index),
      onEnd: (worker) => this.#ended.addCounted(worker.counted.values),
    })
  }

  /** Resolves when all listen, at an address that nobody else has. @throws StandinError; then none is left */
  async start(table: HeldTable<RecordEntry, RecordsHead>, listen: ListenAddress): Promise<string> {
    this.#table = table
    this.#listen = listen
    try {
      const [at = ''] = await Promise.all(this.#workers.places.map((_, index) => this.#start(index)))
      this.#workers.watch()
      this.#counting = setInterval(() => void this.scrape(), countEveryMs)
      this.#counting.unref()
      return at
    } catch (error) {
      this.#workers.abandon()
      throw error
    }
  }

  onReset(): void {
    this.#workers.each((worker) => worker.reset())
  }

  onChange(environment: number): void {
    this.#workers.each((worker) => worker.change(environment))
  }

  reload(): void {
    this.#workers.each((worker) => worker.reload())
  }

  /** Null: all answer for all names. */
  notReady(): string | null {
    return this.#workers.isStopping ? 'the resolver stops' : this.#workers.notReady()
  }

  /** What all have counted, those that have died included. One that doesn't answer is as it was when it did. */
  async scrape(): Promise<Omit<ResolverScrape, 'isFollowing' | 'revision'>> {
    await Promise.race([Promise.allSettled(this.#workers.places.map((worker) => worker?.count())), sleep(answerMs)])
    const workers = this.#workers.places.flatMap((worker, index) => (worker === null ? [] : [{ worker: index + 1, ...worker.counted }]))
    const values = metrics.sum([this.#ended.values, ...workers.map((each) => each.values)])
    const { offset } = metrics.list.environments
    // They all have the same ones.
    values[offset] = Math.max(...workers.map((each) => each.values[offset] ?? 0), 0)
    return { values, workers, upstreams: sumUpstreams(workers.flatMap(({ upstreams }) => upstreams)) }
  }

  /** Resolves when all have ended. */
  async stop(): Promise<void> {
    clearInterval(this.#counting)
    await this.#workers.stop((worker) => worker.stop())
  }

  /** Ends all at once. */
  kill(): void {
    this.#workers.kill()
  }

  async #start(index: number): Promise<string> {
    const worker = new WorkerProcess()
    this.#workers.put(index, worker)
    const start = { config: this.#config, listen: this.#listen, identity: this.#identity }
    return await worker.start(start, this.#table as HeldTable<RecordEntry, RecordsHead>)
  }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref())
