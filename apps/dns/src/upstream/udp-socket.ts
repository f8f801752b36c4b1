import dgram from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { UpstreamServer } from '../dnsmasq/settings.ts'
import { numericLookup } from '../server/numeric-lookup.ts'
import { type Attempt, AttemptFailure } from './attempt.ts'
import type { RandomOctets } from './random-octets.ts'
import { systemWords } from './system-words.ts'
import { likeness } from './upstream-question.ts'

/** Messages that nobody asked for, after which the port counts as known to a forger. */
const strangersAllowed = 8

export interface UdpSocketOwner {
  /** A forger has found out its port: nothing more should be asked from it. Told once. */
  known(socket: UdpSocket): void
  closed(socket: UdpSocket): void
}

/**
 * A UDP socket on a port that the system picked at random, connected: what comes from another address or port never gets here
 * (RFC 5452, section 9.1), and a closed port is told at once.
 */
export class UdpSocket {
  readonly openedAt: number
  /** Attempts that were ever made with it. */
  uses = 0
  #closed = false
  #connected = false
  #strangers = 0
  readonly #socket: dgram.Socket
  readonly #attempts = new Map<number, Attempt>()
  readonly #random: RandomOctets
  readonly #owner: UdpSocketOwner

  constructor(upstream: UpstreamServer, random: RandomOctets, now: number, owner: UdpSocketOwner) {
    this.openedAt = now
    this.#random = random
    this.#owner = owner
    const socket = dgram.createSocket({ type: isIPv6(upstream.address) ? 'udp6' : 'udp4', lookup: numericLookup })
    this.#socket = socket
    socket.on('error', (cause) => this.#fail(new AttemptFailure('network', systemWords(cause))))
    socket.on('message', (message) => this.#take(message))
    const { sourceAddress, sourcePort = 0 } = upstream
    // Node tells this callback, and nobody else, that there is no way: where there is no IPv6, say.
    const connect = () =>
      socket.connect(upstream.port, upstream.address, (cause?: Error) => {
        if (cause === undefined) this.#flush()
        else this.#fail(new AttemptFailure('network', systemWords(cause)))
      })
    if (sourceAddress === undefined) connect()
    else {
      // Not before somebody listens to what becomes of it: Node may fail at once.
      queueMicrotask(() => {
        if (!this.#closed) socket.bind({ address: sourceAddress, port: sourcePort }, connect)
      })
    }
  }

  get waiting(): number {
    return this.#attempts.size
  }

  send(attempt: Attempt): void {
    this.uses++
    attempt.id = this.#freeId()
    this.#attempts.set(attempt.id, attempt)
    if (this.#connected) this.#socket.send(attempt.message)
  }

  /** Ends the attempts whose time is over. */
  expire(now: number): void {
    for (const attempt of [...this.#attempts.values()]) {
      if (!attempt.look(now)) continue
      this.#attempts.delete(attempt.id)
      attempt.owner.failed(attempt, new AttemptFailure('silence', 'no reply came in time'))
    }
  }

  close(): void {
    this.#fail(new AttemptFailure('stopped', 'the resolver is stopping'))
  }

  #flush(): void {
    if (this.#closed) return
    this.#connected = true
    for (const attempt of this.#attempts.values()) this.#socket.send(attempt.message)
  }

  #take(message: Buffer): void {
    const attempt = message.length < 2 ? undefined : this.#attempts.get(message.readUInt16BE(0))
    const kind = attempt === undefined ? 'foreign' : likeness(attempt.message, attempt.questionEnd, message)
    if (attempt === undefined || kind === 'foreign') {
      this.#countStranger()
      return
    }
    // One in another case may be forged: the right one may yet come.
    if (kind !== 'otherCase') this.#attempts.delete(attempt.id)
    attempt.owner.replied(attempt, message, kind)
  }

  #countStranger(): void {
    this.#strangers++
    if (this.#strangers !== strangersAllowed) return
    this.#owner.known(this)
    for (const attempt of [...this.#attempts.values()]) attempt.owner.attacked(attempt)
  }

  #fail(failure: AttemptFailure): void {
    if (this.#closed) return
    this.#closed = true
    const attempts = [...this.#attempts.values()]
    this.#attempts.clear()
    this.#owner.closed(this)
    this.#socket.removeAllListeners('message').removeAllListeners('error').on('error', ignore)
    this.#socket.close()
    for (const attempt of attempts) attempt.owner.failed(attempt, failure)
  }

  #freeId(): number {
    for (;;) {
      const id = this.#random.uint16()
      if (!this.#attempts.has(id)) return id
    }
  }
}

function ignore(): void {
  // A socket that is being closed has nothing more to say.
}
