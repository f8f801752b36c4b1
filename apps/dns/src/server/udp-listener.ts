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

/** One UDP socket, bound when `listen` is called. */
export class UdpListener {
  readonly #resolver: Resolver
  readonly #onError: (cause: Error) => void
  readonly #limits: UdpLimits
  #socket: UdpSocket | undefined

  constructor(resolver: Resolver, onError: (cause: Error) => void, limits: UdpLimits = {}) {
    this.#resolver = resolver
    this.#onError = onError
    this.#limits = limits
  }

  /** Gives the port. Rejects with the system's error, EADDRINUSE for one. */
  async listen(address: string, port: number): Promise<number> {
    const options = { address, port, reusePort: this.#limits.reusePort ?? false, onError: this.#onError }
    const calls = this.#limits.batches === false ? undefined : await systemCalls()
    this.#socket = await (calls === undefined ? openPlainUdp(this.#resolver, options) : openBatchedUdp(this.#resolver, options, calls))
    return this.#socket.port
  }

  async close(): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    await socket?.close()
  }
}
