import type { Socket } from 'node:net'
import type { Resolver } from '../resolver.ts'
import { takeFrames, withLength } from '../wire/frame.ts'
import { Source } from '../wire/source.ts'
import { longestQuery } from './udp-socket.ts'

/** Queries of one connection that may wait for an upstream; more are not read until some are answered. */
const maxWaiting = 64
/** Milliseconds: RFC 7766, section 6.2.3 asks for "a few seconds". */
export const defaultIdleMs = 10_000

export interface TcpConnectionOwner {
  /** A whole query has come. */
  asked(connection: TcpConnection): void
  closed(connection: TcpConnection): void
}

/**
 * One TCP connection: queries may follow each other without waiting (RFC 7766, section 6.2.1.1), answers go out as they are ready
 * (section 7). It is ended when nothing comes for a while, when a query takes as long to come in, or when one is longer than
 * any that has a use: thousands of them may wait for upstreams. One that the asker has closed for writing still gets its answers.
 */
export class TcpConnection {
  readonly #socket: Socket
  readonly #resolver: Resolver
  readonly #source: Source
  readonly #owner: TcpConnectionOwner
  readonly #idleMs: number
  /** When the first octet came of a query that is not whole yet; 0: there is none. */
  #begunAt = 0
  #received: Buffer = Buffer.alloc(0)
  #waiting = 0
  #ended = false

  constructor(socket: Socket, resolver: Resolver, idleMs: number, owner: TcpConnectionOwner) {
    this.#socket = socket
    this.#resolver = resolver
    this.#owner = owner
    this.#idleMs = idleMs
    this.#source = new Source().set(socket.remoteAddress ?? '', socket.remotePort ?? 0)
    socket.setNoDelay(true)
    socket.setTimeout(idleMs, () => socket.destroy())
    // Whoever goes away in the middle has no need to be told.
    socket.on('error', () => socket.destroy())
    socket.once('close', () => owner.closed(this))
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('drain', () => this.#takeWaiting())
    socket.on('end', () => {
      this.#ended = true
      this.#finish()
    })
  }

  /** Nothing that it has asked is unanswered. */
  get isIdle(): boolean {
    return this.#waiting === 0
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    this.#takeWaiting()
    this.#judgePace()
  }

  /** Who sends an octet now and then would hold the connection for ever. */
  #judgePace(): void {
    if (this.#received.length === 0 || this.#isBusy) this.#begunAt = 0
    else if (this.#begunAt === 0) this.#begunAt = performance.now()
    else if (performance.now() - this.#begunAt >= this.#idleMs) this.close()
  }

  #takeWaiting(): void {
    if (this.#isBusy) return
    const { messages, rest } = takeFrames(this.#received)
    if (messages.some(({ length }) => length > longestQuery) || (rest.length >= 2 && rest.readUInt16BE(0) > longestQuery)) {
      this.close()
      return
    }
    this.#received = rest
    // Answers that are ready together go out together.
    this.#socket.cork()
    for (const [index, message] of messages.entries()) {
      if (this.#isBusy) {
        // Those not taken stay in the stream.
        this.#received = Buffer.concat([...messages.slice(index).map(withLength), rest])
        break
      }
      this.#answer(message)
    }
    this.#socket.uncork()
    if (this.#isBusy) this.#socket.pause()
    else this.#socket.resume()
    this.#finish()
  }

  #answer(message: Buffer): void {
    this.#begunAt = 0
    this.#owner.asked(this)
    const reply = this.#resolver.reply(message, this.#source, true)
    if (reply === undefined) return
    if (!(reply instanceof Promise)) {
      this.#socket.write(withLength(reply))
      return
    }
    this.#waiting++
    void reply.then((late) => {
      this.#waiting--
      if (this.#socket.writable) this.#socket.write(withLength(late))
      this.#takeWaiting()
    })
  }

  /** Too much of it is unanswered, or unread by the asker. */
  get #isBusy(): boolean {
    return this.#waiting >= maxWaiting || this.#socket.writableNeedDrain
  }

  #finish(): void {
    if (this.#ended && this.#waiting === 0 && !this.#isBusy) this.#socket.end()
  }
}
