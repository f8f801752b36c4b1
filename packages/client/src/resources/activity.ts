import type { RequestOptions } from '../endpoint-types.ts'
import type { ActivityReport } from '../schemas/environments.ts'
import type { Transport } from '../transport.ts'

export class Activity {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Who was used last, when, by what: at most 20,000 a call. Unknown environments are passed over. */
  async report(items: ActivityReport['items'], options: RequestOptions = {}): Promise<void> {
    await this.#transport.call('POST /v1/activity', { ...options, body: { items } })
  }
}
