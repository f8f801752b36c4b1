import type { RouteEntry } from '@standin/client'
import { HeldTable } from '@standin/serving/held-table'
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

/** Milliseconds until one that has died is started again: doubled each time, from the start again after a steady run. */
const backoff = { firstMs: 50, maxMs: 2_000, steadyMs: 10_000 }
/** How long after the drain a worker may take to end by itself, ms. */
const endGraceMs = 3_000
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
  /** By number, from 1; null: it has died and is not back yet. */
  readonly #workers: (WorkerProcess | null)[]
  readonly #refused = new Map<string, readonly string[]>()
  /** What workers that have died had counted. */
  readonly #ended = new Counts()
  #addresses: { http: ListenAddress | null; https: ListenAddress | null }
  #counting: NodeJS.Timeout | undefined
  #isStopping = false

  constructor(options: FleetOptions) {
    this.#options = options
    this.#addresses = options.config
    this.#workers = Array(options.config.workers).fill(null)
    this.table = new HeldTable({
      onReset: () => this.#eachWorker((worker) => worker.reset()),
      onChange: (environment) => {
        options.wakes.settle(environment)
        this.#eachWorker((worker) => worker.change(environment))
      },
    })
  }

  /** Resolves when all listen. @throws StandinError `port_taken`, `invalid`; then none is left */
  async start(): Promise<ListeningAt> {
    const workers = this.#workers.map((_, index) => this.#fork(index))
    try {
      // All load at once; the first one finds out where the others listen as well.
      const at = await this.#start(workers[0] as WorkerProcess, true)
      this.#addresses = { http: addressOf(at.http), https: addressOf(at.https) }
      await Promise.all(workers.slice(1).map((worker) => this.#start(worker, false)))
      for (const index of this.#workers.keys()) void this.#watch(index, performance.now(), backoff.firstMs)
      this.#counting = setInterval(() => void this.count(), countEveryMs)
      this.#counting.unref()
      return at
    } catch (error) {
      this.#isStopping = true
      this.kill()
      throw error
    }
  }

  /** Addresses that no environment may have traffic sent to. */
  set(owner: string, listeners: readonly string[]): void {
    this.#refused.set(owner, listeners)
    this.#eachWorker((worker) => worker.refuse(owner, listeners))
  }

  /** Null: all take traffic. */
  notReady(): string | null {
    if (this.#isStopping) return 'the gateway drains'
    for (const [index, worker] of this.#workers.entries()) {
      const why = worker === null ? 'it is started again' : worker.notReady
      if (why !== null) return `worker ${index + 1}: ${why}`
    }
    return null
  }

  /** What all have counted, those that have died included. */
  async count(): Promise<{ values: (readonly number[])[]; workers: { worker: number; residentBytes: number; cpuSeconds: number }[] }> {
    // One that doesn't answer is as it was when it did.
    await Promise.race([Promise.allSettled(this.#workers.map((worker) => worker?.count())), sleep(answerMs)])
    const living = this.#workers.flatMap((worker, index) => (worker === null ? [] : [{ worker: index + 1, ...worker.counted }]))
    return { values: [this.#ended.values, ...living.map(({ values }) => values)], workers: living }
  }

  /** How each worker sees an environment, by its number. */
  async describe(environment: number): Promise<{ worker: number; view: EnvironmentView | null }[]> {
    const views = this.#workers.map(async (worker, index) => ({
      worker: index + 1,
      view: worker === null ? null : await Promise.race([worker.describe(environment).catch(() => null), sleep(answerMs)]),
    }))
    return await Promise.all(views)
  }

  /** Resolves when all have ended. */
  async drain(ms: number): Promise<void> {
    this.#isStopping = true
    clearInterval(this.#counting)
    const ends: Promise<unknown>[] = []
    this.#eachWorker((worker) => {
      worker.drain(ms)
      ends.push(worker.ended)
    })
    const deadline = setTimeout(() => this.kill(), ms + endGraceMs)
    await Promise.all(ends)
    clearTimeout(deadline)
  }

  /** Ends all at once. */
  kill(): void {
    this.#eachWorker((worker) => worker.kill())
  }

  #fork(index: number): WorkerProcess {
    const { wakes, activity } = this.#options
    const worker = new WorkerProcess({
      wake: (environment, reason, signal) => wakes.wake(environment, reason, signal),
      activity: (items) => activity.add(items),
    })
    this.#workers[index] = worker
    return worker
  }

  async #start(worker: WorkerProcess, isFirst: boolean): Promise<ListeningAt> {
    const { config, ticketKeys, pseudonym } = this.#options
    return await worker.start({ config, ...this.#addresses, isFirst, ticketKeys: ticketKeys.state, pseudonym }, this.table, this.#refused)
  }

  /** Waits for the end of a worker, and starts another one in its place. */
  async #watch(index: number, startedAt: number, waitMs: number): Promise<void> {
    const worker = this.#workers[index] as WorkerProcess
    const how = await worker.ended
    this.#ended.addCounted(worker.counted.values)
    this.#workers[index] = null
    if (this.#isStopping) return
    const pause = performance.now() - startedAt > backoff.steadyMs ? backoff.firstMs : waitMs
    const { log } = this.#options
    log.error({ worker: index + 1, pid: worker.pid, ended: how }, `a worker has ended; another one is started in ${pause} ms`)
    await sleep(pause)
    if (this.#isStopping) return
    const begun = performance.now()
    try {
      await this.#start(this.#fork(index), false)
      log.info({ worker: index + 1 }, 'the worker is back')
    } catch (error) {
      log.error({ worker: index + 1, err: error }, 'the worker could not be started')
    }
    void this.#watch(index, begun, Math.min(backoff.maxMs, pause * 2))
  }

  #eachWorker(act: (worker: WorkerProcess) => void): void {
    for (const worker of this.#workers) if (worker !== null) act(worker)
  }
}

const sleep = (ms: number) => new Promise<null>((resolve) => setTimeout(resolve, ms, null).unref())
