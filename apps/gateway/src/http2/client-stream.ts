import type { ClientStream, RequestListener } from '../http/client-stream.ts'
import { StallWatch } from '../http/stall-watch.ts'
import { httpDate } from '../http1/response-text.ts'
import { ErrorCode, maxFrameSize, maxWindow, resetFrame, windowUpdate } from './frames.ts'
import type { Http2RequestHead } from './header-list.ts'
import { encodeField } from './hpack-encoder.ts'
import { mayBeQuiet } from './may-be-quiet.ts'
import type { HeldUp } from './outgoing.ts'
import { RequestBody } from './request-body.ts'
import type { StreamOwner } from './stream-owner.ts'

/** Who listens when the exchange is over. */
const nobody: RequestListener = { onBody() {}, onBodyEnd() {}, onClientDrain() {}, onClientGone() {} }
const empty = Buffer.alloc(0)

/** One request and its response on an HTTP/2 connection. */
export class Http2ClientStream implements ClientStream, HeldUp {
  readonly connection: StreamOwner
  readonly id: number
  readonly head: Http2RequestHead
  listener: RequestListener = nobody
  hasResponded = false
  bytesSent = 0
  readonly #body: RequestBody
  /** How much more of the body the client takes; negative where it changed its mind (RFC 9113, section 6.9.2). */
  #window: number
  /** Nothing more can be said: the response is complete or was cut, or the client is gone. */
  #hasEnded = false
  /** Its last frame is out. */
  #isClosed = false
  /** Bytes of the response that are still to come; -1: as many as there are. */
  #remaining = -1
  #hasBody = false
  /** It is over with its last byte, whether that was said or not. */
  #endsItself = false
  /** What the client's window, or its reading, holds up. */
  #queue: Buffer[] = []
  #isHeldUp = false
  #wasContinued = false
  /** Of those that are there when somebody looks. */
  #stall: StallWatch | null = null
  #endsWith: readonly string[] | null | undefined

  /** @param window of the client for a new stream */
  constructor(connection: StreamOwner, id: number, head: Http2RequestHead, window: number) {
    this.connection = connection
    this.id = id
    this.head = head
    this.#window = window
    this.#body = new RequestBody(head)
  }

  /** All of the request's body has come. */
  get hasWholeBody(): boolean {
    return this.#body.isComplete
  }

