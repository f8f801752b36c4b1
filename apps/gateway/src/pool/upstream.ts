import type { Socket } from 'node:net'
import type { Endpoint } from '@standin/client'
import type { UpstreamTransport } from '../http/upstream-stream.ts'
import type { PoolPolicy } from './pool-policy.ts'
import type { UpstreamState } from './upstream-state.ts'

/** How an endpoint was ejected. Kept while it may count for the next time. */
export interface EjectionRecord {
  /** How often in a row. */
  row: number
  /** When it may return, ms as `performance.now()`. */
  until: number
  /** How long it was left out the last time, ms. */
  lastedMs: number
  /** When its return was found to be for good; 0: it has not returned. */
  returnedAt: number
}

/** What an upstream needs of the registry that has it. */
export interface UpstreamOrigin {
  openTransport(upstream: Upstream): UpstreamTransport
}

/**
 * One endpoint, and all connections to it. All pools that have the endpoint share it, and so does the pool's successor
 * when the table changes: what is known of its health outlives the entry. Nothing is opened before the first request.
 */
export class Upstream {
  /** `address:port#generation`, with `/h2c` where it speaks that, and `/proxy-v1` where it is told of clients like that. */
  readonly key: string
  readonly endpoint: Endpoint
  readonly protocol: PoolPolicy['protocol']
  /** Its connections begin with a PROXY header of this version, and serve one client each. */
  readonly sendProxy: PoolPolicy['sendProxy']
  /** Changed by the registry only, event by event. */
  state: UpstreamState = 'new'
  /** Requests and WebSockets under way, those that wait for a connection included. */
  active = 0
  /** Requests that failed in a row. */
  failures = 0
  /** Answers in a row that it broke off in the middle. */
  cuts = 0
  /** It is returning, and the one request that it gets is under way. */
  isOnTrial = false
  /** Since when it gets requests without a break, ms as `performance.now()`. */
  usableSince: number
  ejection: EjectionRecord | null = null
  /** As the policy says. For HTTP/2, where a connection has many requests. */
  connectionsAtMost = 1
  /** How many places in pools it has; kept by the registry. */
  references = 0
  /** What names it in a sticky cookie; empty: no sticky pool has it. */
  stickyName = ''
  readonly #origin: UpstreamOrigin
  #transport: UpstreamTransport | null = null
  /** Sockets that have switched protocols: no transport knows of them any more. */
  #switched: Set<Socket> | null = null
  #whenNoneSwitched: (() => void) | null = null

  constructor(key: string, endpoint: Endpoint, policy: Pick<PoolPolicy, 'protocol' | 'sendProxy'>, now: number, origin: UpstreamOrigin) {
    this.key = key
    this.endpoint = endpoint
    this.protocol = policy.protocol
    this.sendProxy = policy.sendProxy
    this.usableSince = now
    this.#origin = origin
  }

  get transport(): UpstreamTransport {
    this.#transport ??= this.#origin.openTransport(this)
    return this.#transport
  }

  /** There was never a connection to it. */
  get isUnused(): boolean {
    return this.#transport === null && this.#switched === null
  }

  /** Open ones. */
  get connections(): number {
    return (this.#transport?.connections ?? 0) + (this.#switched?.size ?? 0)
  }

  /** A connection to it has become somebody's WebSocket. It is closed when this endpoint has to go. */
  adopt(socket: Socket): void {
    if (socket.destroyed) return
    this.#switched ??= new Set()
    this.#switched.add(socket)
    socket.once('close', () => {
      this.#switched?.delete(socket)
      if (this.#switched?.size === 0) this.#whenNoneSwitched?.()
    })
  }

  /** Lets what is under way end by itself, for `ms` at most; then cuts it. Idle connections close at once. */
  async drain(ms: number): Promise<void> {
    const deadline = setTimeout(() => void this.destroy(), ms)
    deadline.unref()
    const switched = new Promise<void>((resolve) => {
      this.#whenNoneSwitched = resolve
      if (this.#switched === null || this.#switched.size === 0) resolve()
    })
    await Promise.all([this.#transport?.drain(ms), switched])
    clearTimeout(deadline)
  }

  async destroy(): Promise<void> {
    this.#transport?.destroy()
    if (this.#switched !== null) for (const socket of this.#switched) socket.destroy()
  }
}
