import { type Environment, StandinError, type Template } from '@standin/client'
import type { LiveEnvironment, StandinClient } from '@standin/client/connect'
import type { PageSource } from '../page/environment-page.ts'

const mostTemplates = 500

/** An environment, with what its page needs besides and is asked for only when it is written. */
export interface Source {
  readonly environment: LiveEnvironment
  /** Host names, in order. */
  readonly aliases: readonly string[]
}

/** While this is the same, so is the page. @param format of the writer */
export const seenOf = ({ environment, aliases }: Source, format: string) => [format, environment.revision, ...aliases].join(' ')

/** Asks control for what pages are made of. */
export class Sources {
  readonly #client: StandinClient
  /** They never change. */
  readonly #templates = new Map<string, Template>()

  constructor(client: StandinClient) {
    this.#client = client
  }

  /** All that there are, those in the trash among them. */
  async all(signal: AbortSignal): Promise<Map<number, Source>> {
    const aliases = new Map<number, string[]>()
    let cursor: string | undefined
    do {
      const page = await this.#client.aliases.list({ limit: 1000, cursor }, { signal })
      for (const { environment, host } of page.items) aliases.set(environment, [...(aliases.get(environment) ?? []), host])
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    const sources = new Map<number, Source>()
    for (const deleted of [false, true]) {
      for await (const environment of this.#client.environments.iterate({ limit: 1000, deleted }, { signal })) {
        if (environment.kind !== 'build') sources.set(environment.id, { environment, aliases: aliases.get(environment.id) ?? [] })
      }
    }
    return sources
  }

  /** @returns null where its data is gone, or it is a build's */
  async one(id: number, signal: AbortSignal): Promise<Source | null> {
    try {
      const environment = await this.#client.environments.get(id, { signal })
      if (environment.kind === 'build') return null
      const { items } = await this.#client.aliases.list({ environment: String(id), limit: 1000 }, { signal })
      return { environment, aliases: items.map(({ host }) => host) }
    } catch (error) {
      if (isCode(error, 'environment_not_found', 'environment_deleted')) return null
      throw error
    }
  }

  async complete({ environment, aliases }: Source, signal: AbortSignal): Promise<PageSource> {
    return { environment, aliases, template: await this.#template(environment.template, signal) }
  }

  async #template(of: Environment['template'], signal: AbortSignal): Promise<Template | null> {
    if (of === null) return null
    const ref = `${of.name}@${of.version}`
    const kept = this.#templates.get(ref)
    if (kept !== undefined) return kept
    try {
      const template = await this.#client.templates.get(ref, { signal })
      const oldest = this.#templates.keys().next().value
      if (this.#templates.size >= mostTemplates && oldest !== undefined) this.#templates.delete(oldest)
      this.#templates.set(ref, template)
      return template
    } catch (error) {
      if (isCode(error, 'template_not_found')) return null
      throw error
    }
  }
}

const isCode = (error: unknown, ...codes: StandinError['code'][]) => error instanceof StandinError && codes.includes(error.code)
