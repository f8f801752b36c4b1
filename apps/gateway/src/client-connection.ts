import type { Socket } from 'node:net'
import { plainAddress } from './refused-endpoints.ts'

/** An exchange that has not ended. */
export interface LiveExchange {
  clientGone(): void
}

/** What is the same for all requests of one connection from a client. */
export class ClientConnection {
  readonly socket: Socket
  readonly address: string
  /** The port of ours that it came in on. */
  readonly port: string
  /** `for=` of `Forwarded`: an IPv6 address needs brackets and quotes (RFC 7239, section 6). */
  readonly forwardedFor: string
  /** Not only one: a client may pipeline. */
  readonly live = new Set<LiveExchange>()

  constructor(socket: Socket) {
    this.socket = socket
    this.address = plainAddress(socket.remoteAddress ?? '')
    this.port = String(socket.localPort ?? '')
    this.forwardedFor = this.address.includes(':') ? `"[${this.address}]"` : this.address
    socket.once('close', () => this.#gone())
  }

  #gone(): void {
    for (const exchange of this.live) exchange.clientGone()
  }
}
