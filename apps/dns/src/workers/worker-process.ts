import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { RecordEntry } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import type { HeldTable } from '@standin/serving/held-table'
import { PendingCalls } from '@standin/serving/pending-calls'
import { WorkerFeed } from '@standin/serving/worker-feed'
import type { DnsConfig } from '../dns-config.ts'
import type { Sample } from '../engine.ts'
import type { ListenAddress } from '../server/dns-server.ts'
import type { RecordsHead } from '../table-source.ts'
import type { FromWorker, ToWorker } from './messages.ts'

export interface Counted extends Sample {
  readonly residentBytes: number
  readonly cpuSeconds: number
}

const program = fileURLToPath(new URL('../worker.ts', import.meta.url))

/** One worker, from the start of its process to its end. */
export class WorkerProcess {
  readonly #child: ChildProcess
  readonly #listening = Promise.withResolvers<string>()
  readonly #counts = new PendingCalls<Counted>()
  #feed: WorkerFeed<RecordEntry, RecordsHead> | null = null
  /** Null: it answers for all names. */
  notReady: string | null = 'it starts'
  /** As it told them last. */
  counted: Counted = { values: [], upstreams: [], residentBytes: 0, cpuSeconds: 0 }
  /** How it ended: a signal or an exit code. */
  readonly ended: Promise<string>

  constructor() {
    this.#child = fork(program, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#child.on('message', (message: FromWorker) => this.#onMessage(message))
    this.#child.on('error', () => {})
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        const how = signal ?? `exit code ${code}`
        const gone = new StandinError('unreachable', `Worker ${this.pid} has ended (${how})`)
        this.notReady = 'it has ended'
        this.#counts.close(gone)
        this.#listening.reject(gone)
        resolve(how)
      })
    })
    this.#listening.promise.catch(() => {})
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Resolves when it listens, with where. @throws StandinError what kept it from that */
  async start(config: DnsConfig, listen: ListenAddress, table: HeldTable<RecordEntry, RecordsHead>): Promise<string> {
    this.#tell({ type: 'start', config, listen, awaitsTable: table.isThere })
    this.#feed = new WorkerFeed(table, (message, taken) =>
      this.#tell({ type: 'table', message, revision: table.head?.revision ?? 0 }, taken),
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
    this.#tell({ type: 'reload' })
  }

  async count(): Promise<Counted> {
    return await this.#counts.ask((call) => this.#tell({ type: 'count', call })).answer
  }

  stop(): void {
    this.#tell({ type: 'stop' })
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #tell(message: ToWorker, taken: () => void = () => {}): void {
    // To one that has ended nothing is ever said again; its feed goes with it.
    if (this.#child.connected) this.#child.send(message, (error) => error === null && taken())
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
