import { constants, type ServerHttp2Stream } from 'node:http2'
import type { ClientConnection } from '../http/client-connection.ts'
import { BodyKind, type ClientStream, type RequestHead, type RequestListener } from '../http/client-stream.ts'
import { headerObject } from './header-list.ts'

const { NGHTTP2_NO_ERROR } = constants

/** Who listens when the exchange is over. */
const nobody: RequestListener = { onBody() {}, onBodyEnd() {}, onClientDrain() {}, onClientGone() {} }

/** Our side of a stream, so that its events need no function of their own. */
const ours = Symbol('Http2ClientStream')
export type OwnedStream = ServerHttp2Stream & { [ours]: Http2ClientStream }

/** The connection that a stream is on. */
interface StreamOwner extends ClientConnection {
  /** One request less is under way. */
  onStreamEnd(): void
}

/** One request and its response on an HTTP/2 connection, by the core `stream` API of Node. */
export class Http2ClientStream implements ClientStream {
  readonly connection: StreamOwner
  readonly head: RequestHead
  listener: RequestListener = nobody
  hasResponded = false
  bytesSent = 0
  readonly #stream: OwnedStream
  /** Nothing more can be said: the response is complete or was cut, or the client is gone. */
  #hasEnded = false
  #bodyComplete: boolean
  #isReading = false
  #trailersIn: readonly string[] | null = null
  /** Bytes of the response that are still to come; -1: as many as there are. */
  #remaining = -1
  #hasBody = false
  #waitsForTrailers = false
  #trailersOut: readonly string[] | null = null

  constructor(connection: StreamOwner, stream: ServerHttp2Stream, head: RequestHead) {
    this.connection = connection
    this.head = head
    this.#bodyComplete = head.bodyKind === BodyKind.none
    this.#stream = stream as OwnedStream
    this.#stream[ours] = this
    stream.on('error', ignore)
    stream.on('close', onClose)
    // Where a body waits to be read, the stream is not closed by the client's reset.
    if (!this.#bodyComplete) stream.on('aborted', onAborted)
  }

  inform(status: number, headers: readonly string[]): void {
    const stream = this.#stream
    if (this.hasResponded || this.#hasEnded || stream.closed || stream.destroyed) return
    stream.additionalHeaders({ ':status': status, ...headerObject(headers) })
  }

  respond(status: number, _reason: string, headers: readonly string[], length: number): void {
    const stream = this.#stream
    if (this.hasResponded || this.#hasEnded || stream.closed || stream.destroyed) return
    this.hasResponded = true
    this.#hasBody = length !== 0 && this.head.method !== 'HEAD' && status !== 204 && status !== 304
    this.#remaining = length
    this.#waitsForTrailers = this.#hasBody && length === -1
    const list: (string | number)[] = [':status', status]
    for (let i = 0; i < headers.length; i++) list.push(headers[i] as string)
    try {
      // The types don't know yet that a flat list is taken as well.
      stream.respond(list as never, responseOptions(this.#hasBody, this.#waitsForTrailers))
    } catch {
      // A status that HTTP/2 of Node does not send.
      this.cut()
      return
    }
    if (this.#waitsForTrailers) stream.on('wantTrailers', onWantTrailers)
  }

  write(chunk: Buffer): boolean {
    const { length } = chunk
    const stream = this.#stream
    if (!this.#hasBody || this.#hasEnded || length === 0 || stream.closed || stream.destroyed) return true
    this.bytesSent += length
    if (this.#remaining !== -1) {
      this.#remaining -= length
      if (this.#remaining < 0) {
        this.cut()
        return false
      }
      if (this.#remaining === 0) {
        // The end goes with the last bytes, in one frame.
        stream.end(chunk)
        return true
      }
    }
    if (stream.write(chunk)) return true
    stream.once('drain', onDrain)
    return false
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
    const stream = this.#stream
    this.#trailersOut = trailers
    if (this.#hasBody && this.#remaining === -1) stream.end()
    // What of the request has not come is not wanted any more, and was not in vain (RFC 9113, section 8.1).
    if (!this.#bodyComplete) stream.close(NGHTTP2_NO_ERROR)
  }

  cut(): void {
    this.#hasEnded = true
    this.listener = nobody
    // Resets it with INTERNAL_ERROR. `close` would end our side first, and half a response with its reset would be a whole one.
    this.#stream.destroy(wasCut)
  }

  pauseBody(): void {
    if (this.#isReading && !this.#bodyComplete && !this.#hasEnded) this.#stream.pause()
  }

  resumeBody(): void {
    if (this.#bodyComplete || this.#hasEnded) return
    const stream = this.#stream
    if (!this.#isReading) {
      this.#isReading = true
      stream.on('trailers', onTrailers)
      stream.on('end', onEnd)
      stream.on('data', onData)
    }
    stream.resume()
  }

  takeSocket(): null {
    return null
  }

  /** Of the stream's events. */
  onData(chunk: Buffer): void {
    if (!this.#hasEnded) this.listener.onBody(chunk)
  }

  onTrailers(trailers: readonly string[]): void {
    this.#trailersIn = trailers
  }

  onBodyEnd(): void {
    if (this.#bodyComplete) return
    this.#bodyComplete = true
    if (!this.#hasEnded) this.listener.onBodyEnd(this.#trailersIn)
  }

  onClose(): void {
    this.onAborted()
    this.connection.onStreamEnd()
  }

  onAborted(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    const { listener } = this
    this.listener = nobody
    listener.onClientGone()
  }

  sendTrailers(): void {
    this.#stream.sendTrailers(this.#trailersOut === null ? {} : headerObject(this.#trailersOut))
  }
}

/** Nobody sees it: what counts is that there is one. */
const wasCut = new Error('the response was cut')

const ended = { endStream: true }
const open = { endStream: false }
const trailing = { endStream: false, waitForTrailers: true }

const responseOptions = (hasBody: boolean, waitForTrailers: boolean) => (hasBody ? (waitForTrailers ? trailing : open) : ended)

const ignore = (): void => {}

function onClose(this: OwnedStream): void {
  this[ours].onClose()
}

function onAborted(this: OwnedStream): void {
  this[ours].onAborted()
}

function onData(this: OwnedStream, chunk: Buffer): void {
  this[ours].onData(chunk)
}

function onEnd(this: OwnedStream): void {
  this[ours].onBodyEnd()
}

function onTrailers(this: OwnedStream, _headers: object, _flags: number, raw: string[]): void {
  this[ours].onTrailers(raw)
}

function onDrain(this: OwnedStream): void {
  this[ours].listener.onClientDrain()
}

function onWantTrailers(this: OwnedStream): void {
  this[ours].sendTrailers()
}
