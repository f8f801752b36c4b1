import type { RecordEntry } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import type { HeldTable } from '@standin/serving/held-table'
import { PendingCalls } from '@standin/serving/pending-calls'
import type { ProcessUse } from '@standin/serving/primary-channel'
import { WorkerChannel } from '@standin/serving/worker-channel'
import { WorkerFeed } from '@standin/serving/worker-feed'
import type { Sample } from '../engine.ts'
import type { RecordsHead } from '../table-source.ts'
import type { FromWorker, ToWorker } from './messages.ts'

type Counted = Sample & ProcessUse

type WorkerStart = Pick<Extract<ToWorker, { type: 'start' }>, 'config' | 'listen' | 'identity'>

const program = new URL('../worker.ts', import.meta.url)

/** One worker, from the start of its process to its end. */
export class WorkerProcess {
  readonly #channel: WorkerChannel<ToWorker, FromWorker>
  readonly #listening = Promise.withResolvers<string>()
  readonly #counts = new PendingCalls<Counted>()
  #feed: WorkerFeed<RecordEntry, RecordsHead> | null = null
  /** Null: it answers for all names. */
  notReady: string | null = 'it starts'
  /** As it told them last. */
  counted: Counted = { values: [], upstreams: [], residentBytes: 0, cpuSeconds: 0 }

  constructor() {
    this.#channel = new WorkerChannel(program, {
      onMessage: (message) => this.#onMessage(message),
      onGone: (gone) => {
        this.notReady = 'it has ended'
        this.#counts.close(gone)
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

  /** Resolves when it listens, with where. @throws StandinError what kept it from that */
  async start({ config, listen, identity }: WorkerStart, table: HeldTable<RecordEntry, RecordsHead>): Promise<string> {
    this.#channel.tell({ type: 'start', config, listen, identity, awaitsTable: table.isThere })
    this.#feed = new WorkerFeed(table, (message, taken) =>
      this.#channel.tell({ type: 'table', message, revision: table.head?.revision ?? 0 }, taken),
    )
    return await this.#listening.promise
  }

  reset(): void {
    this.#feed?.reset()
  }

  change(environment: number): void {
    this.#feed?.change(environment)
  }

  reload(): void {
    this.#channel.tell({ type: 'reload' })
  }

  async count(): Promise<Counted> {
    return await this.#counts.ask((call) => this.#channel.tell({ type: 'count', call })).answer
  }

  stop(): void {
    this.#channel.tell({ type: 'stop' })
  }

  kill(): void {
    this.#channel.kill()
  }

  #onMessage(message: FromWorker): void {
    switch (message.type) {
      case 'listening':
        this.#listening.resolve(message.dns)
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
    }
  }
}
