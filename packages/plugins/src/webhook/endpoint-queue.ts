import type { Event } from '@standin/client'
import type { PluginStore } from '@standin/core'

/** What waits for one endpoint, in the order of the events. On disk, so that it is there after a restart. */
export class EndpointQueue {
  readonly #store: PluginStore
  readonly #prefix: string
  readonly #givenUp: string

  constructor(store: PluginStore, endpoint: string) {
    this.#store = store
    this.#prefix = `queue/${endpoint}/`
    this.#givenUp = `given-up/${endpoint}/`
  }

  /** The same event twice is there once. */
  put(event: Event): Promise<void> {
    return this.#store.set(this.#prefix + keyOf(event.seq), event as never)
  }

  async head(): Promise<Event | undefined> {
    return (await this.#store.list<Event>({ prefix: this.#prefix, limit: 1 }))[0]?.value
  }

  async taken({ seq }: Event): Promise<void> {
    await this.#store.delete(this.#prefix + keyOf(seq))
  }

  /** Recorded, in the same change that takes it off the queue. */
  async giveUp({ seq, type, at, environment }: Event, why: string, now: number): Promise<void> {
    const record: GivenUp = { seq, type, at, environment, why: why.slice(0, 500), givenUpAt: new Date(now).toISOString() }
    await this.#store.write([
      { key: this.#prefix + keyOf(seq), value: undefined },
      { key: this.#givenUp + keyOf(seq), value: { ...record } },
    ])
    const kept = await this.givenUp()
    for (const old of kept.slice(0, -mostGivenUp)) await this.#store.delete(this.#givenUp + keyOf(old.seq))
  }

  /** The oldest first. */
  async givenUp(): Promise<GivenUp[]> {
    return (await this.#store.list<GivenUp>({ prefix: this.#givenUp })).map(({ value }) => value)
  }

  /** At most `most`: it is not counted further. */
  async size(most = 1_000): Promise<number> {
    return (await this.#store.list({ prefix: this.#prefix, limit: most })).length
  }
}

export interface GivenUp {
  readonly seq: number
  readonly type: string
  readonly at: string
  readonly environment: number | null
  readonly why: string
  readonly givenUpAt: string
}

/** The last so many are remembered. */
const mostGivenUp = 500

function keyOf(seq: number): string {
  return String(seq).padStart(15, '0')
}
