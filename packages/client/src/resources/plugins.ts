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

  /**
   * What a plugin answers at an address of its own, which no table of ours lists.
   * @param path below `/v1/plugins/<id>`, encoded: `/environments/1001`
   * @throws StandinError `plugin_not_found`, `plugin_failed` where it does not run, `route_not_found`; what the plugin refuses with
   */
  ask<T>(
    id: string,
    path: `/${string}`,
    { method = 'GET', ...options }: RequestOptions & { readonly method?: 'GET' | 'POST' | 'DELETE'; readonly body?: unknown } = {},
  ): Promise<T> {
    // A colon would be a parameter of the address.
    const route = `${method} /v1/plugins/${encodeURIComponent(id)}${path.replaceAll(':', '%3A')}` as 'GET /v1/plugins'
    return this.#transport.call(route, options) as Promise<unknown> as Promise<T>
  }
}
