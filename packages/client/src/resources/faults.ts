import type { Loose, QueryOf, RequestOptions } from '../endpoint-types.ts'
import type { CreateFault, ServiceFault } from '../schemas/faults.ts'
import type { Transport } from '../transport.ts'

/** Failures made on purpose. `ref` is an environment's name or configId. */
export class Faults {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** A page of those of all environments, oldest first. */
  listAll(query: Loose<NonNullable<QueryOf<'GET /v1/faults'>>> = {}, options: RequestOptions = {}) {
    return this.#transport.call('GET /v1/faults', { ...options, query })
  }

  async list(ref: string | number, options: RequestOptions = {}): Promise<ServiceFault[]> {
    return (await this.#transport.call('GET /v1/environments/:ref/faults', { ...options, params: { ref: String(ref) } })).items
  }

  /** @throws StandinError `environment_not_found`, `route_not_found`, `state_conflict` where there are too many, `invalid` */
  create(ref: string | number, body: CreateFault, options: RequestOptions = {}): Promise<ServiceFault> {
    return this.#transport.call('POST /v1/environments/:ref/faults', { ...options, params: { ref: String(ref) }, body })
  }

  /** @throws StandinError `fault_not_found` */
  get(ref: string | number, id: string, options: RequestOptions = {}): Promise<ServiceFault> {
    return this.#transport.call('GET /v1/environments/:ref/faults/:id', { ...options, params: { ref: String(ref), id } })
  }

  /** @throws StandinError `fault_not_found` */
  async delete(ref: string | number, id: string, options: RequestOptions = {}): Promise<void> {
    await this.#transport.call('DELETE /v1/environments/:ref/faults/:id', { ...options, params: { ref: String(ref), id } })
  }

  async deleteAll(ref: string | number, options: RequestOptions = {}): Promise<void> {
    await this.#transport.call('DELETE /v1/environments/:ref/faults', { ...options, params: { ref: String(ref) } })
  }
}
