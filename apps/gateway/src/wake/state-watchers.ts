import { StandinError } from '@standin/client/errors'
import type { Abortable, Exchange } from '../exchange/exchange.ts'
import type { RoutedEnvironment } from '../routing/target.ts'
import { type Status, statusOf, statusOfDeleted } from './status.ts'

export interface WatcherLimits {
  readonly perEnvironment: number
  readonly overall: number
  /** A comment is sent this often, so that a dead connection is noticed, ms. */
  readonly heartbeatMs: number
}
const defaultWatcherLimits: WatcherLimits = { perEnvironment: 200, overall: 5_000, heartbeatMs: 15_000 }

/**
 * Who follows the state of an environment, as server-sent events. Each gets the state as it is, then every change; a
 * slow one is not sent what is out of date already. They do not count as activity.
 */
export class StateWatchers {
  readonly #limits: WatcherLimits
  /** Why an environment can't be woken just now; empty: nothing is known. */
  readonly #troubleOf: (id: number) => string
  readonly #watchers = new Map<number, Set<Watcher>>()
  #size = 0
  #heartbeat: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(troubleOf: (id: number) => string, limits: Partial<WatcherLimits> = {}) {
    this.#troubleOf = troubleOf
    this.#limits = { ...defaultWatcherLimits, ...limits }
  }

  get size(): number {
    return this.#size
  }

  /** Answers with the stream; `overloaded` where there are too many. */
  attach(exchange: Exchange, environment: RoutedEnvironment): void {
    const id = environment.entry.environment
    const others = this.#watchers.get(id) ?? new Set()
    if (this.#isClosed || others.size >= this.#limits.perEnvironment || this.#size >= this.#limits.overall) {
      const why = this.#isClosed ? 'The gateway is going out of service' : 'Too many follow the state of environments already'
      exchange.refuse(new StandinError('overloaded', why), { retryAfterSeconds: 5 })
      return
    }
    const watcher = new Watcher(exchange, statusOf(environment, this.#troubleOf(id)), () => this.#leave(id, watcher))
    this.#watchers.set(id, others.add(watcher))
    this.#size++
    this.#heartbeat ??= setInterval(() => this.#beat(), this.#limits.heartbeatMs)
    watcher.start()
  }

  /** The table has a new entry for this environment, or none any more; or there is something new about waking it. */
  change(id: number, environment: RoutedEnvironment | undefined): void {
    const watchers = this.#watchers.get(id)
    if (watchers === undefined) return
    const status = environment === undefined ? null : statusOf(environment, this.#troubleOf(id))
    for (const watcher of watchers) {
      watcher.send(status ?? statusOfDeleted(watcher.status))
      if (status === null) watcher.end()
    }
  }

  /** Ends all streams: the gateway stops. Their readers come back, and find another one. */
  close(): void {
    this.#isClosed = true
    for (const watchers of this.#watchers.values()) for (const watcher of watchers) watcher.end()
  }

  #leave(id: number, watcher: Watcher): void {
    const watchers = this.#watchers.get(id)
    if (watchers?.delete(watcher) !== true) return
    this.#size--
    if (watchers.size === 0) this.#watchers.delete(id)
    if (this.#size > 0) return
    clearInterval(this.#heartbeat)
    this.#heartbeat = undefined
  }

  #beat(): void {
    for (const watchers of this.#watchers.values()) for (const watcher of watchers) watcher.beat()
  }
}

/** One stream. */
class Watcher implements Abortable {
  /** What its reader knows, or is going to know. */
  status: Status
  readonly #exchange: Exchange
  readonly #leave: () => void
  #isBlocked = false
  /** The status changed while it was blocked. */
  #isBehind = false

  constructor(exchange: Exchange, status: Status, leave: () => void) {
    this.#exchange = exchange
    this.status = status
    this.#leave = leave
  }

  start(): void {
    const exchange = this.#exchange
    const { stream } = exchange
    exchange.phase = 'responding'
    exchange.status = 200
    exchange.pending = this
    stream.listener = {
      onBody: () => {},
      onBodyEnd: () => {},
      onClientDrain: () => this.#drained(),
      onClientGone: () => exchange.onClientGone(),
    }
    const headers = ['Content-Type', 'text/event-stream', 'Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff']
    headers.push('X-Accel-Buffering', 'no', 'X-Request-Id', exchange.id)
    stream.respond(200, '', headers, -1, exchange.gateway.draining)
    this.#write(`retry: 1000\n${eventOf(this.status)}`)
  }

  send(status: Status): void {
    this.status = status
    if (this.#isBlocked) this.#isBehind = true
    else this.#write(eventOf(status))
  }

  beat(): void {
    if (!this.#isBlocked) this.#write(':\n\n')
  }

  end(): void {
    const exchange = this.#exchange
    if (exchange.phase === 'ended') return
    this.#leave()
    exchange.end()
    exchange.stream.end(null)
  }

  /** The client went away. */
  abort(): void {
    this.#leave()
  }

  #drained(): void {
    this.#isBlocked = false
    if (!this.#isBehind) return
    this.#isBehind = false
    this.#write(eventOf(this.status))
  }

  #write(text: string): void {
    const { stream } = this.#exchange
    const chunk = Buffer.from(text)
    this.#exchange.bytesSent += chunk.length
    this.#isBlocked = !stream.write(chunk)
  }
}

/** JSON has no line feeds, so one line of data takes it all. */
const eventOf = (status: Status): string => `event: state\ndata: ${JSON.stringify(status)}\n\n`
