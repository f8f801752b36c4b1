import net from 'node:net'
import tls from 'node:tls'
import type { UpstreamServer } from '../dnsmasq/settings.ts'
import { takeFrames, withLength } from '../wire/frame.ts'
import { type Attempt, AttemptFailure, type FailureKind } from './attempt.ts'
import type { RandomOctets } from './random-octets.ts'
import { systemWords } from './system-words.ts'
import { likeness } from './upstream-question.ts'

export interface StreamEvents {
  /** It is closed; `lost` are the attempts that were under way. */
  closed(connection: StreamConnection, lost: readonly Attempt[], failure: AttemptFailure): void
  /** A TLS session that the next connection may resume. */
  session(ticket: Buffer): void
}

/**
 * One TCP or TLS connection to an upstream. Questions follow each other without waiting, and replies may come in any order
 * (RFC 7766, sections 6.2.1.1 and 7; RFC 7858, section 3.3).
 */
export class StreamConnection {
  /** When the last attempt began or ended. */
  usedAt: number
  /** Something should have come and did not: no more is to be sent. */
  isStuck = false
  /** Replies that came. A connection that gave some and is closed was closed for being idle, most likely. */
  replies = 0
  #closed = false
  #open = false
  #received: Buffer = Buffer.alloc(0)
  readonly #socket: net.Socket
  readonly #attempts = new Map<number, Attempt>()
  readonly #random: RandomOctets
  readonly #events: StreamEvents

  constructor(upstream: UpstreamServer, random: RandomOctets, now: number, session: Buffer | undefined, events: StreamEvents) {
    this.usedAt = now
    this.#random = random
    this.#events = events
    const socket = connect(upstream, session)
    this.#socket = socket
    socket.setNoDelay(true)
    // Over TLS: after the certificate was looked at. What the runtime does with earlier writes is nothing to build upon.
    socket.on(upstream.tls === undefined ? 'connect' : 'secureConnect', () => this.#flush())
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('session', (ticket: Buffer) => events.session(ticket))
    socket.on('error', (cause: NodeJS.ErrnoException) => this.#end(kindOf(cause), systemWords(cause)))
    socket.on('close', () => this.#end('network', 'the connection was closed before a reply came'))
    socket.on('end', () => this.#end('network', 'the upstream closed the connection before a reply came'))
  }

  get waiting(): number {
    return this.#attempts.size
  }

  send(attempt: Attempt, now: number): void {
    this.usedAt = now
    let id = this.#random.uint16()
    while (this.#attempts.has(id)) id = this.#random.uint16()
    attempt.id = id
    this.#attempts.set(id, attempt)
    if (this.#open) this.#socket.write(withLength(attempt.message))
  }

  /** Ends the attempts whose time is over. */
  expire(now: number): void {
    for (const attempt of [...this.#attempts.values()]) {
      const isOver = attempt.look(now)
      // It may have gone without a word, as some do that translate addresses: others had better not wait for it.
      if (attempt.isLate) this.isStuck = true
      if (!isOver) continue
      this.#attempts.delete(attempt.id)
      attempt.owner.failed(attempt, new AttemptFailure('silence', 'no reply came over the connection in time'))
    }
    if (this.isStuck && this.#attempts.size === 0) this.#end('silence', 'no reply came over the connection in time')
  }

  close(kind: FailureKind, reason: string): void {
    this.#end(kind, reason)
  }

  #flush(): void {
    this.#open = true
    this.#socket.cork()
    for (const attempt of this.#attempts.values()) this.#socket.write(withLength(attempt.message))
    this.#socket.uncork()
  }

  #take(chunk: Buffer): void {
    const { messages, rest } = takeFrames(this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]))
    this.#received = rest
    for (const message of messages) {
      const attempt = message.length < 2 ? undefined : this.#attempts.get(message.readUInt16BE(0))
      const kind = attempt === undefined ? 'foreign' : likeness(attempt.message, attempt.questionEnd, message)
      if (attempt === undefined || kind === 'foreign') continue
      this.#attempts.delete(attempt.id)
      this.replies++
      attempt.owner.replied(attempt, message, kind)
      if (this.#closed) return
    }
  }

  #end(kind: FailureKind, reason: string): void {
    if (this.#closed) return
    this.#closed = true
    const lost = [...this.#attempts.values()]
    this.#attempts.clear()
    this.#socket.removeAllListeners().on('error', ignore)
    this.#socket.destroy()
    this.#events.closed(this, lost, new AttemptFailure(kind, reason))
  }
}

/** The certificate has to be for the name that was given, or else for the address (RFC 8310, section 8.1); nothing is sent before. */
function connect({ address, port, sourceAddress, tls: secured }: UpstreamServer, session: Buffer | undefined): net.Socket {
  const where = { host: address, port, ...(sourceAddress === undefined ? {} : { localAddress: sourceAddress }) }
  if (secured === undefined) return net.connect(where)
  return tls.connect({
    ...where,
    ...(secured.name === undefined ? {} : { servername: secured.name }),
    ...(secured.authorities === undefined ? {} : { ca: secured.authorities }),
    ...(session === undefined ? {} : { session }),
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says, which a developer may have set for something else.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['dot'],
  })
}

function kindOf(cause: NodeJS.ErrnoException): FailureKind {
  const isOfNetwork = /^(E[A-Z]+)$/.test(cause.code ?? '') && cause.code !== 'EPROTO'
  return isOfNetwork ? 'network' : 'untrusted'
}

function ignore(): void {
  // A socket that is being closed has nothing more to say.
}
