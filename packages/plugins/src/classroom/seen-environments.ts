import { StandinError } from '@standin/client'
import type { LiveEnvironment } from '@standin/client/connect'
import type { PluginContext } from '@standin/core'
import type { Look } from './next-step.ts'
import type { Copy } from './seat.ts'

/** What a seat says of itself to everybody else. */
export const seatLabels = {
  class: 'classroom.class',
  seat: 'classroom.seat',
  /** Of the very copy: see {@link Copy}. A label that a person wrote has none that is known. */
  key: 'classroom.key',
} as const

/** The environments of a class as they were when last looked at. */
export class SeenEnvironments {
  readonly #client: PluginContext['client']
  #byId = new Map<number, LiveEnvironment>()
  #byKey = new Map<string, LiveEnvironment>()

  constructor(client: PluginContext['client']) {
    this.#client = client
  }

  /** Look again. @param copies all that are known of */
  async refresh(name: string, copies: readonly Copy[], signal: AbortSignal): Promise<void> {
    this.#byId = new Map()
    this.#byKey = new Map()
    const query = { label: [`${seatLabels.class}=${name}`], limit: 1000 }
    for await (const environment of this.#client.environments.iterate(query, { signal })) this.note(environment)
    // Its labels may have been taken from it; that it is gone has to be heard from itself.
    for (const { environment: id } of copies) {
      if (id === null || this.#byId.has(id)) continue
      const found = await this.#find(id, signal)
      if (found !== null) this.note(found)
    }
  }

  /** It was changed just now. */
  note(environment: LiveEnvironment): void {
    this.#byId.set(environment.id, environment)
    const key = environment.labels[seatLabels.key]
    if (key !== undefined) this.#byKey.set(key, environment)
  }

  of({ environment: id }: Pick<Copy, 'environment'>): LiveEnvironment | undefined {
    return id === null ? undefined : this.#byId.get(id)
  }

  /** What a creation made whose answer was lost. */
  madeAs({ key }: Copy): number | null {
    return this.#byKey.get(key)?.id ?? null
  }

  hasName(name: string): boolean {
    return [...this.#byId.values()].some((each) => each.name === name && each.desired !== 'deleted')
  }

  look(copy: Copy): Look {
    if (copy.environment === null) return { is: 'unknown' }
    const environment = this.of(copy)
    if (environment === undefined) return { is: 'gone' }
    // What comes back out of the trash is there until it does.
    if (environment.desired === 'deleted') return { is: environment.state === 'deleted' ? 'gone' : 'leaving' }
    const { state, desired, reason, name, lastActivity, stateChangedAt } = environment
    if (state === 'failed') return { is: 'failed', because: reason.message }
    if (state !== desired) return { is: 'coming' }
    if (state !== 'running') return { is: 'asleep' }
    const usedAt = lastActivity === null ? 0 : Date.parse(lastActivity.at)
    return { is: 'up', name, usedAt: Math.max(usedAt, Date.parse(stateChangedAt)) }
  }

  async #find(id: number, signal: AbortSignal): Promise<LiveEnvironment | null> {
    try {
      return await this.#client.environments.get(id, { signal })
    } catch (error) {
      if (isGone(error)) return null
      throw error
    }
  }
}

export function isGone(error: unknown): boolean {
  return error instanceof StandinError && (error.code === 'environment_deleted' || error.code === 'environment_not_found')
}
