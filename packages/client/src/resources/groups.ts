import type { AnswerOf, Loose, QueryOf, RequestOptions } from '../endpoint-types.ts'
import type { UpdateOptions } from '../live-environment.ts'
import type { CreateGroup, Group, GroupMember, GroupPage, UpdateGroup } from '../schemas/people.ts'
import type { Transport } from '../transport.ts'

type ListQuery = Loose<NonNullable<QueryOf<'GET /v1/groups'>>>

/** `ref` is an id or a displayName, whatever its case. */
export class Groups {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** A page of those for which all that is given holds, oldest first. */
  list(query: ListQuery = {}, options: RequestOptions = {}): Promise<GroupPage> {
    return this.#transport.call('GET /v1/groups', { ...options, query })
  }

  /** @throws StandinError `group_not_found` */
  get(ref: string, options: RequestOptions = {}): Promise<Group> {
    return this.#transport.call('GET /v1/groups/:ref', { ...options, params: { ref } })
  }

  /** Who is in it, in the order in which they came to be users. */
  async *members(ref: string, options: RequestOptions = {}): AsyncGenerator<GroupMember, void, undefined> {
    let cursor: string | undefined
    do {
      const call = { ...options, params: { ref }, query: { limit: 1000, cursor } }
      const page: AnswerOf<'GET /v1/groups/:ref/members'> = await this.#transport.call('GET /v1/groups/:ref/members', call)
      yield* page.items
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
  }

  /** @throws StandinError `name_taken`, `external_id_taken`, `invalid`, `user_not_found` for a member */
  create(body: CreateGroup, options: RequestOptions = {}): Promise<Group> {
    return this.#transport.call('POST /v1/groups', { ...options, body })
  }

  /** @throws StandinError as `create`; `changed_meanwhile` where it has another revision than `ifRevision` by now */
  update(ref: string, body: UpdateGroup, options: UpdateOptions = {}): Promise<Group> {
    return this.#transport.call('PATCH /v1/groups/:ref', { ...options, params: { ref }, body })
  }

  /** Its roles go with it. @throws StandinError `group_not_found` */
  async delete(ref: string, options: RequestOptions = {}): Promise<void> {
    await this.#transport.call('DELETE /v1/groups/:ref', { ...options, params: { ref } })
  }
}
