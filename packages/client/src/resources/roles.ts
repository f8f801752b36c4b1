import type { Loose, QueryOf, RequestOptions } from '../endpoint-types.ts'
import type { UpdateOptions } from '../live-environment.ts'
import type { GrantRole, Role, RoleBinding } from '../schemas/people.ts'
import type { Transport } from '../transport.ts'

/** Who may do what in which project. */
export class Roles {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** A page of those for which all that is given holds, oldest first. */
  list(query: Loose<NonNullable<QueryOf<'GET /v1/roles'>>> = {}, options: RequestOptions = {}) {
    return this.#transport.call('GET /v1/roles', { ...options, query })
  }

  /** @throws StandinError `role_not_found` */
  get(id: string, options: RequestOptions = {}): Promise<RoleBinding> {
    return this.#transport.call('GET /v1/roles/:id', { ...options, params: { id } })
  }

  /** In the place of the role that they have there, if any. @throws StandinError `user_not_found`, `group_not_found`, `forbidden` */
  grant(body: GrantRole, options: RequestOptions = {}): Promise<RoleBinding> {
    return this.#transport.call('POST /v1/roles', { ...options, body })
  }

  /** @throws StandinError `role_not_found`, `forbidden`; `changed_meanwhile` where it has another revision than `ifRevision` by now */
  update(id: string, role: Role, options: UpdateOptions = {}): Promise<RoleBinding> {
    return this.#transport.call('PATCH /v1/roles/:id', { ...options, params: { id }, body: { role } })
  }

  /** @throws StandinError `role_not_found`, `forbidden` */
  async revoke(id: string, options: RequestOptions = {}): Promise<void> {
    await this.#transport.call('DELETE /v1/roles/:id', { ...options, params: { id } })
  }
}
