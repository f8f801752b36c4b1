import type { Socket } from 'node:net'
import { requestText } from '../http1/request-text.ts'
import type { Http1Stream } from './http1-stream.ts'

/** Bytes up to which a body goes out in one piece with what is before it. */
const smallBody = 8 * 1024

/** Writes requests to a connection, one after the other, and marks each as sent with its first byte. */
export class RequestWriter {
  readonly #socket: Socket
  /** What of the request waits to go out with more of it. */
  #unsent = ''
  #isGathering = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** All of a request without a body. */
  whole(stream: Http1Stream): void {
    stream.isSent = true
    this.#socket.write(requestText(stream.request), 'latin1')
  }

  /** The head of a request with a body: waits for what of the body is there already. */
  begin(stream: Http1Stream): void {
    this.#isGathering = true
    this.#unsent = requestText(stream.request)
  }

  /** Nothing more is there for now. @param stream null: it is over by now */
  gathered(stream: Http1Stream | null): void {
    this.#isGathering = false
    if (stream !== null) this.#flush(stream)
  }

  /** Part of a body, framed as its head says. @returns false: wait until the socket drains */
  body(stream: Http1Stream, chunk: Buffer): boolean {
    const isChunked = stream.request.contentLength === -1
    const before = isChunked ? `${chunk.length.toString(16)}\r\n` : ''
    const after = isChunked ? '\r\n' : ''
    if (chunk.length <= smallBody) return this.#text(stream, `${before}${chunk.toString('latin1')}${after}`)
    const socket = this.#socket
    stream.isSent = true
    socket.cork()
    const text = this.#unsent + before
    this.#unsent = ''
    if (text !== '') socket.write(text, 'latin1')
    socket.write(chunk)
    if (after !== '') socket.write(after, 'latin1')
    socket.uncork()
    return !socket.writableNeedDrain
  }

  /** RFC 9112, section 7.1 */
  lastChunk(stream: Http1Stream, trailers: readonly string[] | null): void {
    let text = '0\r\n'
    if (trailers !== null) for (let i = 0; i < trailers.length; i += 2) text += `${trailers[i]}: ${trailers[i + 1]}\r\n`
    this.#text(stream, `${text}\r\n`)
  }

  #text(stream: Http1Stream, text: string): boolean {
    this.#unsent += text
    if (this.#isGathering && this.#unsent.length < 4 * smallBody) return true
    return this.#flush(stream)
  }

  #flush(stream: Http1Stream): boolean {
    if (this.#unsent === '') return true
    const text = this.#unsent
    this.#unsent = ''
    stream.isSent = true
    return this.#socket.write(text, 'latin1')
  }
}
