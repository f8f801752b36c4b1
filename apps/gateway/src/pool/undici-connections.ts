import { Client, type Dispatcher, Pool } from 'undici'
import { dial } from '../dial.ts'
import type { RefusedEndpoints } from '../refused-endpoints.ts'

/** Connections that one endpoint gets at most; more requests wait for one to become free. */
const connectionsPerEndpoint = 1_024

/**
 * One connection. Knows how often it was used and how its socket ended, which undici doesn't tell: whether
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

/** Connections of the old engine to one endpoint. */
export class UndiciConnections {
  readonly pool: Pool

  constructor(refused: RefusedEndpoints, address: string, port: number) {
    // The origin is only a name here: connections are made by `dial`, and every request brings its own Host.
    this.pool = new Pool('http://endpoint', {
      connections: connectionsPerEndpoint,
      pipelining: 1,
      allowH2: false,
      // A stream may be quiet for as long as it likes; whoever waits for a slow answer decides how long.
      headersTimeout: 0,
      bodyTimeout: 0,
      factory: (origin, options) => connection(refused, address, port, origin, options as Client.Options),
    })
  }

  drain(): Promise<void> {
    return this.pool.close().catch(() => {})
  }
}

const connection = (refused: RefusedEndpoints, address: string, port: number, origin: URL, options: Client.Options): UpstreamConnection => {
  const made: UpstreamConnection = new UpstreamConnection(origin, {
    ...options,
    connect: (_, callback) => {
      made.served = 0
      made.wasReset = false
      const socket = dial(refused, address, port, (error, connected) => {
        if (connected !== null) callback(null, connected)
        else callback(error ?? new Error('No connection'), null)
      })
      socket?.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNRESET') made.wasReset = true
      })
    },
  })
  return made
}
