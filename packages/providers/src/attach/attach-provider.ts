import { join } from 'node:path'
import { type Ability, StandinError } from '@standin/client'
import type { AttachedService, EnvironmentSpec, Observed, Provider, ProviderContext, ProviderHandle } from '@standin/core'
import Type from 'typebox'
import { allEndpoints, attachedInstances } from './attached-services.ts'
import { parseEndpoint, refuseForbidden, type SocketName } from './endpoint-rules.ts'
import { Journal } from './journal.ts'

export const AttachConfig = Type.Object(
  { reserved: Type.Array(Type.String(), { description: "address:port of the platform's own listeners: they can't be attached" }) },
  { additionalProperties: false },
)
export type AttachConfig = Type.Static<typeof AttachConfig>

/** Environments whose services run already, somewhere. */
export const attachProvider: Provider<AttachConfig> = {
  id: 'attach',
  config: AttachConfig,
  open: async (context, config) => new AttachHandle(context, config.reserved.map(parseEndpoint)).open(),
}

/** `absent` is written when one is purged. */
type AttachmentState = 'created' | 'running' | 'stopped' | 'trashed' | 'absent'

interface Attachment {
  readonly id: number
  readonly state: AttachmentState
  readonly services: readonly AttachedService[]
}

class AttachHandle implements ProviderHandle {
  readonly can: Readonly<Record<Ability, boolean>> = {
    suspend: false,
    snapshot: false,
    exec: false,
    logs: false,
    stats: false,
    limits: false,
    storage: false,
    share: false,
  }
  readonly notes: readonly string[] = []
  readonly #reserved: readonly SocketName[]
  readonly #journal: Journal<Attachment>
  readonly #listeners = new Set<(observed: Observed) => void>()
  #attachments = new Map<number, Attachment>()

  constructor(context: ProviderContext, reserved: readonly SocketName[]) {
    this.#reserved = reserved
    this.#journal = new Journal(join(context.dataDir, 'attachments.jsonl'), (attachment) => attachment.id)
  }

  open(): this {
    this.#attachments = this.#journal.open((attachment) => attachment.state === 'absent')
    return this
  }

  async list(): Promise<readonly Observed[]> {
    return [...this.#attachments.values()].map(observed)
  }

  async observe(id: number): Promise<Observed> {
    return this.#observe(id)
  }

  onChange(listener: (observed: Observed) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Of what exists: its endpoints are replaced by these. */
  async create(spec: EnvironmentSpec): Promise<Observed> {
    if (spec.source.kind !== 'attachment') {
      throw new StandinError('unsupported', `provider attach can not clone a ${spec.source.kind}: it attaches what runs already`)
    }
    const { services } = spec.source
    for (const endpoint of services.flatMap(allEndpoints)) refuseForbidden(endpoint, this.#reserved)
    const before = this.#attachments.get(spec.id)
    if (before !== undefined && JSON.stringify(before.services) === JSON.stringify(services)) return observed(before)
    return this.#put({ id: spec.id, state: before?.state ?? 'created', services })
  }

  async start(id: number): Promise<Observed> {
    return this.#move(id, 'running', ['created', 'stopped'])
  }

  /** Out of the pool; what runs behind it runs on. */
  async stop(id: number): Promise<Observed> {
    return this.#move(id, 'stopped', ['created', 'running'])
  }

  async trash(id: number): Promise<void> {
    this.#move(id, 'trashed', ['created', 'stopped'])
  }

  async restore(id: number): Promise<Observed> {
    return this.#move(id, 'stopped', ['trashed'])
  }

  async purge(id: number): Promise<void> {
    if (!this.#attachments.has(id)) return
    this.#journal.append({ id, state: 'absent', services: [] })
    this.#attachments.delete(id)
  }

  suspend(id: number): Promise<never> {
    return unsupported(`suspend environment ${id}: what is attached is not ours to freeze`)
  }

  resume(id: number): Promise<never> {
    return unsupported(`resume environment ${id}: it is never suspended`)
  }

  run(id: number): Promise<never> {
    return unsupported(`run a step in environment ${id}`)
  }

  exec(id: number): Promise<never> {
    return unsupported(`run a command in environment ${id}`)
  }

  // biome-ignore lint/correctness/useYield: there is nothing to read, only something to say
  async *logs(id: number): AsyncGenerator<never> {
    await unsupported(`read logs of environment ${id}`)
  }

  stats(id: number): Promise<never> {
    return unsupported(`measure environment ${id}`)
  }

  storage(id: number): Promise<never> {
    return unsupported(`measure the disk of environment ${id}`)
  }

  snapshot(id: number): Promise<never> {
    return unsupported(`bake environment ${id}`)
  }

  async deleteSnapshot(): Promise<void> {}

  async listSnapshots(): Promise<readonly string[]> {
    return []
  }

  async close(): Promise<void> {
    this.#listeners.clear()
    this.#journal.close()
  }

  #observe(id: number): Observed {
    return observed(this.#attachments.get(id) ?? { id, state: 'absent', services: [] })
  }

  /** To `state` from one of `from`; there already is fine. */
  #move(id: number, state: AttachmentState, from: readonly AttachmentState[]): Observed {
    const attachment = this.#attachments.get(id)
    if (attachment === undefined) throw new StandinError('environment_not_found', `provider attach has no environment ${id}`)
    if (attachment.state === state) return observed(attachment)
    if (!from.includes(attachment.state)) {
      throw new StandinError('state_conflict', `environment ${id} is ${attachment.state} and can not become ${state}`)
    }
    return this.#put({ ...attachment, state })
  }

  #put(attachment: Attachment): Observed {
    this.#journal.append(attachment)
    this.#attachments.set(attachment.id, attachment)
    const result = observed(attachment)
    for (const listener of this.#listeners) listener(result)
    return result
  }
}

function observed({ id, state, services }: Attachment): Observed {
  return { id, state, instances: state === 'absent' ? [] : attachedInstances(services, state), failure: null }
}

async function unsupported(what: string): Promise<never> {
  throw new StandinError('unsupported', `provider attach can not ${what}`)
}
