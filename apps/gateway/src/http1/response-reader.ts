import { ChunkedDecoder, type ChunkSink } from './chunked-decoder.ts'
import { parseResponseHead, ResponseFraming, type ResponseHead } from './response-head.ts'

/** Takes what a reader finds. Ranges of a buffer are only valid during the call. */
export interface ResponseSink {
  /** 1xx, but for 101. */
  onInformHead(head: ResponseHead): void
  onHead(head: ResponseHead): void
  onBody(buffer: Buffer, start: number, end: number): void
  /** @param hasMore something follows that nobody has asked for */
  onComplete(trailers: string[] | null, hasMore: boolean): void
  /** 101: what follows is another protocol. */
  onSwitch(head: ResponseHead, buffer: Buffer, start: number, end: number): void
  /** It can't be understood, or nobody has asked for it. @param why in words, about the endpoint */
  onMalformed(why: string): void
}

const Reading = { nothing: 0, head: 1, length: 2, chunked: 3, untilClose: 4, stopped: 5 } as const
type Reading = (typeof Reading)[keyof typeof Reading]

/** Bytes of a head. */
const headLimit = 32 * 1024
/** Nearly every head fits in this; what follows it needn't be made text. */
const usualHead = 2 * 1024
/** Responses with status 1xx that may come before the final one. */
export const informLimit = 64

/** Reads the responses of one connection from its bytes, one after the other, as they are asked for. */
export class ResponseReader implements ChunkSink {
  /** Something of the response has come. */
  hasBegun = false
  readonly #sink: ResponseSink
  readonly #chunks = new ChunkedDecoder()
  #reading: Reading = Reading.nothing
  #method = ''
  #headText = ''
  #informs = 0
  #remaining = 0

  constructor(sink: ResponseSink) {
    this.#sink = sink
  }

  /** A response to a request with this method comes next. */
  expect(method: string): void {
    this.#reading = Reading.head
    this.#method = method
    this.hasBegun = false
    this.#informs = 0
  }

  /** Reads nothing any more. */
  stop(): void {
    this.#reading = Reading.stopped
  }

  read(buffer: Buffer, length: number): void {
    let at = 0
    while (at < length) {
      switch (this.#reading) {
        case Reading.head:
          this.hasBegun = true
          at = this.#readHead(buffer, at, length)
          break
        case Reading.length: {
          const end = Math.min(length, at + this.#remaining)
          this.#remaining -= end - at
          this.#sink.onBody(buffer, at, end)
          if (this.#remaining === 0) this.#complete(null, end < length)
          at = end
          break
        }
        case Reading.chunked:
          at = this.#readChunks(buffer, at, length)
          break
        case Reading.untilClose:
          this.#sink.onBody(buffer, at, length)
          return
        case Reading.nothing:
          this.#malformed('it speaks without being asked')
          return
        default:
          return
      }
    }
  }

  /** The connection was closed in good order. False: a response was not complete. */
  end(): boolean {
    const reading = this.#reading
    if (reading === Reading.untilClose) this.#complete(null, false)
    return reading === Reading.untilClose || reading === Reading.nothing || reading === Reading.stopped
  }

  onChunkData(buffer: Buffer, start: number, end: number): void {
    if (this.#reading === Reading.chunked) this.#sink.onBody(buffer, start, end)
  }

  #readHead(buffer: Buffer, start: number, length: number): number {
    const before = this.#headText
    let text = before + buffer.toString('latin1', start, Math.min(length, start + usualHead))
    let end = text.indexOf('\r\n\r\n', Math.max(0, before.length - 3))
    if (end === -1 && length > start + usualHead) {
      text = before + buffer.toString('latin1', start, Math.min(length, start + headLimit))
      end = text.indexOf('\r\n\r\n', Math.max(0, before.length - 3))
    }
    if (end === -1) {
      if (text.length >= headLimit) return this.#malformed('its headers are too large')
      if (!text.startsWith('HTTP/1.'.slice(0, text.length)) || bareLf.test(text)) return this.#malformed('it does not speak HTTP/1.1')
      this.#headText = text
      return length
    }
    this.#headText = ''
    const head = parseResponseHead(text, end + 2, this.#method)
    if (typeof head === 'string') return this.#malformed(head)
    const bodyStart = start + end + 4 - before.length
    if (head.status >= 200) {
      this.#begin(head, bodyStart < length)
    } else if (head.status === 101) {
      this.#reading = Reading.stopped
      this.#sink.onSwitch(head, buffer, bodyStart, length)
    } else {
      if (++this.#informs > informLimit) return this.#malformed('it informs without end')
      this.#sink.onInformHead(head)
    }
    return bodyStart
  }

  #begin(head: ResponseHead, hasMore: boolean): void {
    switch (head.framing) {
      case ResponseFraming.none:
        this.#sink.onHead(head)
        if (this.#reading === Reading.head) this.#complete(null, hasMore)
        return
      case ResponseFraming.length:
        this.#reading = Reading.length
        this.#remaining = head.contentLength
        break
      case ResponseFraming.chunked:
        this.#reading = Reading.chunked
        this.#chunks.reset()
        break
      case ResponseFraming.close:
        this.#reading = Reading.untilClose
        break
    }
    this.#sink.onHead(head)
  }

  #readChunks(buffer: Buffer, start: number, length: number): number {
    const at = this.#chunks.decode(buffer, start, length, this)
    if (this.#reading !== Reading.chunked) return length
    if (at === -1)
      return this.#malformed(this.#chunks.fault === 'too_large' ? 'its chunks or trailers are too large' : 'its chunks are malformed')
    if (this.#chunks.isDone) this.#complete(this.#chunks.trailers, at < length)
    return at
  }

  #complete(trailers: string[] | null, hasMore: boolean): void {
    if (this.#reading === Reading.stopped) return
    this.#reading = hasMore ? Reading.stopped : Reading.nothing
    this.#sink.onComplete(trailers, hasMore)
  }

  /** @returns an index that ends every loop */
  #malformed(why: string): number {
    this.#reading = Reading.stopped
    this.#sink.onMalformed(why)
    return Number.MAX_SAFE_INTEGER
  }
}

const bareLf = /(?:^|[^\r])\n/
