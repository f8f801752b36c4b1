import { type ClientHttp2Stream, constants } from 'node:http2'
import type { UpstreamListener, UpstreamRequest, UpstreamStream } from '../http/upstream-stream.ts'
import { informLimit } from '../http1/response-reader.ts'
import { hasNoBody, readHead } from './h2c-response.ts'
import { listenTo, type StreamEvents } from './h2c-stream-events.ts'
import { endToEndTrailers } from './trailers.ts'
import { badResponse, closedEarly, http2Failure, resetByEndpoint, UpstreamError } from './upstream-error.ts'

const { NGHTTP2_CANCEL, NGHTTP2_REFUSED_STREAM } = constants

/** Where requests wait for a session, and end. */
export interface StreamOwner {
  /** It no longer waits for a session. */
  forget(stream: H2cStream): void
}

/** The session that a stream is on, as the stream sees it. */
export interface CarryingSession {
  /** The stream that it was opened for. */
  readonly first: object | null
  /** Why it ended, where its streams don't know better. */
  readonly failure: Error | null
  readonly isDead: boolean
  /** A request on it was given up before it was answered. */
  noteReset(): void
  ended(stream: object): void
}

/** END_STREAM of a HEADERS frame (RFC 9113, section 6.2). */
const endStream = 0x1

/** One request on a session, by the core API of Node's HTTP/2 client. */
export class H2cStream implements UpstreamStream, StreamEvents {
  readonly request: UpstreamRequest
  isSent = false
  diedUnused = false
  connectMs = 0
  readonly #listener: UpstreamListener
  readonly #owner: StreamOwner
  #session: CarryingSession | null = null
  #stream: ClientHttp2Stream | null = null
  /** Nobody listens any more. */
  #isOver = false
  #isRequestComplete: boolean
  #bodyRemaining: number
  #hasBegun = false
  #informs = 0
  /** The endpoint said that this was all. Node ends a stream in the same way when it is reset or cut. */
  #isComplete = false
  /** Bytes that are still to come; -1: as many as there are. */
  #remaining = -1
  #trailersIn: string[] | null = null
  #trailersOut: readonly string[] | null = null

  constructor(owner: StreamOwner, request: UpstreamRequest, listener: UpstreamListener) {
    this.#owner = owner
    this.request = request
    this.#listener = listener
    this.#isRequestComplete = !request.hasBody
    this.#bodyRemaining = request.contentLength
  }

  /** Goes out. */
  start(session: CarryingSession, stream: ClientHttp2Stream): void {
    this.#session = session
    this.#stream = stream
    this.isSent = true
    listenTo(stream, this, this.request.hasBody, this.request.contentLength === -1)
  }

  sendBody(chunk: Buffer): boolean {
    const stream = this.#stream
    if (stream === null || this.#isRequestComplete || chunk.length === 0 || stream.destroyed || stream.closed) return true
    if (this.request.contentLength !== -1) {
      this.#bodyRemaining -= chunk.length
      if (this.#bodyRemaining < 0) return this.#misused('its body is longer than was said')
      if (this.#bodyRemaining === 0) {
        this.#isRequestComplete = true
        stream.end(chunk)
        return true
      }
    }
    return stream.write(chunk)
  }

  endBody(trailers: readonly string[] | null): void {
    const stream = this.#stream
    if (stream === null || this.#isRequestComplete || stream.destroyed || stream.closed) return
    if (this.#bodyRemaining > 0) {
      this.#misused('its body is shorter than was said')
      return
    }
    this.#isRequestComplete = true
    this.#trailersOut = trailers
    stream.end()
  }

  pause(): void {
    this.#stream?.pause()
  }

  resume(): void {
    this.#stream?.resume()
  }

  abort(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#owner.forget(this)
    this.#reset()
  }

  /** Tells the listener, once, that nothing more comes. */
  fail(error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#reset()
    this.#listener.onError(error)
  }

  // What comes of the stream.

  onReady(): void {
    if (!this.#isOver && !this.#isRequestComplete) this.#listener.onReadyForBody()
  }

  onHeaders(raw: readonly string[]): void {
    if (this.#isOver) return
    this.#hasBegun = true
    const { status, headers } = readHead(raw)
    if (++this.#informs > informLimit) this.fail(badResponse('it informs without end'))
    else if (status !== 101) this.#listener.onInform(status, headers)
  }

  onResponse(flags: number, raw: readonly string[]): void {
    if (this.#isOver) return
    this.#hasBegun = true
    const head = readHead(raw)
    if ((flags & endStream) !== 0) {
      this.#isComplete = true
      head.contentLength = 0
    }
    if (hasNoBody(head.status, this.request.method)) head.contentLength = 0
    this.#remaining = head.contentLength
    this.#listener.onResponse(head)
  }

  onData(chunk: Buffer): void {
    if (this.#isOver) return
    if (this.#remaining !== -1) this.#remaining -= chunk.length
    this.#listener.onData(chunk)
  }

  onTrailers(raw: readonly string[]): void {
    this.#isComplete = true
    this.#trailersIn = endToEndTrailers(raw)
  }

  /** Nothing more can be read: because the endpoint said so, unless the stream was closed before. */
  onLastRead(isClosed: boolean): void {
    if (!isClosed) this.#isComplete = true
  }

  /** Where that was not all, `close` says why. */
  onEnd(): void {
    if (this.#isOver || !this.#isComplete || this.#remaining > 0) return
    this.#isOver = true
    // What of the request has not been sent is not wanted.
    if (!this.#isRequestComplete) this.#reset()
    this.#listener.onEnd(this.#trailersIn)
  }

  onError(error: Error): void {
    this.#end(error)
  }

  onClose(): void {
    this.#end(null)
    this.#session?.ended(this)
  }

  #end(error: Error | null): void {
    if (this.#isOver) return
    const session = this.#session as CarryingSession
    const code = this.#stream?.rstCode ?? 0
    if (code === NGHTTP2_REFUSED_STREAM) this.isSent = false
    else if (session.isDead && !this.#hasBegun && session.first !== this) this.diedUnused = true
    if (session.failure !== null) this.fail(session.failure)
    else if (error !== null && !isStreamError(error)) this.fail(http2Failure(error))
    else this.fail(session.isDead ? closedEarly() : resetByEndpoint(code))
  }

  takeTrailers(): readonly string[] | null {
    return this.#trailersOut
  }

  #misused(why: string): boolean {
    this.fail(new UpstreamError('bad_request', why))
    return true
  }

  #reset(): void {
    const stream = this.#stream
    if (stream === null || stream.destroyed) return
    this.#session?.noteReset()
    // `close` would end our side first, and half a request would be a whole one.
    if (this.#isRequestComplete) stream.close(NGHTTP2_CANCEL)
    else stream.destroy(wasReset)
  }
}

const wasReset = new Error('the request was given up')

const isStreamError = (error: Error): boolean => (error as NodeJS.ErrnoException).code === 'ERR_HTTP2_STREAM_ERROR'
