import { delayBefore, pause } from '../backoff.ts'
import type { Loose, QueryOf, RequestOptions } from '../endpoint-types.ts'
import type { CreateNotice, Event } from '../schemas/events.ts'
import { readServerSentEvents } from '../server-sent-events.ts'
import type { Transport } from '../transport.ts'
import { mayReopen } from '../transport-errors.ts'

type ListQuery = Loose<Omit<NonNullable<QueryOf<'GET /v1/events'>>, 'watch'>>

export interface FollowOptions extends Loose<Omit<NonNullable<QueryOf<'GET /v1/events'>>, 'watch' | 'limit'>> {
  /** Ends the loop without an error. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds without even a heartbeat after which a stream is dead; default: three heartbeats. */
  readonly silenceMs?: number | undefined
}

const heartbeatMs = 5_000
const backoff = { first: 50, max: 5_000 }

export class Events {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Events after a sequence number, oldest first. */
  list(query: ListQuery = {}, options: RequestOptions = {}) {
    return this.#transport.call('GET /v1/events', { ...options, query })
  }

  /** Tell something to those who follow the events. @throws StandinError `environment_not_found`, `too_large` */
  notify(notice: CreateNotice, options: RequestOptions = {}): Promise<Event> {
    return this.#transport.call('POST /v1/events', { ...options, body: notice })
  }

  /**
   * Every event after `after` (default: all that are kept), then those to come, each once and in order. Where the
   * connection breaks it is made again and goes on after the last one seen. Ends with the signal.
   * @throws StandinError when the server refuses: a token that was revoked, an unknown parameter
   */
  async *follow(options: FollowOptions = {}): AsyncGenerator<Event, void, undefined> {
    let after = options.after
    for (let attempt = 0; !options.signal?.aborted; attempt++) {
      const opened = Date.now()
      try {
        for await (const event of this.stream({ ...options, after })) {
          after = event.seq
          yield event
        }
      } catch (error) {
        if (options.signal?.aborted) return
        if (!mayReopen(error)) throw error
      }
      if (Date.now() - opened > backoff.max) attempt = 0
      await pause(delayBefore(attempt, backoff), options.signal).catch(() => undefined)
    }
  }

  /** One connection of `follow`: ends when the server ends it, throws when it breaks. */
  async *stream(options: FollowOptions): AsyncGenerator<Event, void, undefined> {
    const { signal, silenceMs = 3 * heartbeatMs, after, environment, build, type } = options
    const query = { after, environment, build, type, watch: '1' } as const
    const response = await this.#transport.open('GET /v1/events', { query, signal, accept: 'text/event-stream', answerWithinMs: silenceMs })
    for await (const message of readServerSentEvents(response, { silenceMs, signal })) {
      const event = JSON.parse(message.data) as Event
      if (after === undefined || event.seq > after) yield event
    }
  }
}
