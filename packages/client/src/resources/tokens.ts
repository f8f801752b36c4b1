import type { Loose, QueryOf, RequestOptions } from '../endpoint-types.ts'
import type { CreatedToken, CreateToken } from '../schemas/server.ts'
import type { Transport } from '../transport.ts'

export class Tokens {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  list(query: Loose<NonNullable<QueryOf<'GET /v1/tokens'>>> = {}, options: RequestOptions = {}) {
    return this.#transport.call('GET /v1/tokens', { ...options, query })
  }

  /** The answer is the only place that ever shows the secret. */
  create(body: CreateToken, options: RequestOptions = {}): Promise<CreatedToken> {
    return this.#transport.call('POST /v1/tokens', { ...options, body })
  }

  /** @throws StandinError `token_not_found` */
  async revoke(id: string, options: RequestOptions = {}): Promise<void> {
    await this.#transport.call('DELETE /v1/tokens/:id', { ...options, params: { id } })
  }
}
