import type { PluginContext } from '@standin/core'

const prefix = 'trouble/'

/** What does not work, by source, as the plugin's health: also after a restart, long before the next run. */
export class Troubles {
  readonly #context: Pick<PluginContext, 'store' | 'health'>
  readonly #troubles = new Map<string, string>()

  constructor(context: Pick<PluginContext, 'store' | 'health'>) {
    this.#context = context
  }

  /** @param sources that there are; of others, nothing is known any more */
  async show(sources: readonly string[]): Promise<void> {
    for (const { key, value } of await this.#context.store.list<string>({ prefix })) {
      const source = key.slice(prefix.length)
      if (sources.includes(source)) this.#troubles.set(source, value)
      else await this.#context.store.delete(key)
    }
    this.#tell()
  }

  /** @param trouble in words; null: there is none */
  async set(source: string, trouble: string | null): Promise<void> {
    if (trouble === null) {
      this.#troubles.delete(source)
      await this.#context.store.delete(`${prefix}${source}`)
    } else {
      this.#troubles.set(source, trouble)
      await this.#context.store.set(`${prefix}${source}`, trouble)
    }
    this.#tell()
  }

  #tell(): void {
    const { health } = this.#context
    if (this.#troubles.size === 0) health.ok()
    else health.degraded([...this.#troubles.values()].join('; '))
  }
}
