import { StandinError } from '@standin/client'
import type { Logger, Provider, ProviderContext, ProviderHandle } from '@standin/core'
import { Value } from 'typebox/value'

export interface ProviderEntry {
  readonly provider: Provider
  /** Asked for when it is opened: by then it is known where the API listens. */
  readonly config: () => unknown
}

/** The providers of this installation. `open` and `close` have effects, nothing else. */
export class ProviderRegistry {
  readonly #entries: readonly ProviderEntry[]
  readonly #contextOf: (id: string) => ProviderContext
  readonly #log: Logger
  readonly #handles = new Map<string, ProviderHandle>()

  constructor(entries: readonly ProviderEntry[], contextOf: (id: string) => ProviderContext, log: Logger) {
    this.#entries = entries
    this.#contextOf = contextOf
    this.#log = log
  }

  /** All of them, in order. @throws StandinError `invalid` with every fault of every configuration, what a provider throws */
  async open(): Promise<void> {
    const configured = this.#entries.map(({ provider, config }) => ({ provider, config: config() }))
    const errors = configured.flatMap(({ provider, config }) =>
      [...Value.Errors(provider.config, config)].map((error) => ({
        path: `/providers/${provider.id}${error.instancePath}`,
        message: error.message,
      })),
    )
    if (errors.length > 0) throw new StandinError('invalid', 'the configuration of the providers is not valid', { errors })
    for (const { provider, config } of configured) {
      try {
        this.#handles.set(provider.id, await provider.open(this.#contextOf(provider.id), config as never))
      } catch (cause) {
        throw ofProvider(provider.id, cause)
      }
    }
  }

  /** @throws StandinError `provider_not_found` */
  get(id: string): ProviderHandle {
    const handle = this.#handles.get(id)
    if (handle === undefined) {
      throw new StandinError('provider_not_found', `there is no provider ${id}`, { hint: `There are: ${this.ids().join(', ')}` })
    }
    return handle
  }

  ids(): string[] {
    return this.#entries.map(({ provider }) => provider.id)
  }

  entries(): IterableIterator<[string, ProviderHandle]> {
    return this.#handles.entries()
  }

  /** In reverse. Environments run on. */
  async close(): Promise<void> {
    for (const [id, handle] of [...this.#handles].reverse()) {
      await handle.close().catch((error: unknown) => this.#log.error({ err: error }, `provider/${id}: can not be closed`))
    }
    this.#handles.clear()
  }
}

/** Says which provider it was. */
export function ofProvider(id: string, cause: unknown): StandinError {
  const { message } = cause as Error
  if (!(cause instanceof StandinError)) return new StandinError('provider_failed', `provider/${id}: ${message}`, { cause })
  return new StandinError(cause.code, `provider/${id}: ${message}`, { cause, ...(cause.hint === undefined ? {} : { hint: cause.hint }) })
}
