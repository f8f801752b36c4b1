import type { AnswerOf, Loose, QueryOf, RequestOptions } from '../endpoint-types.ts'
import { type ActionOptions, LiveEnvironment } from '../live-environment.ts'
import type { CreateEnvironment, EnvironmentAction, EnvironmentPlan } from '../schemas/environments.ts'
import type { Transport } from '../transport.ts'
import type { Events } from './events.ts'

type ListQuery = Loose<NonNullable<QueryOf<'GET /v1/environments'>>>
type Attachment = Pick<CreateEnvironment, 'services' | 'probes' | 'ttlMs' | 'labels'> & {
  name: string
  services: NonNullable<CreateEnvironment['services']>
}

export interface EnvironmentList {
  readonly items: LiveEnvironment[]
  /** Give it as `cursor` for the next page; null: this was the last one. */
  readonly nextCursor: string | null
}

export class Environments {
  readonly #transport: Transport
  readonly #events: Events

  constructor(transport: Transport, events: Events) {
    this.#transport = transport
    this.#events = events
  }

  /** A page of those for which all that is given holds, newest first. */
  async list(query: ListQuery = {}, options: RequestOptions = {}): Promise<EnvironmentList> {
    const page = await this.#transport.call('GET /v1/environments', { ...options, query })
    return { items: page.items.map((item) => this.#alive(item)), nextCursor: page.nextCursor }
  }

  /** All of them, newest first, a page at a time as the loop goes on. */
  async *iterate(query: Omit<ListQuery, 'cursor'> = {}, options: RequestOptions = {}): AsyncGenerator<LiveEnvironment, void, undefined> {
    let cursor: string | undefined
    do {
      const page = await this.list({ ...query, cursor }, options)
      yield* page.items
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
  }

  /**
   * @param ref name or configId
   * @throws StandinError `environment_not_found`, `environment_deleted`
   */
  async get(ref: string | number, options: RequestOptions = {}): Promise<LiveEnvironment> {
    return this.#alive(await this.#transport.call('GET /v1/environments/:ref', { ...options, params: { ref: String(ref) } }))
  }

  /**
   * Answers as soon as the environment has its configId; `waitUntil('running')` for the rest.
   * @throws StandinError `template_not_found`, `name_taken`, `invalid`, `quota_exceeded`, `not_admitted`
   */
  async create(body: CreateEnvironment, options: RequestOptions = {}): Promise<LiveEnvironment> {
    return this.#alive(await this.#transport.call('POST /v1/environments', { ...options, body }))
  }

  /** What `create` would make, and whether it would be allowed. @throws StandinError as that does, but for what a plugin refuses */
  plan(body: CreateEnvironment, options: RequestOptions = {}): Promise<EnvironmentPlan> {
    return this.#transport.call('POST /v1/environments/plan', { ...options, body })
  }

  /** Give services that run already a configId, URLs and names. Attaching the same name again replaces the endpoints. */
  async attach(attachment: Attachment, options: RequestOptions = {}): Promise<LiveEnvironment> {
    return this.create({ ...attachment, provider: 'attach' }, options)
  }

  /** One request where `get` and its methods would be two. @throws StandinError as those do */
  async act(ref: string | number, action: EnvironmentAction, { reason, ...options }: ActionOptions = {}): Promise<LiveEnvironment> {
    const call = { ...options, params: { ref: String(ref) }, body: reason === undefined ? {} : { reason } }
    return this.#alive(await this.#transport.call(`POST /v1/environments/:ref/${action}` as const, call))
  }

  #alive(data: AnswerOf<'GET /v1/environments/:ref'>): LiveEnvironment {
    return new LiveEnvironment(data, this.#transport, this.#events)
  }
}
