import type { Socket } from 'node:net'
import type { ClientConnection } from '../http/client-connection.ts'
import type { ClientStream, RequestHead, RequestListener } from '../http/client-stream.ts'
import type { Paced, Pacer } from './pacer.ts'

/**
 * A client's stream whose response body goes out slowly. Whoever writes to it is told to wait after each chunk, until it
 * has gone: so the endpoint is slowed down as well, and no more than one chunk waits here. Not for WebSockets, which
 * leave with the socket.
 */
export class ThrottledStream implements ClientStream, RequestListener, Paced {
  readonly connection: ClientConnection
  readonly head: RequestHead
  readonly bytesPerSecond: number
  listener: RequestListener
  readonly #inner: ClientStream
  readonly #pacer: Pacer
  readonly #waiting: Buffer[] = []
  /** Bytes that may go out; what is less than one adds up. */
  #allowed = 0
  /** The client takes no more for now. */
  #isBlocked = false
  /** What `end` was called with. */
  #ending: { readonly trailers: readonly string[] | null } | null = null

  constructor(inner: ClientStream, bytesPerSecond: number, pacer: Pacer) {
    this.connection = inner.connection
    this.head = inner.head
    this.bytesPerSecond = bytesPerSecond
    this.#inner = inner
    this.#pacer = pacer
    this.listener = inner.listener
    inner.listener = this
  }

  get hasResponded(): boolean {
    return this.#inner.hasResponded
  }

  get bytesSent(): number {
    return this.#inner.bytesSent
  }

  inform(status: number, headers: readonly string[]): void {
    this.#inner.inform(status, headers)
  }

  respond(status: number, reason: string, headers: readonly string[], length: number, close: boolean): void {
    this.#inner.respond(status, reason, headers, length, close)
  }

  write(chunk: Buffer): boolean {
    if (chunk.length === 0) return true
    this.#waiting.push(chunk)
    if (this.#waiting.length === 1) this.#pacer.add(this)
    return false
  }

  end(trailers: readonly string[] | null): void {
    if (this.#waiting.length === 0) this.#inner.end(trailers)
    else this.#ending = { trailers }
  }

  cut(): void {
    this.#forget()
    this.#inner.cut()
  }

  pauseBody(): void {
    this.#inner.pauseBody()
  }

  resumeBody(): void {
    this.#inner.resumeBody()
  }

  takeSocket(): { socket: Socket; early: Buffer } | null {
    return this.#inner.takeSocket()
  }

  allow(bytes: number): void {
    if (this.#isBlocked) return
    this.#allowed += bytes
    while (this.#allowed >= 1 && !this.#isBlocked) {
      const chunk = this.#waiting[0]
      if (chunk === undefined) break
      const length = Math.min(chunk.length, Math.floor(this.#allowed))
      if (length === chunk.length) this.#waiting.shift()
      else this.#waiting[0] = chunk.subarray(length)
      this.#allowed -= length
      if (!this.#inner.write(length === chunk.length ? chunk : chunk.subarray(0, length))) this.#isBlocked = true
    }
    if (this.#waiting.length === 0) this.#emptied()
  }

  onBody(chunk: Buffer): void {
    this.listener.onBody(chunk)
  }

  onBodyEnd(trailers: readonly string[] | null): void {
    this.listener.onBodyEnd(trailers)
  }

  onClientDrain(): void {
    this.#isBlocked = false
  }

  onClientGone(): void {
    this.#forget()
    this.listener.onClientGone()
  }

  onClientStalled(): void {
    this.#forget()
    if (this.listener.onClientStalled === undefined) this.cut()
    else this.listener.onClientStalled()
  }

  #emptied(): void {
    this.#pacer.remove(this)
    this.#allowed = 0
    if (this.#ending !== null) this.#inner.end(this.#ending.trailers)
    else this.listener.onClientDrain()
  }

  #forget(): void {
    this.#waiting.length = 0
    this.#ending = null
    this.#pacer.remove(this)
  }
}
