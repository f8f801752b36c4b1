import type { Event } from '@standin/client'
import { StandinError } from '@standin/client'
import type { PluginContext } from '@standin/core'
import type { EndpointConfig } from './webhook-config.ts'

/** More are asked for anew. */
const mostKnown = 20_000

/** Which events are for whom. */
export class EventFilter {
  readonly #context: Pick<PluginContext, 'client' | 'store'>
  /** configId → its label `project`. */
  readonly #projects = new Map<number, string | null>()

  constructor(context: Pick<PluginContext, 'client' | 'store'>) {
    this.#context = context
  }

  /** Those of the endpoints that are to have it. */
  async endpointsOf(event: Event, endpoints: readonly EndpointConfig[], signal: AbortSignal): Promise<EndpointConfig[]> {
    const wanting = endpoints.filter(({ events, kinds }) => {
      if (events !== undefined && !events.includes(event.type)) return false
      return event.type !== 'notice' || kinds === undefined || kinds.some((kind) => isOfKind(String(event.data.kind), kind))
    })
    if (!wanting.some(({ projects }) => projects !== undefined)) return wanting
    const project = event.environment === null ? null : await this.#projectOf(event.environment, event, signal)
    return wanting.filter(({ projects }) => projects === undefined || (project !== null && projects.includes(project)))
  }

  async #projectOf(id: number, { type, data }: Event, signal: AbortSignal): Promise<string | null> {
    const isStale = type === 'environment.changed' && Array.isArray(data.fields) && data.fields.includes('labels')
    const known = isStale ? undefined : this.#projects.get(id)
    if (known !== undefined) return known
    const { client, store } = this.#context
    const key = `project/${id}`
    let project: string | null
    try {
      project = (await client.environments.get(id, { signal })).labels.project ?? null
      if (project !== null) await store.set(key, project)
    } catch (error) {
      if (!(error instanceof StandinError) || !['environment_deleted', 'environment_not_found'].includes(error.code)) throw error
      // It is gone: what was known of it last.
      project = (await store.get<string>(key)) ?? null
      if (type === 'environment.purged') await store.delete(key)
    }
    if (this.#projects.size >= mostKnown) this.#projects.clear()
    this.#projects.set(id, project)
    return project
  }
}

function isOfKind(kind: string, pattern: string): boolean {
  return pattern.endsWith('.*') ? kind.startsWith(pattern.slice(0, -1)) : kind === pattern
}
