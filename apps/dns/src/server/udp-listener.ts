import type { Resolver } from '../resolver.ts'
import { openBatchedUdp } from './batched-udp.ts'
import { openPlainUdp } from './plain-udp.ts'
import { systemCalls } from './system-calls.ts'
import type { UdpSocket } from './udp-socket.ts'

export interface UdpLimits {
  /** Several processes may take the same port. */
  readonly reusePort?: boolean
  /** Whether datagrams are taken in batches where that can be done; default: yes. */
  readonly batches?: boolean
}

/** UDP sockets, one for each address that `listen` is called with. */
export class UdpListener {
  readonly #resolver: Resolver
  readonly #onError: (cause: Error) => void
  readonly #limits: UdpLimits
  readonly #sockets = new Map<string, UdpSocket>()

  constructor(resolver: Resolver, onError: (cause: Error) => void, limits: UdpLimits = {}) {
    this.#resolver = resolver
    this.#onError = onError
    this.#limits = limits
  }

  /** Gives the port. Rejects with the system's error, EADDRINUSE for one. */
  async listen(address: string, port: number): Promise<number> {
    const options = { address, port, reusePort: this.#limits.reusePort ?? false, onError: this.#onError }
    // How the number of an interface is written into an address only Node knows.
    const calls = this.#limits.batches === false || address.includes('%') ? undefined : await systemCalls()
    const socket = await (calls === undefined ? openPlainUdp(this.#resolver, options) : openBatchedUdp(this.#resolver, options, calls))
    this.#sockets.set(address, socket)
    return socket.port
  }

  /** Closes the socket of one address. */
  async leave(address: string): Promise<void> {
    const socket = this.#sockets.get(address)
    this.#sockets.delete(address)
    await socket?.close()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sockets.keys()].map((address) => this.leave(address)))
  }
}
