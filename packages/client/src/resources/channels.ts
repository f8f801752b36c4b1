import type { RequestOptions } from '../endpoint-types.ts'
import type { Channel } from '../schemas/templates.ts'
import type { Transport } from '../transport.ts'

export class Channels {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  list(template: string, options: RequestOptions = {}) {
    return this.#transport.call('GET /v1/templates/:name/channels', { ...options, params: { name: template } })
  }

  /**
   * Make `template:channel`, or move it.
   * @throws StandinError `template_not_found`
   */
  set(template: string, channel: string, version: number, options: RequestOptions = {}): Promise<Channel> {
    const params = { name: template, channel }
    return this.#transport.call('PUT /v1/templates/:name/channels/:channel', { ...options, params, body: { version } })
  }

  /** @throws StandinError `channel_not_found` */
  async delete(template: string, channel: string, options: RequestOptions = {}): Promise<void> {
    await this.#transport.call('DELETE /v1/templates/:name/channels/:channel', { ...options, params: { name: template, channel } })
  }
}
