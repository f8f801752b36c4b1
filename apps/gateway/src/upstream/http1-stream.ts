import type { UpstreamListener, UpstreamRequest, UpstreamStream } from '../http/upstream-stream.ts'

/** The connection that a request uses. */
export interface StreamCarrier {
  sendBody(chunk: Buffer): boolean
  endBody(trailers: readonly string[] | null): void
  pause(): void
  resume(): void
  /** Nobody waits for its response any more. */
  abandon(): void
}

/** Where requests wait for a connection. */
export interface WaitingStreams {
  /** It no longer waits. */
  forget(stream: Http1Stream): void
}

/** One request: waits for a connection, uses it, and lets it go. Everything it does is done by the connection it has. */
export class Http1Stream implements UpstreamStream {
  readonly request: UpstreamRequest
  readonly listener: UpstreamListener
  isSent = false
  diedUnused = false
  connectMs = 0
  /** While it has one. */
  connection: StreamCarrier | null = null
  /** Nobody listens any more: it ended, failed or was aborted. */
  isOver = false
  /** Bytes that are still to come of a body with a length. */
  bodyRemaining: number
  /** All of the request was given to the connection. */
  isRequestComplete: boolean
  readonly #waiting: WaitingStreams

  constructor(waiting: WaitingStreams, request: UpstreamRequest, listener: UpstreamListener) {
    this.#waiting = waiting
    this.request = request
    this.listener = listener
    this.bodyRemaining = request.hasBody ? request.contentLength : 0
    this.isRequestComplete = !request.hasBody
  }

  sendBody(chunk: Buffer): boolean {
    return this.connection === null ? true : this.connection.sendBody(chunk)
  }

  endBody(trailers: readonly string[] | null): void {
    this.connection?.endBody(trailers)
  }

  pause(): void {
    this.connection?.pause()
  }

  resume(): void {
    this.connection?.resume()
  }

  abort(): void {
    if (this.isOver) return
    this.isOver = true
    const { connection } = this
    this.connection = null
    if (connection === null) this.#waiting.forget(this)
    else connection.abandon()
  }

  /** Tells the listener, once, that nothing more comes. */
  fail(error: Error): void {
    if (this.isOver) return
    this.isOver = true
    this.connection = null
    this.listener.onError(error)
  }
}
