import type { RequestOptions } from '../endpoint-types.ts'
import type { RecordEntry, RouteEntry, TableDelta, TableSnapshot } from '../schemas/tables.ts'
import { readServerSentEvents } from '../server-sent-events.ts'
import type { Transport } from '../transport.ts'

export interface TableEntries {
  routes: RouteEntry
  records: RecordEntry
}
export type TableKind = keyof TableEntries

/** One message of a watch. A delta belongs to the epoch of the snapshot before it, or to that of `after`. */
export type TableMessage<T> =
  | { readonly type: 'snapshot'; readonly snapshot: TableSnapshot<T> }
  | { readonly type: 'delta'; readonly delta: TableDelta<T> }
  | { readonly type: 'heartbeat'; readonly revision: number }

export interface WatchOptions {
  /** What was applied last: the stream starts with the deltas after it, or with a snapshot where they are gone. */
  readonly after?: { readonly epoch: string; readonly revision: number } | undefined
  readonly signal?: AbortSignal | undefined
  /** Milliseconds without even a heartbeat after which the stream is dead; default: three heartbeats. */
  readonly silenceMs?: number | undefined
  /** The server took the watch; messages follow. */
  readonly onOpen?: (() => void) | undefined
}

const heartbeatMs = 2_000

/** What followers hold, as it is and as it changes. Keeping a table up to date is @standin/follower's. */
export class Tables {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** The table as it is now. */
  async snapshot<K extends TableKind>(kind: K, options: RequestOptions = {}): Promise<TableSnapshot<TableEntries[K]>> {
    return (await this.#transport.call(routeOf(kind), options)) as TableSnapshot<TableEntries[K]>
  }

  /** One connection: ends when the server ends it, throws when it breaks. Calls nobody again by itself. */
  async *watch<K extends TableKind>(kind: K, options: WatchOptions = {}): AsyncGenerator<TableMessage<TableEntries[K]>, void, undefined> {
    const { after, signal, silenceMs = 3 * heartbeatMs, onOpen } = options
    const query = { watch: '1', after: after && `${after.epoch}:${after.revision}` } as const
    const response = await this.#transport.open(routeOf(kind), { query, signal, accept: 'text/event-stream', answerWithinMs: silenceMs })
    onOpen?.()
    for await (const message of readServerSentEvents(response, { silenceMs, signal })) {
      const data = JSON.parse(message.data)
      if (message.event === 'snapshot') yield { type: 'snapshot', snapshot: data }
      else if (message.event === 'delta') yield { type: 'delta', delta: data }
      else if (message.event === 'heartbeat') yield { type: 'heartbeat', revision: data.revision }
    }
  }
}

function routeOf(kind: TableKind): `GET /v1/${TableKind}` {
  return `GET /v1/${kind}`
}
