import { basename, resolve } from 'node:path'
import type { RouteEntry, TableSnapshot } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import { whyUnreadable } from '@standin/serving/why-unreadable'
import { readRoutesFile } from './read-routes-file.ts'
import { RoutesTable } from './routes-table.ts'
import { WatchedFile } from './watched-file.ts'

/** Who holds the table. */
interface Sink {
  reset(snapshot: TableSnapshot<RouteEntry>, source: 'control' | 'file'): void
}

/** What it needs of a logger. */
interface Log {
  info(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** How long a bad file is given to become a good one, ms: it may be read while it is being written. */
const patienceMs = 250

/** Keeps a router's table like a routes file, in place of a control plane. A bad file changes nothing. */
export class RoutesFileSource {
  /** Tables taken from it, and texts that were no valid routes file, so far. */
  loads = 0
  failures = 0
  /** In the table as it is. */
  routes = 0
  /** What is wrong with the file as it is now; null: nothing. */
  fault: StandinError | null = null
  readonly #path: string
  readonly #sink: Sink
  readonly #log: Log
  readonly #table = new RoutesTable()
  readonly #file: WatchedFile
  #complaint: NodeJS.Timeout | undefined

  constructor(path: string, sink: Sink, log: Log) {
    this.#path = resolve(path)
    this.#sink = sink
    this.#log = log
    this.#file = new WatchedFile(
      this.#path,
      (text) => this.#change(text),
      (error) => this.#complain(cannotRead(this.#path, error)),
    )
  }

  /** @throws StandinError `invalid` where the file can't be read or is no valid one: there would be nothing to serve */
  async start(): Promise<void> {
    let text: string
    try {
      text = await this.#file.open()
    } catch (error) {
      this.#file.close()
      throw cannotRead(this.#path, error as Error)
    }
    try {
      this.#apply(text)
    } catch (error) {
      this.#file.close()
      throw error
    }
  }

  stop(): void {
    clearTimeout(this.#complaint)
    this.#file.close()
  }

  #change(text: string): void {
    clearTimeout(this.#complaint)
    try {
      this.#apply(text)
      this.#log.info({ routesFile: this.#path, routes: this.routes }, 'the routes file was read anew')
    } catch (error) {
      const problem = error instanceof StandinError ? error : new StandinError('internal', (error as Error).message, { cause: error })
      this.#complaint = setTimeout(() => this.#complain(problem), patienceMs)
    }
  }

  #complain(problem: StandinError): void {
    this.failures++
    this.fault = problem
    this.#log.error({ routesFile: this.#path, errors: problem.errors }, `${problem.message}; the routes stay as they were`)
  }

  #apply(text: string): void {
    const file = readRoutesFile(text, basename(this.#path))
    const items = this.#table.entries(file)
    this.#sink.reset({ epoch: 'file', revision: ++this.loads, domain: file.domain ?? '', gateway: [], nextId: 0, items }, 'file')
    this.routes = file.routes.length
    this.fault = null
  }
}

const cannotRead = (path: string, error: Error) =>
  new StandinError('invalid', `The routes file ${path} can not be read: ${whyUnreadable(error)}`, {
    hint: 'Name another one with --routes; docs/guide/gateway-alone.md shows how one looks',
    cause: error,
  })
