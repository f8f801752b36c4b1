import { type Event, StandinError } from '@standin/client'
import { delayBefore, pause } from '@standin/client/backoff'
import type { StandinClient } from '@standin/client/connect'
import type { ControlLink, EventSource } from '../plugins/event-source.ts'

/** What the stream has brought lately is kept for those who read; older events are asked for. */
const mostKept = 2_000
const backoff = { first: 100, max: 5_000 }
/** Trying again does not help against these, somebody has to do something; it is tried all the same. */
const refusals: readonly string[] = ['unauthenticated', 'forbidden', 'invalid', 'state_conflict', 'route_not_found']

export interface RemoteEventsParts {
  readonly client: StandinClient
  /** Of the store whose events these are: those of another one are never taken for them. */
  readonly epoch: string
  /** What that store had when it was asked first. */
  readonly first: number
  readonly last: number
}

/**
 * The events of a control plane elsewhere. Its stream says that there are new ones, and brings them; who is further behind reads
 * pages. While control is away everything waits.
 */
export class RemoteEvents implements EventSource, ControlLink {
  readonly #client: StandinClient
  readonly #epoch: string
  readonly #ended = new AbortController()
  readonly #listeners = new Set<() => void>()
  #following: Promise<void> = Promise.resolve()
  /** Those after `#keptAfter`, up to where the stream is. */
  #kept: Event[] = []
  #keptAfter: number
  /** It answers, with the store that is meant. */
  #reached = Promise.withResolvers<void>()
  #isReached = false
  #refusal: StandinError | null = null
  #refused = Promise.withResolvers<never>()
  first: number
  last: number
  outages = 0
  trouble: string | null = null

  constructor({ client, epoch, first, last }: RemoteEventsParts) {
    this.#client = client
    this.#epoch = epoch
    this.first = first
    this.last = last
    this.#keptAfter = last
    this.#refused.promise.catch(() => {})
  }

  /** Nothing is followed before. */
  start(): void {
    this.#following = this.#follow()
  }

  async close(): Promise<void> {
    this.#ended.abort(new StandinError('interrupted', 'the plugin is being stopped'))
    await this.#following
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** @throws StandinError that control refuses with; the reason of the end */
  async list({ after, limit }: { after: number; limit: number }): Promise<readonly Event[]> {
    for (;;) {
      if (this.#refusal !== null) throw this.#refusal
      await Promise.race([this.reached(this.#ended.signal), this.#refused.promise])
      if (after >= this.#keptAfter) return this.#keptOf(after, limit)
      try {
        const { items, first, last } = await this.#client.events.list({ after, limit }, { signal: this.#ended.signal })
        this.first = first
        this.last = Math.max(this.last, last)
        return items
      } catch (error) {
        if (this.#ended.signal.aborted || isRefusal(error)) throw error
        await pause(backoff.first, this.#ended.signal)
      }
    }
  }

  noteLost(): void {
    this.outages += 1
  }

  async reached(signal: AbortSignal): Promise<void> {
    const fired = Promise.withResolvers<never>()
    const fire = () => fired.reject(signal.reason)
    if (signal.aborted) throw signal.reason
    signal.addEventListener('abort', fire, { once: true })
    try {
      await Promise.race([this.#reached.promise, fired.promise])
    } finally {
      signal.removeEventListener('abort', fire)
    }
  }

  get #position(): number {
    return this.#kept.at(-1)?.seq ?? this.#keptAfter
  }

  #keptOf(after: number, limit: number): readonly Event[] {
    const begin = this.#kept.findIndex(({ seq }) => seq > after)
    return begin < 0 ? [] : this.#kept.slice(begin, begin + limit)
  }

  async #follow(): Promise<void> {
    const { signal } = this.#ended
    for (let attempt = 0; !signal.aborted; attempt++) {
      const openedAt = performance.now()
      try {
        await this.#requireSameStore()
        for await (const event of this.#client.events.stream({ after: this.#position, signal })) this.#take(event)
        this.trouble = null
      } catch (error) {
        if (signal.aborted) return
        this.#note(error)
      }
      if (signal.aborted) return
      this.outages += 1
      // Who waits already waits on.
      if (this.#isReached) this.#reached = Promise.withResolvers()
      this.#isReached = false
      if (performance.now() - openedAt > backoff.max) attempt = 0
      await pause(delayBefore(attempt, backoff), signal).catch(() => {})
    }
  }

  async #requireSameStore(): Promise<void> {
    const { epoch } = await this.#client.discover({ signal: this.#ended.signal })
    if (epoch !== this.#epoch) {
      throw new StandinError(
        'state_conflict',
        `${this.#client.url} has another store than before: its events are not those that this plugin follows`,
        {
          hint: 'Bring the old store back, or begin anew in another folder',
        },
      )
    }
    this.#refusal = null
    this.trouble = null
    this.#isReached = true
    this.#reached.resolve()
  }

  #note(error: unknown): void {
    this.trouble = error instanceof Error ? error.message : String(error)
    if (!isRefusal(error)) return
    this.#refusal = error
    this.#refused.reject(error)
    this.#refused = Promise.withResolvers<never>()
    this.#refused.promise.catch(() => {})
    // Who waits for events asks for them, and is told.
    for (const listener of this.#listeners) listener()
  }

  #take(event: Event): void {
    this.#kept.push(event)
    if (this.#kept.length > mostKept) {
      const gone = this.#kept.splice(0, mostKept / 2)
      this.#keptAfter = gone.at(-1)?.seq ?? this.#keptAfter
    }
    this.last = Math.max(this.last, event.seq)
    for (const listener of this.#listeners) listener()
  }
}

function isRefusal(error: unknown): error is StandinError {
  return error instanceof StandinError && refusals.includes(error.code)
}
