import type { Socket } from 'node:net'
import type { ClientConnection } from '../http/client-connection.ts'
import { BodyKind, type ClientStream, type RequestListener } from '../http/client-stream.ts'
import { ChunkedDecoder, type ChunkSink } from './chunked-decoder.ts'
import type { Http1RequestHead } from './request-head.ts'
import { responseHead } from './response-text.ts'

/** Bytes up to which a piece of a body is copied, so that it goes out in one write with what is before and behind it. */
const smallPiece = 8 * 1024
/** Characters that are gathered before they go out. Node writes a string up to this length without allocating for it. */
const gatherLimit = 16 * 1024
/** How much of a body that nobody wants any more is read to its end, so that the client gets to see the answer. */
const discardLimit = 16 * 1024 * 1024

/** How the body of the response is delimited. */
const Framing = { none: 0, length: 1, chunked: 2, close: 3 } as const
type Framing = (typeof Framing)[keyof typeof Framing]

/** What a stream asks of its connection. Of a stream that it has done with, the connection takes nothing any more. */
export interface StreamConnection extends ClientConnection {
  /** Responses are the last ones. */
  readonly isDraining: boolean
  /** The response is complete: on to the next request. */
  onResponseEnd(stream: object): void
  /** Does not read until the stream wants its body again. */
  pause(): void
  /** Gives the stream what has come of its body, and goes on reading. */
  resumeBody(stream: object): void
  /** Ends the connection in a way that no client can take for the end of a response. */
  reset(): void
  /** From now on the socket is somebody else's. Returns what had come early. */
  giveAway(): Buffer
}

/** One request and its response on an HTTP/1 connection. */
export class Http1ClientStream implements ClientStream, ChunkSink {
  readonly connection: StreamConnection
  readonly head: Http1RequestHead
  listener: RequestListener = nobody
  hasResponded = false
  bytesSent = 0
  /** The response is complete. */
  hasEnded = false
  /** All of the request's body has come. */
  bodyComplete: boolean
  /** The body is wanted: it is read as it comes. */
  isFlowing = false
  /** The connection closes behind this response. */
  closes = false
  readonly #socket: Socket
  #wasContinued = false
  #bodyRemaining: number
  #decoder: ChunkedDecoder | null
  #discarded = 0
  /** Latin1 text that waits to be written. */
  #gathered = ''
  #isScheduled = false
  #framing: Framing = Framing.none
  #remaining = 0

  constructor(connection: StreamConnection, head: Http1RequestHead) {
    this.connection = connection
    this.head = head
    this.#socket = connection.socket
    this.bodyComplete = head.bodyKind === BodyKind.none
    this.#bodyRemaining = head.contentLength
    this.#decoder = head.bodyKind === BodyKind.stream ? new ChunkedDecoder() : null
  }

