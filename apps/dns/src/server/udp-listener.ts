import dgram from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Resolver } from '../resolver.ts'
import { numericLookup } from './numeric-lookup.ts'

/** Octets that the system may hold for us while we are busy: some thousand queries. */
const receiveBuffer = 1 << 20

/** One UDP socket, bound when `listen` is called. */
export class UdpListener {
  readonly #resolver: Resolver
  readonly #onError: (cause: Error) => void
  #socket: dgram.Socket | undefined

  constructor(resolver: Resolver, onError: (cause: Error) => void) {
    this.#resolver = resolver
    this.#onError = onError
  }

  /** Gives the port. Rejects with the system's error, EADDRINUSE for one. */
  async listen(address: string, port: number): Promise<number> {
    const ipv6 = isIPv6(address)
    const socket = dgram.createSocket({ type: ipv6 ? 'udp6' : 'udp4', ipv6Only: false, lookup: numericLookup })
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind({ address, port, exclusive: true }, () => {
        socket.off('error', reject)
        resolve()
      })
    })
    enlargeReceiveBuffer(socket)
    socket.on('error', this.#onError)
    socket.on('message', (message, source) => {
      const reply = this.#resolver.reply(message, source.port, false)
      if (reply instanceof Promise) reply.then((late) => this.#send(late, source), this.#onError)
      else if (reply !== undefined) socket.send(reply, source.port, source.address)
    })
    this.#socket = socket
    return socket.address().port
  }

  async close(): Promise<void> {
    const socket = this.#socket
    if (socket === undefined) return
    this.#socket = undefined
    await new Promise<void>((resolve) => socket.close(resolve))
  }

  #send(reply: Buffer, source: dgram.RemoteInfo): void {
    this.#socket?.send(reply, source.port, source.address)
  }
}

function enlargeReceiveBuffer(socket: dgram.Socket): void {
  try {
    socket.setRecvBufferSize(receiveBuffer)
  } catch {
    // The system's own size has to do.
  }
}