  inform(status: number, headers: readonly string[]): void {
    if (this.hasResponded || this.#hasEnded) return
    if (status === 100) this.#wasContinued = true
    this.bytesSent += this.connection.outgoing.headers(this.id, status, headers, '', false)
  }

  respond(status: number, _reason: string, headers: readonly string[], length: number): void {
    if (this.hasResponded || this.#hasEnded) return
    this.hasResponded = true
    const { method, takesTrailers } = this.head
    this.#hasBody = length !== 0 && method !== 'HEAD' && status !== 204 && status !== 304
    this.#endsItself = length !== -1 && !takesTrailers
    this.#remaining = length
    const date = hasDate(headers) ? '' : encodeField('date', httpDate())
    this.bytesSent += this.connection.outgoing.headers(this.id, status, headers, date, !this.#hasBody)
    if (!this.#hasBody) this.#close()
  }

  write(chunk: Buffer): boolean {
    const { length } = chunk
    if (!this.#hasBody || this.#hasEnded || this.#isClosed || length === 0) return true
    this.bytesSent += length
    if (this.#remaining !== -1) {
      this.#remaining -= length
      if (this.#remaining < 0) {
        this.cut()
        return false
      }
    }
    this.#queue.push(chunk)
    if (!this.#isHeldUp) this.#send()
    return !this.#isHeldUp
  }

  end(trailers: readonly string[] | null): void {
    if (this.#hasEnded) return
    // Fewer bytes than announced: only a reset tells the client so.
    if (!this.hasResponded || (this.#hasBody && this.#remaining > 0)) {
      this.cut()
      return
    }
    this.#hasEnded = true
    this.listener = nobody
    if (this.#endsItself || this.#isClosed) return
    this.#endsWith = trailers
    if (!this.#isHeldUp) this.#sendEnd(trailers)
  }

  cut(): void {
    this.#hasEnded = true
    this.listener = nobody
    this.reset(ErrorCode.internal)
  }

  pauseBody(): void {
    this.#body.isWanted = false
  }

  resumeBody(): void {
    const body = this.#body
    if (body.isWanted || body.isOver || this.#hasEnded) return
    body.isWanted = true
    const kept = this.#takeKept()
    if (kept !== null) this.#passOn(kept)
    if (body.isComplete && body.isWanted) this.#passOnEnd()
  }

  takeSocket(): null {
    return null
  }

  // What comes on it.

  /** @param length of the frame with its padding @returns code of the error that it is, or none */
  onData(chunk: Buffer, length: number, isLast: boolean): number {
    const fault = this.#body.count(length, chunk.length, isLast)
    if (fault !== ErrorCode.none) return fault
    if (chunk.length > 0) {
      if (this.#body.isWanted) this.#passOn(chunk)
      else if (!this.#hasEnded) this.#keep(chunk)
    }
    if (isLast && this.#body.isWanted) this.#passOnEnd()
    return fault
  }

  /** @returns as `onData` */
  onTrailers(trailers: readonly string[]): number {
    const fault = this.#body.end(trailers)
    if (fault === ErrorCode.none && this.#body.isWanted) this.#passOnEnd()
    return fault
  }

  /** @returns false: the window is larger than windows get (RFC 9113, section 6.9.1) */
  widen(bytes: number): boolean {
    this.#window += bytes
    if (this.#window > maxWindow) return false
    if (this.#isHeldUp && this.#window > 0) this.pump()
    return true
  }

  /** Sends what may go out of what was held up. */
  pump(): void {
    this.#isHeldUp = false
    this.connection.outgoing.release(this)
    this.#send()
    if (!this.#isHeldUp && !this.#hasEnded) this.listener.onClientDrain()
  }

  /** Gives it up where the client keeps back its body, or its window, for too long. @param now as `OpenConnections.now` */
  sweep(now: number, limitMs: number): void {
    const body = this.#body
    const awaitsBody = body.isWanted && !body.isComplete
    if (!awaitsBody && !this.#isHeldUp) {
      this.#stall?.reset()
      return
    }
    this.#stall ??= new StallWatch()
    let progress = this.bytesSent + body.received
    for (const { length } of this.#queue) progress -= length
    if (!this.#stall.hasStalled(progress, now, limitMs)) return
    if (!this.#isHeldUp && mayBeQuiet(this.head, this.hasResponded, this.#wasContinued)) return
    this.giveUp()
  }

  /** Its client has stalled. */
  giveUp(): void {
    if (this.#hasEnded || this.listener.onClientStalled === undefined) this.cut()
    else this.listener.onClientStalled()
  }

  /** Ends it at once, for whatever reason. */
  reset(code: number): void {
    if (this.#isClosed) return
    this.connection.outgoing.add(resetFrame(this.id, code))
    this.#forget(true)
    this.lose()
  }

  /** The client has reset it, or is gone. */
  lose(): void {
    if (!this.#isClosed) this.#forget(false)
    if (this.#hasEnded) return
    this.#hasEnded = true
    const { listener } = this
    this.listener = nobody
    listener.onClientGone()
  }

  #keep(chunk: Buffer): void {
    this.#body.kept.add(chunk)
    this.connection.inflow.keep(chunk.length)
  }

  #takeKept(): Buffer | null {
    const kept = this.#body.kept.take()
    if (kept !== null) this.connection.inflow.release(kept.length)
    return kept
  }

  #passOn(chunk: Buffer): void {
    if (this.#hasEnded) return
    this.listener.onBody(chunk)
    const granted = this.#body.passedOn(chunk.length)
    if (granted > 0 && !this.#isClosed) this.connection.outgoing.add(windowUpdate(this.id, granted))
  }

  #passOnEnd(): void {
    if (this.#body.isOver) return
    this.#body.isOver = true
    if (!this.#hasEnded) this.listener.onBodyEnd(this.#body.trailers)
  }

  #send(): void {
    const { outgoing } = this.connection
    const queue = this.#queue
    let at = 0
    while (queue.length > 0) {
      const chunk = queue[0] as Buffer
      const allowed = outgoing.isFull ? 0 : Math.min(chunk.length - at, maxFrameSize, this.#window, outgoing.window)
      if (allowed <= 0) {
        if (at > 0) queue[0] = chunk.subarray(at)
        this.#isHeldUp = true
        // What its own window holds up goes on when that grows, whatever becomes of the others.
        if (this.#window > 0) outgoing.hold(this)
        return
      }
      this.#window -= allowed
      const end = at + allowed
      const isOut = end === chunk.length
      if (isOut) queue.shift()
      // The end goes with the last bytes, in one frame.
      const isLast = isOut && this.#endsItself && this.#remaining === 0 && queue.length === 0
      outgoing.data(this.id, chunk, at, end, isLast)
      if (isLast) this.#close()
      at = isOut ? 0 : end
    }
    if (this.#endsWith !== undefined && !this.#isClosed) this.#sendEnd(this.#endsWith)
  }

  #sendEnd(trailers: readonly string[] | null): void {
    const { outgoing } = this.connection
    if (trailers === null) outgoing.data(this.id, empty, 0, 0, true)
    else this.bytesSent += outgoing.headers(this.id, 0, trailers, '', true)
    this.#close()
  }

  /** The response is out. What of the request has not come is not wanted, and was not in vain (RFC 9113, section 8.1). */
  #close(): void {
    const isDeclined = !this.#body.isComplete
    if (isDeclined) this.connection.outgoing.add(resetFrame(this.id, ErrorCode.none))
    this.#forget(isDeclined)
  }

  #forget(wasReset: boolean): void {
    this.#isClosed = true
    this.#queue = []
    this.#takeKept()
    this.connection.outgoing.release(this)
    this.connection.onStreamEnd(this.id, wasReset)
  }
}

const hasDate = (headers: readonly string[]): boolean => {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    if (name.length === 4 && (name === 'Date' || name.toLowerCase() === 'date')) return true
  }
  return false
}
