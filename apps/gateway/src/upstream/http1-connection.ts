import type { Socket } from 'node:net'
import { StandinError } from '@standin/client/errors'
import type { ResponseHead } from '../http1/response-head.ts'
import { ResponseReader, type ResponseSink } from '../http1/response-reader.ts'
import type { RefusedEndpoints } from '../refused-endpoints.ts'
import { type Address, dial, dialSeconds, dialTimeout } from './dial.ts'
import type { Http1Stream, StreamCarrier } from './http1-stream.ts'
import { RequestWriter } from './request-writer.ts'
import { sweeper } from './sweeper.ts'
import { endToEndTrailers } from './trailers.ts'
import { badResponse, closedEarly, UpstreamError } from './upstream-error.ts'

/** Who has the connections to an endpoint. */
export interface ConnectionOwner {
  readonly address: Address
  readonly refused: RefusedEndpoints
  /** It can serve another request. */
  released(connection: Http1Connection): void
  /** It had been idle and turned out to be dead. So are, most likely, those that have been idle for longer. */
  distrustIdle(): void
  /** It is closed, or given away. Called once. */
  gone(connection: Http1Connection): void
}

/**
 * | from | to | when |
 * |---|---|---|
 * | `dialling` | `busy` | the endpoint took the connection: the request it was opened for goes out |
 * | `busy` | `idle` | response and request are complete, and nothing speaks against another request |
 * | `idle` | `busy` | another request |
 * | any | `gone` | it was closed by either side, failed, or was given away with an upgrade |
 */
export type ConnectionState = 'dialling' | 'idle' | 'busy' | 'gone'

/** All sockets read into this: what is to outlive the moment is copied. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024)
/** Seconds that an idle connection is kept. Many servers close theirs after five, and a request in that moment is lost. */
const idleSeconds = 4
/** The most, where the endpoint says that it keeps it for longer. */
const idleSecondsAtMost = 30

/** One connection to an endpoint: a socket, the request that it serves, and where its response has got to. */
export class Http1Connection implements StreamCarrier, ResponseSink {
  state: ConnectionState = 'dialling'
  readonly #owner: ConnectionOwner
  readonly #socket: Socket | null
  readonly #reader: ResponseReader
  #stream: Http1Stream | null
  #head: ResponseHead | null = null
  #served = 0
  readonly #writer: RequestWriter | null
  #isPaused = false
  /** The endpoint said that it reads no more of this request. */
  #discardsBody = false
  /** Ticks of the sweeper. */
  #deadline: number
  readonly #dialledAt = performance.now()
  #idleSeconds = idleSeconds