  inform(status: number, headers: readonly string[]): void {
    const { head } = this
    if (head.version === '1.0' || this.hasResponded || this.hasEnded) return
    if (status === 100) {
      if (!head.expectsContinue || this.#wasContinued) return
      this.#wasContinued = true
    }
    this.#gathered += responseHead(status, '', headers, '')
    this.#flush()
  }

  respond(status: number, reason: string, headers: readonly string[], length: number, close: boolean): void {
    if (this.hasResponded || this.hasEnded) return
    this.hasResponded = true
    const { head } = this
    let more = ''
    let closes = close || !head.keepAlive || this.connection.isDraining
    // Whether the body still comes is the client's choice: what follows could be either (RFC 9110, section 10.1.1).
    if (head.expectsContinue && !this.#wasContinued && !this.bodyComplete) closes = true
    if (head.method === 'HEAD' || status === 204 || status === 304) {
      this.#framing = Framing.none
    } else if (length >= 0) {
      this.#framing = Framing.length
      this.#remaining = length
    } else if (head.version === '1.1') {
      this.#framing = Framing.chunked
      more = 'Transfer-Encoding: chunked\r\n'
    } else {
      this.#framing = Framing.close
      closes = true
    }
    this.closes = closes
    if (closes) more += 'Connection: close\r\n'
    else if (head.version === '1.0') more += 'Connection: keep-alive\r\n'
    this.#gathered += responseHead(status, reason, headers, more)
    this.#schedule()
  }

  write(chunk: Buffer): boolean {
    const { length } = chunk
    if (this.#framing === Framing.none || this.hasEnded || length === 0) return true
    if (this.#framing === Framing.length) {
      this.#remaining -= length
      if (this.#remaining < 0) {
        this.cut()
        return false
      }
    } else if (this.#framing === Framing.chunked) {
      this.#gathered += `${length.toString(16)}\r\n`
    }
    if (length <= smallPiece) {
      this.#gathered += chunk.toString('latin1', 0, length)
      if (this.#framing === Framing.chunked) this.#gathered += '\r\n'
      if (this.#gathered.length > gatherLimit) this.#flush()
      else this.#schedule()
    } else {
      this.#writeLarge(chunk)
    }
    return !this.#socket.writableNeedDrain
  }

  end(trailers: readonly string[] | null): void {
    if (this.hasEnded) return
    // Fewer bytes than announced: only a reset tells the client so.
    if (!this.hasResponded || (this.#framing === Framing.length && this.#remaining > 0)) {
      this.cut()
      return
    }
    if (this.#framing === Framing.chunked) this.#gathered += lastChunk(trailers)
    this.hasEnded = true
    this.listener = nobody
    this.#flush()
    this.connection.onResponseEnd(this)
  }

  cut(): void {
    this.hasEnded = true
    this.listener = nobody
    this.#gathered = ''
    this.connection.reset()
  }

  pauseBody(): void {
    if (!this.isFlowing || this.bodyComplete || this.hasEnded) return
    this.isFlowing = false
    this.connection.pause()
  }

  resumeBody(): void {
    if (this.isFlowing || this.bodyComplete || this.hasEnded) return
    this.isFlowing = true
    this.connection.resumeBody(this)
  }

  takeSocket(): { socket: Socket; early: Buffer } | null {
    if (this.hasEnded || this.hasResponded) return null
    this.hasEnded = true
    this.listener = nobody
    return { socket: this.#socket, early: this.connection.giveAway() }
  }

  /**
   * Takes bytes of the body.
   * @returns the index behind them: `chunk.length`, or less where the body is complete before; -1: it is malformed
   */
  feed(chunk: Buffer): number {
    const { length } = chunk
    const decoder = this.#decoder
    let end: number
    if (decoder !== null) {
      end = decoder.decode(chunk, 0, length, this)
      if (end === -1) return -1
      if (decoder.isDone) this.#complete(decoder.trailers)
    } else {
      end = Math.min(this.#bodyRemaining, length)
      this.#bodyRemaining -= end
      this.onChunkData(chunk, 0, end)
      if (this.#bodyRemaining === 0) this.#complete(null)
    }
    return end
  }

  onChunkData(buffer: Buffer, start: number, end: number): void {
    if (this.hasEnded) this.#discarded += end - start
    else this.listener.onBody(start === 0 && end === buffer.length ? buffer : buffer.subarray(start, end))
  }

  /** It is the client's turn to send. Who waits for a 100 is not held up by himself (RFC 9110, section 10.1.1). */
  get awaitsBody(): boolean {
    if (!this.isFlowing || this.bodyComplete) return false
    return !this.head.expectsContinue || this.#wasContinued || this.hasResponded
  }

  /** So much came that nobody wanted that the connection isn't worth it. */
  get discardedTooMuch(): boolean {
    return this.#discarded > discardLimit
  }

  /** The client is gone. */
  lose(): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.#gathered = ''
    const { listener } = this
    this.listener = nobody
    listener.onClientGone()
  }

  /** Writes what was gathered in this turn. */
  flushScheduled(): void {
    this.#isScheduled = false
    if (!this.hasEnded) this.#flush()
  }

  #complete(trailers: readonly string[] | null): void {
    this.bodyComplete = true
    if (!this.hasEnded) this.listener.onBodyEnd(trailers)
  }

  #writeLarge(chunk: Buffer): void {
    const socket = this.#socket
    if (this.#gathered !== '') {
      socket.cork()
      this.#flush()
      socket.write(chunk)
      socket.uncork()
    } else {
      socket.write(chunk)
    }
    this.bytesSent += chunk.length
    if (this.#framing !== Framing.chunked) return
    this.#gathered = '\r\n'
    this.#schedule()
  }

  #flush(): void {
    const text = this.#gathered
    if (text === '') return
    this.#gathered = ''
    this.bytesSent += text.length
    this.#socket.write(text, 'latin1')
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    if (scheduled.push(this) === 1) process.nextTick(flushAll)
  }
}

/** RFC 9112, section 7.1 */
const lastChunk = (trailers: readonly string[] | null): string => {
  if (trailers === null) return '0\r\n\r\n'
  let text = '0\r\n'
  for (let i = 0; i < trailers.length; i += 2) text += `${trailers[i]}: ${trailers[i + 1]}\r\n`
  return `${text}\r\n`
}

/** Who listens when the exchange is over. */
const nobody: RequestListener = { onBody() {}, onBodyEnd() {}, onClientDrain() {}, onClientGone() {} }

/** Streams with something to write, once all that came in with this event has been read. */
let scheduled: Http1ClientStream[] = []

const flushAll = (): void => {
  const streams = scheduled
  scheduled = []
  for (const stream of streams) stream.flushScheduled()
}
