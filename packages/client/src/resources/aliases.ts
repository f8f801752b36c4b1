import type { Loose, QueryOf, RequestOptions } from '../endpoint-types.ts'
import type { Alias, SetAlias } from '../schemas/aliases.ts'
import type { Transport } from '../transport.ts'

export class Aliases {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** A page of them, in the order of their names. */
  list(query: Loose<NonNullable<QueryOf<'GET /v1/aliases'>>> = {}, options: RequestOptions = {}) {
    return this.#transport.call('GET /v1/aliases', { ...options, query })
  }

  /**
   * @param host a full name, or one label below the domain: `demo`
   * @throws StandinError `alias_not_found`
   */
  get(host: string, options: RequestOptions = {}): Promise<Alias> {
    return this.#transport.call('GET /v1/aliases/:host', { ...options, params: { host } })
  }

  /**
   * Give the name to an environment, or move it there.
   * @throws StandinError `environment_not_found`, `route_not_found`, `forbidden` for a name outside of the domain, `invalid`
   */
  set(host: string, to: SetAlias, options: RequestOptions = {}): Promise<Alias> {
    return this.#transport.call('PUT /v1/aliases/:host', { ...options, params: { host }, body: to })
  }

  /** @throws StandinError `alias_not_found` */
  async delete(host: string, options: RequestOptions = {}): Promise<void> {
    await this.#transport.call('DELETE /v1/aliases/:host', { ...options, params: { host } })
  }
}
