import type { UpstreamServer } from '../dnsmasq/settings.ts'
import type { Attempt } from './attempt.ts'
import type { RandomOctets } from './random-octets.ts'
import { UdpSocket, type UdpSocketOwner } from './udp-socket.ts'

/** Sockets to one upstream at once; until there are so many, every attempt gets a fresh one. */
const mostSockets = 32
/** Attempts and milliseconds after which a socket, and so its port, is given up for a fresh one. */
const usesOfSocket = 64
const socketLifeMs = 10_000
/** Attempts that one socket may have under way, so that free ids are found at once. */
const mostWaiting = 4096

/**
 * The UDP sockets for one upstream. A port for each question would be best against forgers (RFC 5452, section 9.2) and costs
 * more than the rest of the question. So: a fresh one each, as long as there are few; one of those at random, when there are
 * many. None lives long. See docs/decisions/dns-forwarding.md.
 */
export class UdpSockets implements UdpSocketOwner {
  readonly #upstream: UpstreamServer
  readonly #random: RandomOctets
  /** Those that may be used for another attempt. */
  readonly #fresh: UdpSocket[] = []
  /** Those that wait for their last replies. */
  readonly #worn = new Set<UdpSocket>()
  readonly #most: number

  constructor(upstream: UpstreamServer, random: RandomOctets) {
    this.#upstream = upstream
    this.#random = random
    // Two sockets can't have one port.
    this.#most = upstream.sourcePort === undefined ? mostSockets : 1
  }

  get size(): number {
    return this.#fresh.length + this.#worn.size
  }

  /** False: too many are under way. */
  send(attempt: Attempt, now: number): boolean {
    const socket = this.#pick(now)
    if (socket === undefined || socket.waiting >= mostWaiting) return false
    socket.send(attempt)
    if (socket.uses >= usesOfSocket && this.#upstream.sourcePort === undefined) this.#wearOut(socket)
    return true
  }

  /** Ends attempts and closes sockets whose time is over. */
  sweep(now: number): void {
    for (const socket of [...this.#fresh, ...this.#worn]) socket.expire(now)
    for (const socket of [...this.#fresh]) if (now - socket.openedAt >= socketLifeMs) this.#wearOut(socket)
    for (const socket of [...this.#worn]) if (socket.waiting === 0) socket.close()
  }

  close(): void {
    for (const socket of [...this.#fresh, ...this.#worn]) socket.close()
  }

  #pick(now: number): UdpSocket | undefined {
    if (this.#fresh.length >= this.#most) return this.#fresh[this.#random.below(this.#fresh.length)]
    // Worn ones hold their ports until the last reply: a silent upstream must not make them grow without end.
    if (this.#worn.size >= mostSockets * 4) return this.#fresh[0]
    const socket = new UdpSocket(this.#upstream, this.#random, now, this)
    this.#fresh.push(socket)
    return socket
  }

  /** A port that was set is the only one there is. */
  known(socket: UdpSocket): void {
    if (this.#upstream.sourcePort === undefined) this.#wearOut(socket)
  }

  #wearOut(socket: UdpSocket): void {
    this.#remove(socket)
    this.#worn.add(socket)
  }

  closed(socket: UdpSocket): void {
    this.#remove(socket)
    this.#worn.delete(socket)
  }

  #remove(socket: UdpSocket): void {
    const index = this.#fresh.indexOf(socket)
    if (index >= 0) this.#fresh.splice(index, 1)
  }
}
