import type { Socket } from 'node:net'
import { StandinError } from '@standin/client/errors'
import { refuseInPlain } from '../http1/refuse-in-plain.ts'
import type { ProxiedClient } from '../proxy-protocol/proxy-header.ts'
import { plainAddress } from '../refused-endpoints.ts'
import type { ConnectionCounts, Excess } from './connection-counts.ts'
import { ListeningSocket, type ListenOptions } from './listening-socket.ts'
import type { Networks } from './networks.ts'
import { readProxyHeader } from './read-proxy-header.ts'

/** Where a connection comes from and where it came in, as far as that can be known. */
export interface ConnectionOrigin {
  /** Of the client: from the PROXY header, where a listed peer sent one. */
  readonly address: string
  readonly clientPort: number
  /** Of whoever opened the socket. */
  readonly peer: string
  /** What the client connected to. */
  readonly localAddress: string
  readonly port: number
}

/** Why a connection was not served. */
export type Refusal = Excess | 'proxy-header'

export interface ClientListenerOptions {
  /** What is accepted speaks TLS: nothing can be said to it before that. */
  readonly secure: boolean
  readonly counts: ConnectionCounts
  /** Those who speak for many clients: no limit for each address holds for them. */
  readonly trusted: Networks
  /** Those who begin with a PROXY header. */
  readonly proxies: Networks
  readonly onConnection: (socket: Socket, origin: ConnectionOrigin) => void
  readonly onRefusal: (why: Refusal) => void
  readonly onError: (error: Error) => void
}

/** Accepts connections on one address, finds out whom they are from, and hands them on. */
export class ClientListener {
  readonly #options: ClientListenerOptions
  readonly #socket: ListeningSocket
  /** Their PROXY header is not complete. */
  readonly #unknown = new Set<Socket>()

  constructor(options: ClientListenerOptions) {
    this.#options = options
    this.#socket = new ListeningSocket((socket) => this.#onConnection(socket), options.onError)
  }

  /** Returns the address. @throws StandinError `port_taken`, `invalid` */
  listen(options: ListenOptions): Promise<string> {
    return this.#socket.listen(options)
  }

  /** Accepts what is queued, then nothing more. */
  close(): Promise<void> {
    return this.#socket.close()
  }

  /** Ends what has not even said whom it is from. */
  cutUnknown(): void {
    for (const socket of this.#unknown) socket.destroy()
  }

  #onConnection(socket: Socket): void {
    const { counts, proxies } = this.#options
    socket.on('error', ignore)
    if (!counts.enter()) {
      this.#refuse(socket, 'connections', enough)
      return
    }
    socket.once('close', () => counts.leave())
    const peer = plainAddress(socket.remoteAddress ?? '')
    if (!proxies.has(peer)) {
      this.#admit(socket, peer, null)
      return
    }
    this.#unknown.add(socket)
    socket.once('close', () => this.#unknown.delete(socket))
    readProxyHeader(socket, (client, fault) => {
      this.#unknown.delete(socket)
      if (fault === null) this.#admit(socket, peer, client)
      else this.#refuse(socket, 'proxy-header', new StandinError('invalid', `This connection has to begin with a PROXY header: ${fault}`))
    })
  }

  #admit(socket: Socket, peer: string, client: ProxiedClient | null): void {
    const { counts, trusted, onConnection } = this.#options
    // Gone before anybody looked.
    if (peer === '') {
      socket.destroy()
      return
    }
    const address = client === null ? peer : plainAddress(client.address)
    if (!trusted.has(peer) || client !== null) {
      if (!counts.enterClient(address)) {
        this.#refuse(socket, 'connections-per-client', tooMany)
        return
      }
      socket.once('close', () => counts.leaveClient(address))
    }
    onConnection(socket, {
      address,
      clientPort: client?.port ?? socket.remotePort ?? 0,
      peer,
      localAddress: client?.localAddress ?? plainAddress(socket.localAddress ?? ''),
      port: client?.localPort ?? socket.localPort ?? 0,
    })
  }

  #refuse(socket: Socket, why: Refusal, error: StandinError): void {
    this.#options.onRefusal(why)
    if (this.#options.secure) socket.destroy()
    else refuseInPlain(socket, error)
  }
}

const enough = new StandinError('overloaded', 'The gateway has as many connections as it takes')
const tooMany = new StandinError('overloaded', 'Your address has as many connections to the gateway as it may have', {
  hint: 'Close some, or use them for more than one request',
})

const ignore = (): void => {}
