import type { AnswerOf, Loose, QueryOf, RequestOptions } from '../endpoint-types.ts'
import type { UpdateOptions } from '../live-environment.ts'
import type { CreateUser, DeactivateUser, Deactivation, UpdateUser, User, UserPage } from '../schemas/people.ts'
import type { Transport } from '../transport.ts'

type ListQuery = Loose<NonNullable<QueryOf<'GET /v1/users'>>>

/** `ref` is an id or a userName, whatever its case. */
export class Users {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** A page of those for which all that is given holds, oldest first. */
  list(query: ListQuery = {}, options: RequestOptions = {}): Promise<UserPage> {
    return this.#transport.call('GET /v1/users', { ...options, query })
  }

  /** All of them, oldest first, a page at a time as the loop goes on. */
  async *iterate(query: Omit<ListQuery, 'cursor'> = {}, options: RequestOptions = {}): AsyncGenerator<User, void, undefined> {
    let cursor: string | undefined
    do {
      const page: AnswerOf<'GET /v1/users'> = await this.list({ limit: 1000, ...query, cursor }, options)
      yield* page.items
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
  }

  /** @throws StandinError `user_not_found` */
  get(ref: string, options: RequestOptions = {}): Promise<User> {
    return this.#transport.call('GET /v1/users/:ref', { ...options, params: { ref } })
  }

  /** @throws StandinError `name_taken`, `email_taken`, `external_id_taken`, `invalid`, `user_not_found` for the manager */
  create(body: CreateUser, options: RequestOptions = {}): Promise<User> {
    return this.#transport.call('POST /v1/users', { ...options, body })
  }

  /** @throws StandinError as `create`; `changed_meanwhile` where it has another revision than `ifRevision` by now */
  update(ref: string, body: UpdateUser, options: UpdateOptions = {}): Promise<User> {
    return this.#transport.call('PATCH /v1/users/:ref', { ...options, params: { ref }, body })
  }

  /**
   * End their tokens and hand their environments on, all in one step; with `dryRun`, say what that would do. Once more does
   * nothing more, but for an heir that is named then: what was left without anybody goes to them.
   * @throws StandinError `user_not_found`, also for the heir; `state_conflict` for an heir who is inactive
   */
  deactivate(ref: string, body: DeactivateUser = {}, options: RequestOptions = {}): Promise<Deactivation> {
    return this.#transport.call('POST /v1/users/:ref/deactivate', { ...options, params: { ref }, body })
  }

  /** Let them in again: with the roles and groups that they had, without tokens. @throws StandinError `email_taken` */
  activate(ref: string, options: RequestOptions = {}): Promise<User> {
    return this.#transport.call('POST /v1/users/:ref/activate', { ...options, params: { ref } })
  }

  /** Forget them, deactivated first where they are active. @throws StandinError `user_not_found` */
  async delete(ref: string, { heir, ...options }: RequestOptions & { readonly heir?: string | undefined } = {}): Promise<void> {
    await this.#transport.call('DELETE /v1/users/:ref', { ...options, params: { ref }, query: { heir } })
  }
}
