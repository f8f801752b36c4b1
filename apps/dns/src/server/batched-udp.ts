import dgram from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import type { Resolver } from '../resolver.ts'
import { size } from '../wire/protocol.ts'
import { placesAhead } from '../wire/ready-answers.ts'
import { Source } from '../wire/source.ts'
import { MessageVector } from './message-vector.ts'
import { numericLookup } from './numeric-lookup.ts'
import { PlainAnswering } from './plain-udp.ts'
import { family, longestAddress, readAddress, writeAddress } from './socket-address.ts'
import type { SystemCalls } from './system-calls.ts'
import { longestQuery, receiveBuffer, type UdpOptions, type UdpSocket } from './udp-socket.ts'

/** Datagrams that are taken and sent with one call. */
const batch = placesAhead
/** Batches that are answered before everything else that waits (TCP, upstreams, the tables) gets its turn. */
const batchesInTurn = 8

/** Numbers of Linux. */
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_REUSEPORT = 15
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26
const MSG_DONTWAIT = 0x40

/**
 * A UDP socket that takes and answers whole batches with recvmmsg and sendmmsg. Node watches the socket and hands over the
 * first datagram; that is the sign to fetch all the others. Behaves like `openPlainUdp` (docs/decisions/dns-sockets.md).
 * Throws the system's error, EADDRINUSE for one.
 */
export async function openBatchedUdp(resolver: Resolver, options: UdpOptions, calls: SystemCalls): Promise<UdpSocket> {
  const fd = boundSocket(options, calls)
  const socket = dgram.createSocket({ type: isIPv6(options.address) ? 'udp6' : 'udp4', lookup: numericLookup })
  const listening = once(socket, 'listening')
  try {
    socket.bind({ fd, exclusive: true })
  } catch (cause) {
    calls.close(fd)
    throw cause
  }
  await listening
  // Node sets it with every socket that it is given, and then anybody else who sets it could take our queries.
  setOption(fd, SOL_SOCKET, SO_REUSEADDR, 0, calls)
  try {
    socket.setRecvBufferSize(receiveBuffer)
  } catch {
    // The system's own size has to do.
  }
  return new BatchedUdp(resolver, socket, fd, calls, options.onError)
}

