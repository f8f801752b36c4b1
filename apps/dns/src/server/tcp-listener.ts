import net from 'node:net'
import type { Resolver } from '../resolver.ts'
import { defaultIdleMs, TcpConnection } from './tcp-connection.ts'

export interface TcpLimits {
  /** Connections at once; further ones are closed (RFC 7766, section 6.2.2 asks for a limit). */
  readonly connections?: number
  /** Milliseconds without a word after which a connection is closed. */
  readonly idleMs?: number
  /** Several processes may take the same port. */
  readonly reusePort?: boolean
}

/** One TCP server, listening when `listen` is called. */
export class TcpListener {
  readonly #resolver: Resolver
  readonly #onError: (cause: Error) => void
  readonly #limits: TcpLimits
  readonly #sockets = new Set<net.Socket>()
  #server: net.Server | undefined

  constructor(resolver: Resolver, onError: (cause: Error) => void, limits: TcpLimits = {}) {
    this.#resolver = resolver
    this.#onError = onError
    this.#limits = limits
  }

  /** Rejects with the system's error, EADDRINUSE for one. */
  async listen(address: string, port: number): Promise<void> {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      new TcpConnection(socket, this.#resolver, this.#limits.idleMs ?? defaultIdleMs)
    })
    server.maxConnections = this.#limits.connections ?? 256
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: address, port, exclusive: true, reusePort: this.#limits.reusePort ?? false }, () => {
        server.off('error', reject)
        resolve()
      })
    })
    server.on('error', this.#onError)
    this.#server = server
  }

  async close(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}
