import type { Loose, QueryOf, RequestOptions } from '../endpoint-types.ts'
import type { Plugin, PluginList } from '../schemas/plugins.ts'
import type { Transport } from '../transport.ts'

export class Plugins {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** All of them, in the order in which they start, and what is wrong with their configuration. */
  list(options: RequestOptions = {}): Promise<PluginList> {
    return this.#transport.call('GET /v1/plugins', options)
  }

  /** @throws StandinError `plugin_not_found` */
  get(id: string, options: RequestOptions = {}): Promise<Plugin> {
    return this.#transport.call('GET /v1/plugins/:id', { ...options, params: { id } })
  }

  /** A page of the runs of its schedules, newest first. @throws StandinError `plugin_not_found` */
  runs(id: string, query: Loose<NonNullable<QueryOf<'GET /v1/plugins/:id/runs'>>> = {}, options: RequestOptions = {}) {
    return this.#transport.call('GET /v1/plugins/:id/runs', { ...options, params: { id }, query })
  }
}
