import type { Socket } from 'node:net'
import type { Endpoint } from '@standin/client'
import { Client, type Dispatcher, Pool } from 'undici'
import { dial } from './dial.ts'
import type { RefusedEndpoints } from './refused-endpoints.ts'

/** Connections that one endpoint gets at most; more requests wait for one to become free. */
const connectionsPerEndpoint = 1_024
/** How long what is in flight to an endpoint that left its pool may go on, in ms. */
const drainMs = 30_000

/**
 * One connection of a pool. Knows how often it was used and how its socket ended, which undici doesn't tell: whether
 * a request may be sent once more, and whether a body without a length is complete, depend on that.
 */
export class UpstreamConnection extends Client {
  /** Requests sent since the socket was connected. */
  served = 0
  /** The socket was reset by its peer. */
  wasReset = false

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (isConnectionAware(handler)) handler.connection = this
    return super.dispatch(options, handler)
  }
}

interface ConnectionAware {
  connection: UpstreamConnection | null
}
const isConnectionAware = (handler: object): handler is ConnectionAware => 'connection' in handler

/** One endpoint, and all connections to it. */
export class Upstream {
  /** `address:port#generation` */
  readonly key: string
  readonly endpoint: Endpoint
  readonly refused: RefusedEndpoints
  /** How many service pools have it; kept by the registry. */
  references = 0
  /** Sockets of WebSockets, which no pool knows of. */
  readonly relayed = new Set<Socket>()
  #pool: Pool | undefined

  constructor(key: string, endpoint: Endpoint, refused: RefusedEndpoints) {
    this.key = key
    this.endpoint = endpoint
    this.refused = refused
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.#pool ??= this.#open()
    return this.#pool.dispatch(options, handler)
  }

  /** Lets what is in flight end by itself, for `ms` at most. Idle connections close at once. */
  async drain(ms = drainMs): Promise<void> {
    const pool = this.#pool
    this.#pool = undefined
    const deadline = setTimeout(() => {
      void pool?.destroy()
      for (const socket of this.relayed) socket.destroy()
    }, ms)
    deadline.unref()
    await pool?.close().catch(() => {})
    if (this.relayed.size === 0) clearTimeout(deadline)
  }

  async destroy(): Promise<void> {
    for (const socket of this.relayed) socket.destroy()
    await this.#pool?.destroy()
  }

  #open(): Pool {
    // The origin is only a name here: connections are made by `dial`, and every request brings its own Host.
    return new Pool('http://endpoint', {
      connections: connectionsPerEndpoint,
      pipelining: 1,
      allowH2: false,
      // A stream may be quiet for as long as it likes; whoever waits for a slow answer decides how long.
      headersTimeout: 0,
      bodyTimeout: 0,
      factory: (origin, options) => this.#connection(origin, options as Client.Options),
    })
  }

  #connection(origin: URL, options: Client.Options): UpstreamConnection {
    const { address, port } = this.endpoint
    const connection: UpstreamConnection = new UpstreamConnection(origin, {
      ...options,
      connect: (_, callback) => {
        connection.served = 0
        connection.wasReset = false
        const socket = dial(this.refused, address, port, (error, connected) => {
          if (connected !== null) callback(null, connected)
          else callback(error ?? new Error('No connection'), null)
        })
        socket?.on('error', (error: NodeJS.ErrnoException) => {
          if (error.code === 'ECONNRESET') connection.wasReset = true
        })
      },
    })
    return connection
  }
}

/** All endpoints that some route leads to. An endpoint in several pools, or in a pool and its successor, is one upstream. */
export class UpstreamRegistry {
  readonly #upstreams = new Map<string, Upstream>()
  readonly #draining = new Set<Upstream>()
  readonly #refused: RefusedEndpoints

  constructor(refused: RefusedEndpoints) {
    this.#refused = refused
  }

  get size(): number {
    return this.#upstreams.size
  }

  acquireAll(endpoints: readonly Endpoint[]): Upstream[] {
    return endpoints.map((endpoint) => {
      const key = `${endpoint.address}:${endpoint.port}#${endpoint.generation}`
      let upstream = this.#upstreams.get(key)
      if (upstream === undefined) {
        upstream = new Upstream(key, endpoint, this.#refused)
        this.#upstreams.set(key, upstream)
      }
      upstream.references++
      return upstream
    })
  }

  releaseAll(upstreams: readonly Upstream[]): void {
    for (const upstream of upstreams) {
      if (--upstream.references > 0) continue
      this.#upstreams.delete(upstream.key)
      this.#draining.add(upstream)
      void upstream.drain().finally(() => this.#draining.delete(upstream))
    }
  }

  /** Closes every connection at once. */
  async destroy(): Promise<void> {
    await Promise.all([...this.#upstreams.values(), ...this.#draining].map((upstream) => upstream.destroy()))
  }
}

/** The endpoints of one service, taken in turn. */
export class ServicePool {
  readonly upstreams: readonly Upstream[]
  #next: number

  constructor(upstreams: readonly Upstream[]) {
    this.upstreams = upstreams
    // Somewhere else each time: a pool that is replaced every second would send most of its requests to its first endpoint.
    this.#next = Math.floor(Math.random() * upstreams.length)
  }

  /** The next one in turn. */
  next(): Upstream | undefined {
    const { upstreams } = this
    if (this.#next >= upstreams.length) this.#next = 0
    return upstreams[this.#next++]
  }

  /** Another one than `failed`, where there is one; it takes nobody's turn. */
  instead(failed: Upstream): Upstream | undefined {
    const { upstreams } = this
    const chosen = upstreams[this.#next] ?? upstreams[0]
    return chosen === failed ? upstreams[(this.#next + 1) % upstreams.length] : chosen
  }
}