  /** Dials for a request. An upgrade needs a socket that can be given away; others are read without a stream. */
  constructor(owner: ConnectionOwner, stream: Http1Stream) {
    this.#owner = owner
    this.#reader = new ResponseReader(this)
    this.#stream = stream
    stream.connection = this
    this.#deadline = sweeper.tick + dialSeconds + 1
    const onread = { buffer: readBuffer, callback: this.#onRead }
    const socket = dial(owner.refused, owner.address, stream.request.upgrade ? undefined : onread)
    if (socket instanceof StandinError) {
      this.#socket = null
      this.#writer = null
      process.nextTick(() => this.destroy(socket))
      return
    }
    this.#socket = socket
    this.#writer = new RequestWriter(socket)
    if (stream.request.upgrade) socket.on('data', this.#onData)
    socket.on('connect', this.#onConnect)
    socket.on('drain', this.#onDrain)
    socket.on('end', this.#onEnd)
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
  }

  /** An idle connection that a request can go out on. */
  get isUsable(): boolean {
    return this.state === 'idle' && this.#socket?.destroyed === false && this.#socket.writable
  }

  /** Serves a request. Its listener isn't called before the next tick. */
  take(stream: Http1Stream): void {
    this.state = 'busy'
    this.#stream = stream
    stream.connection = this
    if (stream.request.hasBody) process.nextTick(startBody, this, stream)
    else this.#send(stream)
  }

  sendBody(chunk: Buffer): boolean {
    const stream = this.#stream as Http1Stream
    if (stream.isRequestComplete || this.#discardsBody || chunk.length === 0) return true
    if (stream.request.contentLength !== -1) {
      stream.bodyRemaining -= chunk.length
      if (stream.bodyRemaining < 0) return this.#misused('its body is longer than was said')
      if (stream.bodyRemaining === 0) stream.isRequestComplete = true
    }
    return (this.#writer as RequestWriter).body(stream, chunk)
  }

  endBody(trailers: readonly string[] | null): void {
    const stream = this.#stream as Http1Stream
    if (stream.isRequestComplete || this.#discardsBody) return
    if (stream.bodyRemaining > 0) {
      this.#misused('its body is shorter than was said')
      return
    }
    stream.isRequestComplete = true
    if (stream.request.contentLength === -1) this.#writer?.lastChunk(stream, trailers)
  }

  pause(): void {
    this.#isPaused = true
    this.#socket?.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#socket?.resume()
  }

  abandon(): void {
    this.#stream = null
    this.destroy(null)
  }

  /** Closes it at once. The request that it serves, if any, hears of `error`. */
  destroy(error: Error | null): void {
    if (this.state === 'gone') return
    const stream = this.#stream
    this.#leave()
    this.#socket?.destroy()
    if (stream !== null) stream.fail(error ?? closedEarly())
  }

  /** Has it come to its deadline? Idle ones and those that still dial have one. */
  sweep(tick: number): void {
    if (tick < this.#deadline) return
    if (this.state === 'idle') this.destroy(null)
    else if (this.state === 'dialling') this.destroy(dialTimeout(this.#owner.address))
  }

  /** The head of a request with a body goes out with what of the body is there by then, in one write. */
  startBody(stream: Http1Stream): void {
    if (this.#stream !== stream) return
    const writer = this.#writer as RequestWriter
    this.#expectResponse(stream)
    writer.begin(stream)
    stream.listener.onReadyForBody()
    writer.gathered(this.#stream === stream ? stream : null)
  }

  onInformHead(head: ResponseHead): void {
    this.#stream?.listener.onInform(head.status, head.headers)
  }

  onHead(head: ResponseHead): void {
    const stream = this.#stream as Http1Stream
    this.#head = head
    // RFC 9112, section 9.3: who refuses a request in the middle of its body and closes does not read the rest.
    if (!stream.isRequestComplete && !head.isPersistent && head.status >= 300) this.#discardsBody = true
    stream.listener.onResponse(head)
  }

  onBody(buffer: Buffer, start: number, end: number): void {
    const chunk = Buffer.allocUnsafe(end - start)
    buffer.copy(chunk, 0, start, end)
    this.#stream?.listener.onData(chunk)
  }

  onComplete(trailers: string[] | null, hasMore: boolean): void {
    const stream = this.#stream as Http1Stream
    stream.isOver = true
    stream.connection = null
    this.#stream = null
    const head = this.#head as ResponseHead
    this.#head = null
    if (!hasMore && head.isPersistent && isReusableAfter(stream) && this.#socket?.writableLength === 0) {
      this.#becomeIdle(head)
    } else {
      this.destroy(null)
    }
    stream.listener.onEnd(trailers === null ? null : endToEndTrailers(trailers))
  }

  onSwitch(head: ResponseHead, buffer: Buffer, start: number, end: number): void {
    const stream = this.#stream as Http1Stream
    if (!stream.request.upgrade || head.upgrade !== 'websocket') {
      this.destroy(badResponse('it switches to a protocol that it was not asked for'))
      return
    }
    const socket = this.#socket as Socket
    socket.pause()
    socket.off('data', this.#onData)
    socket.off('connect', this.#onConnect)
    socket.off('drain', this.#onDrain)
    socket.off('end', this.#onEnd)
    socket.off('error', this.#onError)
    socket.off('close', this.#onClose)
    stream.isOver = true
    stream.connection = null
    this.#leave()
    stream.listener.onUpgrade(head, socket, buffer.subarray(start, end))
  }

  onMalformed(why: string): void {
    this.destroy(badResponse(why))
  }

  #send(stream: Http1Stream): void {
    this.#expectResponse(stream)
    this.#writer?.whole(stream)
  }

  #expectResponse(stream: Http1Stream): void {
    this.#served++
    this.#discardsBody = false
    this.#reader.expect(stream.request.method)
  }

  #becomeIdle(head: ResponseHead): void {
    this.state = 'idle'
    this.resume()
    if (head.keepAliveSeconds > 0) this.#idleSeconds = Math.min(idleSecondsAtMost, Math.max(1, head.keepAliveSeconds - 1))
    this.#deadline = sweeper.tick + this.#idleSeconds
    this.#owner.released(this)
  }

  /** Belongs to nobody from now on, and calls nobody. */
  #leave(): void {
    this.state = 'gone'
    this.#stream = null
    this.#reader.stop()
    this.#owner.gone(this)
  }

  #misused(why: string): boolean {
    this.destroy(new UpstreamError('bad_request', why))
    return true
  }

  readonly #onRead = (length: number): boolean => {
    this.#reader.read(readBuffer, length)
    return true
  }

  readonly #onData = (chunk: Buffer): void => this.#reader.read(chunk, chunk.length)

  readonly #onConnect = (): void => {
    const stream = this.#stream
    if (stream === null) return
    stream.connectMs = performance.now() - this.#dialledAt
    if (stream.request.preamble !== null) this.#socket?.write(stream.request.preamble)
    this.take(stream)
  }

  readonly #onDrain = (): void => {
    if (this.#stream !== null && !this.#stream.isRequestComplete) this.#stream.listener.onReadyForBody()
  }

  /** The endpoint closed in good order; only a body without a length is complete by that (RFC 9112, section 9.6). */
  readonly #onEnd = (): void => {
    if (!this.#reader.end()) this.#died(closedEarly())
    else this.destroy(null)
  }

  readonly #onError = (error: Error): void => this.#died(error)

  readonly #onClose = (): void => this.#died(closedEarly())

  #died(error: Error): void {
    const stream = this.#stream
    const diedUnused = stream !== null && this.#served > 1 && !this.#reader.hasBegun
    if (stream !== null) stream.diedUnused = diedUnused
    if (diedUnused) this.#owner.distrustIdle()
    this.destroy(error)
  }
}

const startBody = (connection: Http1Connection, stream: Http1Stream): void => connection.startBody(stream)

const isReusableAfter = ({ isRequestComplete, request }: Http1Stream): boolean =>
  isRequestComplete && !request.exclusive && !request.upgrade
