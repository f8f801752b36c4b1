import { type Environment, type Event, StandinError, type Template } from '@standin/client'
import type { StandinClient } from '@standin/client/connect'
import type { Account } from './account.ts'
import type { MeteringConfig } from './metering-config.ts'
import type { Face } from './page.ts'
import { holdsHosts, type SizedHost, svmsOf } from './svms.ts'
import { mebibyte } from './usage-span.ts'

/** What is metered of a thing, as the control plane tells it. */
export type Known = Omit<Account, 'page'>

/** Labels beyond this are not kept with what was used, bytes; `project` always is. */
const mostLabelBytes = 8 << 10
const mostTemplates = 500

/** Tells what is metered of environments and templates, from what an event says, else from the control plane. */
export class KnownThings {
  readonly #client: StandinClient
  readonly #defaultSize: MeteringConfig['defaultSize']
  /** By their refs: a version never changes. */
  readonly #hosts = new Map<string, readonly SizedHost[]>()

  constructor(client: StandinClient, defaultSize: MeteringConfig['defaultSize']) {
    this.#client = client
    this.#defaultSize = defaultSize
  }

  /** As it began. Null: it is not metered. */
  async created({ data, actor, environment }: Event, signal: AbortSignal): Promise<{ template: string | null; known: Known } | null> {
    const { name, template, provider, owner, ownerId, labels, hosts } = data as Partial<{
      name: string
      template: string | null
      provider: string
      owner: string
      ownerId: string | null
      labels: Environment['labels']
      hosts: SizedHost[]
    }>
    if (provider === 'attach') return null
    // Events of earlier versions say less; what is gone by now can't be asked any more.
    const now = owner === undefined || labels === undefined || hosts === undefined ? await this.environment(environment, signal) : null
    const sized = hosts ?? (await this.#hostsOf(template ?? null, now, signal))
    return {
      template: template ?? null,
      known: {
        face: faceOf(
          name ?? String(environment),
          owner ?? now?.owner ?? nameOf(actor),
          labels ?? now?.labels ?? {},
          ownerId ?? now?.ownerId,
        ),
        svms: svmsOf(sized, this.#defaultSize),
        mebibytes: 0,
        isUp: holdsHosts.starting,
        unsureFrom: null,
      },
    }
  }

  /** As it is now. */
  async listed(environment: Environment, signal: AbortSignal): Promise<{ template: string | null; known: Known }> {
    const template = environment.template === null ? null : `${environment.template.name}@${environment.template.version}`
    const known = {
      face: faceOf(environment.name, environment.owner, environment.labels, environment.ownerId),
      svms: svmsOf(await this.#hostsOf(template, environment, signal), this.#defaultSize),
      mebibytes: wholeMebibytes(environment.storageBytes),
      isUp: holdsHosts[environment.state],
      unsureFrom: null,
    }
    return { template, known }
  }

  /** Null: it is gone. */
  async template(ref: string, signal: AbortSignal): Promise<Known | null> {
    const template = await orNull(this.#client.templates.get(ref, { signal }), ['template_not_found'])
    return template && this.stored(template)
  }

  stored({ ref, provenance, stack, sizeBytes }: Template): Known {
    const face = faceOf(ref, nameOf(provenance.actor), stack.labels)
    return { face, svms: 0, mebibytes: wholeMebibytes(sizeBytes), isUp: false, unsureFrom: null }
  }

  /** Null: its data is gone. */
  async environment(id: number | null, signal: AbortSignal): Promise<Environment | null> {
    if (id === null) return null
    return orNull(this.#client.environments.get(id, { signal }), ['environment_not_found', 'environment_deleted'])
  }

  async #hostsOf(template: string | null, environment: Environment | null, signal: AbortSignal): Promise<readonly SizedHost[]> {
    if (template !== null) {
      const hosts = this.#hosts.get(template) ?? (await this.#templateHosts(template, signal))
      if (hosts !== null) return hosts
    }
    const seen = environment?.hosts.map(({ resources, instances }) => ({ resources, instances: Math.max(1, instances.length) })) ?? []
    return seen.length > 0 ? seen : [{ instances: 1, resources: { cpus: null, memoryBytes: null } }]
  }

  async #templateHosts(ref: string, signal: AbortSignal): Promise<readonly SizedHost[] | null> {
    const template = await orNull(this.#client.templates.get(ref, { signal }), ['template_not_found'])
    if (template === null) return null
    const hosts = template.stack.hosts.map(({ replicas, resources }) => ({ instances: replicas, resources }))
    if (this.#hosts.size >= mostTemplates) this.#hosts.clear()
    this.#hosts.set(ref, hosts)
    return hosts
  }
}

export function faceOf(name: string, owner: string, labels: Environment['labels'], ownerId?: string | null): Face {
  let left = mostLabelBytes
  const kept: Record<string, string> = {}
  for (const key of Object.keys(labels).sort((a, b) => Number(b === 'project') - Number(a === 'project'))) {
    const value = labels[key] as string
    left -= Buffer.byteLength(key) + Buffer.byteLength(value)
    if (left < 0) break
    kept[key] = value
  }
  return { name, owner, ...(ownerId == null ? {} : { ownerId }), labels: kept }
}

export function wholeMebibytes(bytes: number | null | undefined): number {
  return Math.ceil((bytes ?? 0) / mebibyte)
}

/** `token:ci` → `ci`, `user:alice` → `alice`: who made something owns it. */
function nameOf(actor: string): string {
  return actor.replace(/^(token|user):/, '')
}

async function orNull<T>(asked: Promise<T>, codes: readonly string[]): Promise<T | null> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof StandinError && codes.includes(error.code)) return null
    throw error
  }
}
