import type { Loose, QueryOf, RequestOptions } from './endpoint-types.ts'
import { readJsonLines } from './json-lines.ts'
import type { Events } from './resources/events.ts'
import type { Environment, EnvironmentAction, EnvironmentState, LogLine, Stats, UpdateEnvironment } from './schemas/environments.ts'
import type { SectionList } from './schemas/plugins.ts'
import type { Transport } from './transport.ts'
import { leaving, reaching, type WaitOptions, waitFor } from './wait.ts'

export interface ActionOptions extends RequestOptions {
  /** Why, in words; it is kept with the change. */
  readonly reason?: string | undefined
}

export interface UpdateOptions extends RequestOptions {
  /** Change it only if nothing of it has changed since it had this `revision`. */
  readonly ifRevision?: number | undefined
}

/** A class whose instances have the fields that they are given. */
const EnvironmentFields = class {
  constructor(data: Environment) {
    Object.assign(this, data)
  }
} as new (
  data: Environment,
) => Readonly<Environment>

/**
 * An environment as it was when last looked at, with what can be done to it. Its fields change with every call that
 * answers with the environment, and with `refresh`. `JSON.stringify` gives the fields alone.
 */
export class LiveEnvironment extends EnvironmentFields {
  readonly #transport: Transport
  readonly #events: Events

  constructor(data: Environment, transport: Transport, events: Events) {
    super(data)
    this.#transport = transport
    this.#events = events
  }

  isRunning(): boolean {
    return this.state === 'running'
  }

  isSuspended(): boolean {
    return this.state === 'suspended'
  }

  isStopped(): boolean {
    return this.state === 'stopped'
  }

  isDeleted(): boolean {
    return this.state === 'deleted'
  }

  isFailed(): boolean {
    return this.state === 'failed'
  }

  /** On its way to another state. */
  isChanging(): boolean {
    return !(['running', 'suspended', 'stopped', 'deleted', 'failed'] as EnvironmentState[]).includes(this.state)
  }

  /** Want it running. Like all of these it answers at once; `waitUntil('running')` waits. @throws StandinError `state_conflict`, `quota_exceeded`, `not_admitted` */
  start(options?: ActionOptions): Promise<this> {
    return this.#act('start', options)
  }

  /** @throws StandinError `unsupported` where the provider can't, `state_conflict` */
  suspend(options?: ActionOptions): Promise<this> {
    return this.#act('suspend', options)
  }

  /** @throws StandinError `state_conflict`, `quota_exceeded`, `not_admitted` */
  resume(options?: ActionOptions): Promise<this> {
    return this.#act('resume', options)
  }

  /** @throws StandinError `state_conflict` */
  stop(options?: ActionOptions): Promise<this> {
    return this.#act('stop', options)
  }

  /** Out of the trash. @throws StandinError `state_conflict` where it isn't deleted, `environment_deleted` where it was purged */
  undelete(options?: ActionOptions): Promise<this> {
    return this.#act('undelete', options)
  }

  /** Into the trash; with `purge` its data is gone for good. */
  async delete({ purge, reason, ...options }: ActionOptions & { readonly purge?: boolean | undefined } = {}): Promise<this> {
    const call = { ...options, ...this.#params, query: { purge, reason } }
    return this.#take(await this.#transport.call('DELETE /v1/environments/:ref', call))
  }

  /** @throws StandinError `name_taken`; `changed_meanwhile` where it has another revision than `ifRevision` by now */
  async update(body: UpdateEnvironment, options: UpdateOptions = {}): Promise<this> {
    const call = { ...options, ...this.#params, body }
    return this.#take(await this.#transport.call('PATCH /v1/environments/:ref', call))
  }

  /** Look again. @throws StandinError `environment_deleted` once it is purged */
  async refresh(options: RequestOptions = {}): Promise<this> {
    return this.#take(await this.#transport.call('GET /v1/environments/:ref', { ...options, ...this.#params }))
  }

  /**
   * Wait until it is in `state` (one of them, if several), following events. It may be in another one again when this
   * returns; the fields tell.
   * @throws StandinError `state_unreachable` at once when it fails, is deleted or is wanted otherwise, saying why;
   *   `timeout`; the signal's reason
   */
  waitUntil(state: EnvironmentState | readonly EnvironmentState[], options: WaitOptions = {}): Promise<this> {
    return waitFor(this, this.#events, reaching([state].flat()), options)
  }

  /**
   * Wait until it is in none of these states.
   * @throws StandinError `state_unreachable` when it leaves them by failing; `timeout`; the signal's reason
   */
  waitWhile(state: EnvironmentState | readonly EnvironmentState[], options: WaitOptions = {}): Promise<this> {
    return waitFor(this, this.#events, leaving([state].flat()), options)
  }

  /** What it uses just now. The field `stats` is what a list brought along. @throws StandinError `unsupported` */
  readStats(options: RequestOptions = {}): Promise<Stats> {
    return this.#transport.call('GET /v1/environments/:ref/stats', { ...options, ...this.#params })
  }

  /** What plugins have to say of it. */
  async sections(options: RequestOptions = {}): Promise<SectionList['items']> {
    return (await this.#transport.call('GET /v1/environments/:ref/sections', { ...options, ...this.#params })).items
  }

  /**
   * What its instances printed, oldest first; with `follow` it goes on until the signal fires or the loop is left.
   * @throws StandinError `unsupported`, `host_not_found`
   */
  async *logs({ signal, ...query }: LogsOptions = {}): AsyncGenerator<LogLine, void, undefined> {
    try {
      const accept = 'application/x-ndjson'
      const response = await this.#transport.open('GET /v1/environments/:ref/logs', { ...this.#params, query, signal, accept })
      yield* readJsonLines<LogLine>(response)
    } catch (error) {
      if (!signal?.aborted) throw error
    }
  }

  /** Where to open a WebSocket (with the token as every request) to run a command: see `ExecQuery` for its frames. */
  execUrl(query: NonNullable<QueryOf<'GET /v1/environments/:ref/exec'>>): URL {
    const url = this.#transport.address('GET /v1/environments/:ref/exec', { ...this.#params, query })
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    return url
  }

  /** It is gone, and nobody can be asked about it any more. */
  markDeleted(): this {
    return Object.assign(this, { state: 'deleted', desired: 'deleted', services: [], hosts: [] } satisfies Partial<Environment>)
  }

  get #params() {
    return { params: { ref: String(this.id) } }
  }

  async #act(action: EnvironmentAction, { reason, ...options }: ActionOptions = {}): Promise<this> {
    const route = `POST /v1/environments/:ref/${action}` as const
    return this.#take(await this.#transport.call(route, { ...options, ...this.#params, body: reason === undefined ? {} : { reason } }))
  }

  #take(data: Environment): this {
    return Object.assign(this, data)
  }
}

export interface LogsOptions extends Loose<NonNullable<QueryOf<'GET /v1/environments/:ref/logs'>>> {
  readonly signal?: AbortSignal | undefined
}
