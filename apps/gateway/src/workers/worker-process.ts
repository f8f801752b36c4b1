import type { RouteEntry } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import type { HeldTable } from '@standin/serving/held-table'
import { PendingCalls } from '@standin/serving/pending-calls'
import type { ProcessUse } from '@standin/serving/primary-channel'
import { WorkerChannel } from '@standin/serving/worker-channel'
import { WorkerFeed } from '@standin/serving/worker-feed'
import type { ListeningAt } from '../engine.ts'
import type { EnvironmentView } from '../observe/environment-view.ts'
import type { RoutesHead } from './held-routes.ts'
import type { FromWorker, ToWorker } from './messages.ts'

/** What a worker asks of its primary. */
export interface WorkerRequests {
  wake(environment: number, reason: string, signal: AbortSignal): Promise<void>
  activity(items: Extract<FromWorker, { type: 'activity' }>['items']): void
}

type Counted = { readonly values: readonly number[] } & ProcessUse

const program = new URL('../worker.ts', import.meta.url)

/** One worker, from the start of its process to its end. */
export class WorkerProcess {
  readonly #channel: WorkerChannel<ToWorker, FromWorker>
  readonly #requests: WorkerRequests
  readonly #listening = Promise.withResolvers<ListeningAt>()
  readonly #counts = new PendingCalls<Counted>()
  readonly #views = new PendingCalls<EnvironmentView | null>()
  readonly #wakes = new Map<number, AbortController>()
  #feed: WorkerFeed<RouteEntry, RoutesHead> | null = null
  /** Null: it takes traffic. */
  notReady: string | null = 'it starts'
  /** As it told them last. */
  counted: Counted = { values: [], residentBytes: 0, cpuSeconds: 0 }

  constructor(requests: WorkerRequests) {
    this.#requests = requests
    this.#channel = new WorkerChannel(program, {
      onMessage: (message) => this.#onMessage(message),
      onGone: (gone) => {
        this.notReady = 'it has ended'
        for (const wake of this.#wakes.values()) wake.abort()
        this.#counts.close(gone)
        this.#views.close(gone)
        this.#listening.reject(gone)
      },
    })
    this.#listening.promise.catch(() => {})
  }

  get pid(): number {
    return this.#channel.pid
  }

  /** How it ended: a signal or an exit code. */
  get ended(): Promise<string> {
    return this.#channel.ended
  }

  /** Resolves when it listens. @throws StandinError what kept it from that */
  async start(
    options: Omit<Extract<ToWorker, { type: 'start' }>, 'type' | 'awaitsTable'>,
    table: HeldTable<RouteEntry, RoutesHead>,
    refused: ReadonlyMap<string, readonly string[]>,
  ): Promise<ListeningAt> {
    this.#channel.tell({ type: 'start', ...options, awaitsTable: table.isThere })
    for (const [owner, listeners] of refused) this.refuse(owner, listeners)
    this.#feed = new WorkerFeed(table, (message, taken) => this.#channel.tell(message, taken))
    return await this.#listening.promise
  }

  reset(): void {
    this.#feed?.reset()
  }

  change(environment: number): void {
    this.#feed?.change(environment)
  }

  refuse(owner: string, listeners: readonly string[]): void {
    this.#channel.tell({ type: 'refused', owner, listeners })
  }

  describe(environment: number): Promise<EnvironmentView | null> {
    return this.#views.ask((call) => this.#channel.tell({ type: 'describe', call, environment })).answer
  }

  async count(): Promise<Counted> {
    return await this.#counts.ask((call) => this.#channel.tell({ type: 'count', call })).answer
  }

  drain(ms: number): void {
    this.#channel.tell({ type: 'drain', ms })
  }

  kill(): void {
    this.#channel.kill()
  }

  #onMessage(message: FromWorker): void {
    switch (message.type) {
      case 'listening':
        this.#listening.resolve(message.at)
        break
      case 'failed':
        this.#listening.reject(StandinError.fromProblem(message.problem))
        this.kill()
        break
      case 'readiness':
        this.notReady = message.notReady
        break
      case 'counted':
        this.counted = message
        this.#counts.resolve(message.call, message)
        break
      case 'described':
        this.#views.resolve(message.call, message.view)
        break
      case 'activity':
        this.#requests.activity(message.items)
        this.#channel.tell({ type: 'done', call: message.call, problem: null })
        break
      case 'wake':
        void this.#wake(message)
        break
      case 'forget':
        this.#wakes.get(message.call)?.abort()
        break
    }
  }

  async #wake({ call, environment, reason }: Extract<FromWorker, { type: 'wake' }>): Promise<void> {
    const abort = new AbortController()
    this.#wakes.set(call, abort)
    const problem = await this.#requests.wake(environment, reason, abort.signal).then(
      () => null,
      (error: Error) =>
        (error instanceof StandinError ? error : new StandinError('unreachable', error.message, { cause: error })).toProblem(),
    )
    this.#wakes.delete(call)
    this.#channel.tell({ type: 'done', call, problem })
  }
}
