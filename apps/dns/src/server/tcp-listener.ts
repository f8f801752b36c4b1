import net from 'node:net'
import type { Resolver } from '../resolver.ts'
import { defaultIdleMs, TcpConnection, type TcpConnectionOwner } from './tcp-connection.ts'

export interface TcpLimits {
  /** Connections at once (RFC 7766, section 6.2.2 asks for a limit). For a further one, the one that was quiet for longest is closed. */
  readonly connections?: number
  /** Milliseconds without a word after which a connection is closed. */
  readonly idleMs?: number
  /** Several processes may take the same port. */
  readonly reusePort?: boolean
}

const defaultConnections = 256

/** TCP servers, one for each address that `listen` is called with, with one limit of connections. */
export class TcpListener implements TcpConnectionOwner {
  readonly #resolver: Resolver
  readonly #onError: (cause: Error) => void
  readonly #limits: TcpLimits
  /** The one that has asked last is the last one. */
  readonly #connections = new Set<TcpConnection>()
  readonly #servers = new Map<string, net.Server>()

  constructor(resolver: Resolver, onError: (cause: Error) => void, limits: TcpLimits = {}) {
    this.#resolver = resolver
    this.#onError = onError
    this.#limits = limits
  }

  /** Rejects with the system's error, EADDRINUSE for one. */
  async listen(address: string, port: number): Promise<void> {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => this.#take(socket))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: address, port, exclusive: true, reusePort: this.#limits.reusePort ?? false }, () => {
        server.off('error', reject)
        resolve()
      })
    })
    server.on('error', this.#onError)
    this.#servers.set(address, server)
  }

  /** Takes no more connections at one address; those that there are stay. */
  leave(address: string): void {
    this.#servers.get(address)?.close()
    this.#servers.delete(address)
  }

  async close(): Promise<void> {
    const closed = [...this.#servers.values()].map((server) => new Promise((resolve) => server.close(resolve)))
    this.#servers.clear()
    for (const connection of this.#connections) connection.close()
    await Promise.all(closed)
  }

  asked(connection: TcpConnection): void {
    // Unless it was closed meanwhile.
    if (this.#connections.delete(connection)) this.#connections.add(connection)
  }

  closed(connection: TcpConnection): void {
    this.#connections.delete(connection)
  }

  /** Nobody keeps others out by holding connections (RFC 7766, section 6.2.3 lets a server close idle ones at any time). */
  #take(socket: net.Socket): void {
    if (this.#connections.size >= (this.#limits.connections ?? defaultConnections) && !this.#makeRoom()) {
      socket.destroy()
      return
    }
    this.#connections.add(new TcpConnection(socket, this.#resolver, this.#limits.idleMs ?? defaultIdleMs, this))
  }

  #makeRoom(): boolean {
    for (const connection of this.#connections) {
      if (!connection.isIdle) continue
      this.#connections.delete(connection)
      connection.close()
      return true
    }
    return false
  }
}