class BatchedUdp implements UdpSocket {
  readonly port: number
  readonly #resolver: Resolver
  readonly #socket: dgram.Socket
  readonly #fd: number
  readonly #calls: SystemCalls
  readonly #received: MessageVector
  readonly #replies: MessageVector
  /** Addresses of the vectors from each datagram on. */
  readonly #receivedFrom: readonly bigint[]
  readonly #repliesFrom: readonly bigint[]
  readonly #source = new Source()
  readonly #alone: PlainAnswering
  readonly #rest = () => {
    this.#isResting = false
  }
  /** As much was answered in this turn as may be: the others come first. */
  #isResting = false
  #isOpen = true

  constructor(resolver: Resolver, socket: dgram.Socket, fd: number, calls: SystemCalls, onError: (cause: Error) => void) {
    this.#resolver = resolver
    this.#socket = socket
    this.#fd = fd
    this.#calls = calls
    this.#received = new MessageVector(batch, longestQuery, calls.addressOf)
    this.#replies = new MessageVector(batch, size.ednsUdp, calls.addressOf)
    const indices = Array.from({ length: batch }, (_, index) => index)
    this.#receivedFrom = indices.map((index) => this.#received.addressFrom(index))
    this.#repliesFrom = indices.map((index) => this.#replies.addressFrom(index))
    this.#alone = new PlainAnswering(resolver, socket)
    this.port = socket.address().port
    socket.on('error', onError)
    socket.on('message', (message, from) => this.#take(message, from))
  }

  async close(): Promise<void> {
    // The number may be somebody else's as soon as Node has closed the socket.
    this.#isOpen = false
    this.#alone.stop()
    await new Promise<void>((resolve) => this.#socket.close(resolve))
  }

  /** The first datagram, and all that have come behind it. */
  #take(message: Buffer, from: dgram.RemoteInfo): void {
    let filled = this.#put(message, from) ? 1 : 0
    for (let round = 0; round < batchesInTurn; round++) {
      const room = batch - filled
      const fetched = this.#isResting ? 0 : this.#fetch(filled, room)
      this.#answer(filled + fetched)
      if (fetched < room) return
      filled = 0
    }
    this.#isResting = true
    setImmediate(this.#rest)
  }

  /** Puts a datagram that Node has read where the first of a batch stands. */
  #put(message: Buffer, from: dgram.RemoteInfo): boolean {
    if (message.length > longestQuery) return false
    const received = this.#received
    // A link-local address has a zone index, which only Node knows how to write.
    if (from.address.includes('%')) {
      this.#alone.answer(message, from)
      return false
    }
    const nameLength = writeAddress(from.address, from.port, received.octets, received.nameAt(0))
    received.octets.set(message, received.dataAt(0))
    received.setNameLength(0, nameLength)
    received.setReceived(0, message.length)
    return nameLength > 0
  }

  #fetch(first: number, room: number): number {
    const received = this.#received
    for (let index = first; index < batch; index++) received.setNameLength(index, longestAddress)
    const count = this.#calls.recvmmsg(this.#fd, this.#receivedFrom[first] as bigint, room, MSG_DONTWAIT, null)
    return Math.max(count, 0)
  }

  /** Answers the first `count` datagrams that are there. */
  #answer(count: number): void {
    const received = this.#received
    const replies = this.#replies
    const resolver = this.#resolver
    for (let index = 0; index < count; index++) {
      const start = received.dataAt(index)
      resolver.readAhead(received.octets, start, start + received.receivedLength(index), index)
    }
    resolver.bringNear(count)
    let ready = 0
    for (let index = 0; index < count; index++) {
      if (received.isCut(index) || !readAddress(received.octets, received.nameAt(index), this.#source)) continue
      const start = received.dataAt(index)
      const end = start + received.receivedLength(index)
      const outcome = resolver.replyTo(received.octets, start, end, this.#source, replies.octets, replies.dataAt(ready), index)
      if (typeof outcome !== 'number') this.#answerLater(outcome, index)
      else if (outcome > 0) {
        replies.copyName(ready, received, index)
        replies.setLength(ready, outcome)
        ready++
      }
    }
    this.#send(ready)
  }

  #answerLater(reply: Promise<Buffer | undefined>, index: number): void {
    const at = this.#received.nameAt(index)
    const name = Buffer.from(this.#received.octets.subarray(at, at + longestAddress))
    const nameLength = this.#received.nameLength(index)
    void reply.then((message) => {
      if (message === undefined || message.length > size.ednsUdp || !this.#isOpen) return
      const replies = this.#replies
      replies.octets.set(message, replies.dataAt(0))
      replies.octets.set(name, replies.nameAt(0))
      replies.setNameLength(0, nameLength)
      replies.setLength(0, message.length)
      this.#send(1)
    })
  }

  /** Sends the first `count` replies. One that can't be sent is lost, as any datagram may be. */
  #send(count: number): void {
    for (let sent = 0; sent < count; ) {
      const accepted = this.#calls.sendmmsg(this.#fd, this.#repliesFrom[sent] as bigint, count - sent, MSG_DONTWAIT)
      sent += Math.max(accepted, 1)
    }
  }
}

/** Binding with Node first and asking for the number afterwards would be simpler, but Node doesn't give it away. */
function boundSocket({ address, port, reusePort }: UdpOptions, calls: SystemCalls): number {
  const ipv6 = isIPv6(address)
  const where = `${address}:${port}`
  const fd = calls.socket(ipv6 ? family.inet6 : family.inet, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) throw calls.failure('socket', where)
  try {
    if (ipv6) setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0, calls)
    if (reusePort) setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1, calls)
    const name = Buffer.alloc(longestAddress)
    if (calls.bind(fd, name, writeAddress(address, port, name, 0)) < 0) throw calls.failure('bind', where)
    return fd
  } catch (cause) {
    calls.close(fd)
    throw cause
  }
}

function setOption(fd: number, level: number, option: number, value: number, calls: SystemCalls): void {
  const octets = Buffer.alloc(4)
  octets.writeInt32LE(value)
  if (calls.setsockopt(fd, level, option, octets, octets.length) < 0) throw calls.failure('setsockopt', String(option))
}
