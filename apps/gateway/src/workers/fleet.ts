import type { RouteEntry } from '@standin/client'
import { HeldTable } from '@standin/serving/held-table'
import { WorkerSet } from '@standin/serving/worker-set'
import type { Logger } from 'pino'
import { addressOf } from '../config-values.ts'
import type { ListeningAt } from '../engine.ts'
import type { GatewayConfig, ListenAddress } from '../gateway-config.ts'
import { Counts } from '../observe/counts.ts'
import type { EnvironmentView } from '../observe/environment-view.ts'
import type { TicketKeys } from '../tls/ticket-keys.ts'
import type { ActivityOutbox } from '../wake/activity-outbox.ts'
import type { RoutesHead } from './held-routes.ts'
import type { WakeOnce } from './wake-once.ts'
import { WorkerProcess } from './worker-process.ts'

/** How long a worker may take to tell its numbers, ms. */
const answerMs = 1_000
/** How often they are asked for: what a worker that dies has counted since is lost. */
const countEveryMs = 1_000

export interface FleetOptions {
  readonly config: GatewayConfig
  readonly log: Logger
  readonly ticketKeys: TicketKeys
  readonly pseudonym: string
  readonly wakes: WakeOnce
  readonly activity: Pick<ActivityOutbox, 'add'>
}

/** The workers of a gateway: as many as there should be, each with the table, started again when they die. */
export class Fleet {
  readonly table: HeldTable<RouteEntry, RoutesHead>
  readonly #options: FleetOptions
  readonly #workers: WorkerSet<WorkerProcess>
  readonly #refused = new Map<string, readonly string[]>()
  /** What workers that have died had counted. */
  readonly #ended = new Counts()
  #addresses: { http: ListenAddress | null; https: ListenAddress | null }
  #counting: NodeJS.Timeout | undefined

  constructor(options: FleetOptions) {
    this.#options = options
    this.#addresses = options.config
    this.#workers = new WorkerSet({
      size: options.config.workers,
      log: options.log,
      startAgain: (index) => this.#start(this.#fork(index), false),
      onEnd: (worker) => this.#ended.addCounted(worker.counted.values),
    })
    this.table = new HeldTable({
      onReset: () => this.#workers.each((worker) => worker.reset()),
      onChange: (environment) => {
        options.wakes.settle(environment)
        this.#workers.each((worker) => worker.change(environment))
      },
    })
  }

  /** Resolves when all listen. @throws StandinError `port_taken`, `invalid`; then none is left */
  async start(): Promise<ListeningAt> {
    const workers = this.#workers.places.map((_, index) => this.#fork(index))
    try {
      // All load at once; the first one finds out where the others listen as well.
      const at = await this.#start(workers[0] as WorkerProcess, true)
      this.#addresses = { http: addressOf(at.http), https: addressOf(at.https) }
      await Promise.all(workers.slice(1).map((worker) => this.#start(worker, false)))
      this.#workers.watch()
      this.#counting = setInterval(() => void this.count(), countEveryMs)
      this.#counting.unref()
      return at
    } catch (error) {
      this.#workers.abandon()
      throw error
    }
  }

  /** Addresses that no environment may have traffic sent to. */
  set(owner: string, listeners: readonly string[]): void {
    this.#refused.set(owner, listeners)
    this.#workers.each((worker) => worker.refuse(owner, listeners))
  }

  /** Null: all take traffic. */
  notReady(): string | null {
    return this.#workers.isStopping ? 'the gateway drains' : this.#workers.notReady()
  }

  /** What all have counted, those that have died included. */
  async count(): Promise<{ values: (readonly number[])[]; workers: { worker: number; residentBytes: number; cpuSeconds: number }[] }> {
    // One that doesn't answer is as it was when it did.
    await Promise.race([Promise.allSettled(this.#workers.places.map((worker) => worker?.count())), sleep(answerMs)])
    const living = this.#workers.places.flatMap((worker, index) => (worker === null ? [] : [{ worker: index + 1, ...worker.counted }]))
    return { values: [this.#ended.values, ...living.map(({ values }) => values)], workers: living }
  }

  /** How each worker sees an environment, by its number. */
  async describe(environment: number): Promise<{ worker: number; view: EnvironmentView | null }[]> {
    const views = this.#workers.places.map(async (worker, index) => ({
      worker: index + 1,
      view: worker === null ? null : await Promise.race([worker.describe(environment).catch(() => null), sleep(answerMs)]),
    }))
    return await Promise.all(views)
  }

  /** Resolves when all have ended. */
  async drain(ms: number): Promise<void> {
    clearInterval(this.#counting)
    await this.#workers.stop((worker) => worker.drain(ms), ms)
  }

  /** Ends all at once. */
  kill(): void {
    this.#workers.kill()
  }

  #fork(index: number): WorkerProcess {
    const { wakes, activity } = this.#options
    const worker = new WorkerProcess({
      wake: (environment, reason, signal) => wakes.wake(environment, reason, signal),
      activity: (items) => activity.add(items),
    })
    this.#workers.put(index, worker)
    return worker
  }

  async #start(worker: WorkerProcess, isFirst: boolean): Promise<ListeningAt> {
    const { config, ticketKeys, pseudonym } = this.#options
    return await worker.start({ config, ...this.#addresses, isFirst, ticketKeys: ticketKeys.state, pseudonym }, this.table, this.#refused)
  }
}

const sleep = (ms: number) => new Promise<null>((resolve) => setTimeout(resolve, ms, null).unref())
