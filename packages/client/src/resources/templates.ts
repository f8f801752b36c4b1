import type { Loose, QueryOf, RequestOptions } from '../endpoint-types.ts'
import type { Template } from '../schemas/templates.ts'
import type { Transport } from '../transport.ts'

export class Templates {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** A page of the versions, newest first. */
  list(query: Loose<NonNullable<QueryOf<'GET /v1/templates'>>> = {}, options: RequestOptions = {}) {
    return this.#transport.call('GET /v1/templates', { ...options, query })
  }

  /**
   * @param ref `shop@7`, `shop:stable`, or `shop`, which is `shop:latest`
   * @throws StandinError `template_not_found`, `channel_not_found`
   */
  get(ref: string, options: RequestOptions = {}): Promise<Template> {
    return this.#transport.call('GET /v1/templates/:ref', { ...options, params: { ref } })
  }

  /** @throws StandinError `template_in_use`, `template_not_found` */
  async delete(ref: string, options: RequestOptions = {}): Promise<void> {
    await this.#transport.call('DELETE /v1/templates/:ref', { ...options, params: { ref } })
  }
}
