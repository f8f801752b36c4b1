import { BodyKind, type RequestHead } from '../http/client-stream.ts'
import { ErrorCode } from './frames.ts'
import { KeptBytes } from './kept-bytes.ts'

/** Of one stream, bytes; a slow endpoint holds up its own upload only. */
export const streamWindow = 256 * 1024

/** The body of a request on its way in: counts it, and keeps what came before it was wanted, at most a window full. */
export class RequestBody {
  /** All of it has come. */
  isComplete: boolean
  isWanted = false
  /** Its end was passed on, or there is no body. */
  isOver: boolean
  trailers: readonly string[] | null = null
  readonly kept = new KeptBytes()
  /** Bytes that have come. */
  received = 0
  #left: number
  #window = streamWindow
  /** Bytes that were passed on, and that the client does not know of yet. */
  #passedOn = 0

  constructor({ bodyKind, contentLength }: RequestHead) {
    this.isComplete = bodyKind === BodyKind.none
    this.isOver = this.isComplete
    this.#left = contentLength
  }

  /** @param length with padding @returns code of the error that it is, or none */
  count(length: number, bytes: number, isLast: boolean): number {
    if (this.isComplete) return ErrorCode.streamClosed
    this.received += bytes
    this.#window -= length
    if (this.#window < 0) return ErrorCode.flowControl
    if (this.#left !== -1) {
      this.#left -= bytes
      // RFC 9113, section 8.1.1
      if (this.#left < 0 || (isLast && this.#left > 0)) return ErrorCode.protocol
    }
    this.isComplete = isLast
    // Nobody waits for padding.
    this.#passedOn += length - bytes
    return ErrorCode.none
  }

  /** Trailers came. @returns as `count` */
  end(trailers: readonly string[]): number {
    if (this.isComplete) return ErrorCode.streamClosed
    if (this.#left > 0) return ErrorCode.protocol
    this.isComplete = true
    this.trailers = trailers.length === 0 ? null : trailers
    return ErrorCode.none
  }

  /** @returns bytes that the client may send more than it knows; 0: they are not worth a frame yet */
  passedOn(bytes: number): number {
    this.#passedOn += bytes
    if (this.isComplete || this.#passedOn < streamWindow / 2) return 0
    const granted = this.#passedOn
    this.#passedOn = 0
    this.#window += granted
    return granted
  }
}
