import type { Environment, Event } from '@standin/client'
import type { StandinClient } from '@standin/client/connect'

/** What the board keeps of an environment. */
export interface Member {
  readonly id: number
  readonly name: string
  readonly owner: string
  /** Empty: none. */
  readonly project: string
  readonly state: Environment['state']
  readonly since: string
  readonly message: string
}

/** Above so many changes at once, listing all of them is less work. */
const mostSingly = 100

/** All environments as they were last seen, kept by their events: only what changed is asked for again. */
export class Fleet {
  readonly #client: StandinClient
  readonly #members = new Map<number, Member>()
  readonly #touched = new Set<number>()
  #isUnknown = true

  constructor(client: StandinClient) {
    this.#client = client
  }

  get members(): Iterable<Member> {
    return this.#members.values()
  }

  /** Something is not as it was when it was last looked at. */
  get isBehind(): boolean {
    return this.#isUnknown || this.#touched.size > 0
  }

  note({ type, environment }: Event): void {
    if (environment !== null && type.startsWith('environment.') && type !== 'environment.progress') this.#touched.add(environment)
  }

  /** Events went by unseen: look at everything. */
  forget(): void {
    this.#isUnknown = true
  }

  /** @throws StandinError where control does not answer: what it did not say stays to be asked for */
  async refresh(signal: AbortSignal): Promise<void> {
    if (this.#isUnknown || this.#touched.size > mostSingly) return this.#list(signal)
    for (const id of this.#touched) {
      // Before it is asked for: it may change again meanwhile.
      this.#touched.delete(id)
      try {
        this.#take(await this.#client.environments.get(id, { signal }))
      } catch (error) {
        if (isGone(error)) this.#members.delete(id)
        else {
          this.#touched.add(id)
          throw error
        }
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    this.#touched.clear()
    this.#isUnknown = true
    const seen = new Set<number>()
    for await (const environment of this.#client.environments.iterate({ limit: 1000 }, { signal })) {
      seen.add(environment.id)
      this.#take(environment)
    }
    for (const id of this.#members.keys()) if (!seen.has(id)) this.#members.delete(id)
    this.#isUnknown = false
  }

  #take({ id, name, kind, owner, labels, state, stateChangedAt, reason }: Environment): void {
    if (kind === 'attachment' || state === 'deleted') {
      this.#members.delete(id)
      return
    }
    this.#members.set(id, { id, name, owner, project: labels.project ?? '', state, since: stateChangedAt, message: reason.message })
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'environment_not_found' || error.code === 'environment_deleted')
}
