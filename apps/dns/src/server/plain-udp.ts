import dgram from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Resolver } from '../resolver.ts'
import { size } from '../wire/protocol.ts'
import { Source } from '../wire/source.ts'
import { numericLookup } from './numeric-lookup.ts'
import { longestQuery, receiveBuffer, type UdpOptions, type UdpSocket } from './udp-socket.ts'

/** A UDP socket of Node's own: one system call for each datagram that comes or goes. Rejects with the system's error, EADDRINUSE for one. */
export async function openPlainUdp(resolver: Resolver, { address, port, reusePort, onError }: UdpOptions): Promise<UdpSocket> {
  const socket = dgram.createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', ipv6Only: false, lookup: numericLookup, reusePort })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off('error', reject)
      resolve()
    })
  })
  enlargeReceiveBuffer(socket)
  const answering = new PlainAnswering(resolver, socket)
  socket.on('error', onError)
  socket.on('message', (message, from) => answering.answer(message, from))
  return {
    port: socket.address().port,
    close() {
      answering.stop()
      return new Promise((resolve) => socket.close(resolve))
    },
  }
}

/** Answers datagrams one by one through Node. */
export class PlainAnswering {
  readonly #resolver: Resolver
  readonly #socket: dgram.Socket
  readonly #source = new Source()
  readonly #output = Buffer.alloc(size.ednsUdp)
  #isOpen = true

  constructor(resolver: Resolver, socket: dgram.Socket) {
    this.#resolver = resolver
    this.#socket = socket
  }

  answer(message: Buffer, { address, port }: dgram.RemoteInfo): void {
    if (message.length > longestQuery) return
    const outcome = this.#resolver.replyTo(message, 0, message.length, this.#source.set(address, port), this.#output, 0)
    if (typeof outcome !== 'number') {
      void outcome.then((reply) => {
        if (reply !== undefined && this.#isOpen) this.#socket.send(reply, port, address)
      })
      // Node may hold on to what it sends, so it gets its own copy.
    } else if (outcome > 0) this.#socket.send(Buffer.from(this.#output.subarray(0, outcome)), port, address)
  }

  /** Late replies are not sent any more. */
  stop(): void {
    this.#isOpen = false
  }
}

function enlargeReceiveBuffer(socket: dgram.Socket): void {
  try {
    socket.setRecvBufferSize(receiveBuffer)
  } catch {
    // The system's own size has to do.
  }
}
