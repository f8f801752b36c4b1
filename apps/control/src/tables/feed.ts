import type { SseStream } from '../api/sse.ts'
import type { EnvironmentQueries } from '../store/environment-queries.ts'
import type { Environments } from '../store/environments.ts'
import type { EventLog } from '../store/events.ts'
import type { Place } from './pool.ts'
import { type Change, changedBy, type Delta, deltaOf, inOrder, type Table } from './table.ts'

export interface FeedDependencies {
  /** Of entries that the feed need not know. */
  readonly table: Pick<Table, 'load' | 'put' | 'look' | 'items'>
  readonly environments: Environments
  readonly queries: EnvironmentQueries
  readonly events: EventLog
  readonly epoch: () => string
  readonly place: Place
}

const heartbeatMs = 2_000

/**
 * A table and those who watch it. What is sent are states, not steps: a watcher that can't keep up is owed the ids that
 * changed meanwhile, however often they did, so what waits for it never grows beyond the table, and none ever comes too
 * late for the deltas it missed.
 */
export class Feed {
  readonly #deps: FeedDependencies
  readonly #watchers = new Set<Watcher>()
  #epoch = ''
  #unsubscribe: () => void = () => {}
  #heartbeat: NodeJS.Timeout | undefined

  constructor(deps: FeedDependencies) {
    this.#deps = deps
  }

  start(): void {
    const { table, queries, events, epoch } = this.#deps
    this.#epoch = epoch()
    table.load(queries.living())
    this.#unsubscribe = events.subscribe((committed) => this.#changed(changedBy(committed)))
    this.#heartbeat = setInterval(() => {
      const revision = events.last
      for (const watcher of this.#watchers) watcher.heartbeat(revision)
    }, heartbeatMs)
    this.#heartbeat.unref()
  }

  close(): void {
    this.#unsubscribe()
    clearInterval(this.#heartbeat)
    for (const watcher of this.#watchers) watcher.stream.end()
  }

  get watchers(): number {
    return this.#watchers.size
  }

  /** `TableSnapshot`, serialised, in pieces that belong together: nothing may be committed between two of them. */
  *snapshot(): Generator<string, void, undefined> {
    const { events, environments, place, table } = this.#deps
    const head = {
      epoch: this.#epoch,
      revision: events.last,
      domain: place.domain,
      gateway: place.gateway.addresses,
      gatewayPort: place.gateway.port,
      nextId: environments.nextId,
    }
    yield `${JSON.stringify(head).slice(0, -1)},"items":`
    yield* table.items()
    yield '}'
  }

  /**
   * Send what is, then what changes.
   * @param after `<epoch>:<revision>` that the follower applied last; it gets deltas only, where that is of this store
   */
  watch(stream: SseStream, after: string | null): void {
    const watcher = new Watcher(stream, this.#deps.table, this.#epoch)
    const revision = this.#revisionOf(after)
    if (revision === null) stream.sendPieces('snapshot', `${this.#epoch}:${this.#deps.events.last}`, this.snapshot())
    else watcher.owe(this.#deps.queries.changedSince(revision), revision)
    watcher.heartbeat(this.#deps.events.last)
    this.#watchers.add(watcher)
    stream.onClose(() => this.#watchers.delete(watcher))
  }

  #revisionOf(after: string | null): number | null {
    const [epoch, revision] = after?.split(':') ?? []
    if (epoch !== this.#epoch || revision === undefined || !/^[0-9]{1,15}$/.test(revision)) return null
    // From the future: the store was put back to an earlier day.
    return Number(revision) <= this.#deps.events.last ? Number(revision) : null
  }

  #changed(ids: ReadonlyMap<number, number>): void {
    const { table, environments } = this.#deps
    const changes: Change[] = []
    for (const id of ids.keys()) {
      const record = environments.get(id)
      const change = record === undefined ? null : table.put(record)
      if (change !== null) changes.push(change)
    }
    if (changes.length === 0) return
    const deltas = inOrder(changes).map((delta) => ({ delta, data: deltaOf(delta) }))
    for (const watcher of this.#watchers) for (const { delta, data } of deltas) watcher.tell(delta, data)
  }
}

class Watcher {
  readonly stream: SseStream
  readonly #table: FeedDependencies['table']
  readonly #epoch: string
  /** Ids that it wasn't told of, with the revision of their last change. */
  readonly #owed = new Map<number, number>()

  constructor(stream: SseStream, table: FeedDependencies['table'], epoch: string) {
    this.stream = stream
    this.#table = table
    this.#epoch = epoch
    stream.onDrain(() => this.#settle())
  }

  tell(delta: Delta, data: string): void {
    if (this.stream.blocked || this.#owed.size > 0) this.#owed.set(delta.change.id, delta.change.revision)
    else this.#send(delta, data)
  }

  /** What changed after the revision that it knows. */
  owe(changed: readonly { id: number; revision: number }[], known: number): void {
    for (const { id, revision } of changed) if (this.#table.look(id, revision).revision > known) this.#owed.set(id, revision)
    this.#settle()
  }

  heartbeat(revision: number): void {
    if (!this.stream.blocked && this.#owed.size === 0) this.stream.send({ event: 'heartbeat', data: `{"revision":${revision}}` })
  }

  #settle(): void {
    if (this.#owed.size === 0) return
    const changes = [...this.#owed].map(([id, revision]) => this.#table.look(id, revision))
    for (const delta of inOrder(changes)) {
      if (this.stream.blocked) return
      this.#owed.delete(delta.change.id)
      this.#send(delta, deltaOf(delta))
    }
  }

  #send({ revision }: Delta, data: string): void {
    this.stream.send({ event: 'delta', id: `${this.#epoch}:${revision}`, data })
  }
}
