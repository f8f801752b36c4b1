import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { StandinError } from '@standin/client/errors'
import type { ClientLimits } from '../gateway-config.ts'
import type { ConnectionInfo } from '../http/client-connection.ts'
import type { ClientStream } from '../http/client-stream.ts'
import type { OpenConnection, OpenConnections } from '../http/open-connections.ts'
import { StallWatch } from '../http/stall-watch.ts'
import { Http1ClientStream, type StreamConnection } from './client-stream.ts'
import { type Http1Fields, MalformedHead, malformed, parseRequestHead, refuseEarly } from './request-head.ts'
import { responseHead } from './response-text.ts'

/** Who takes the requests. */
export interface StreamHandler {
  readonly connections: OpenConnections
  /** Responses are the last ones on their connections. */
  readonly draining: boolean
  readonly limits: ClientLimits
  /** A request has come. It may be answered before this returns. */
  onStream(stream: ClientStream): void
}

/** How long a client gets to take the last response and to close, ms. */
const lingerMs = 5_000
/** Bytes that may wait while a response is under way: the next requests of a pipeline, or what follows an upgrade. */
const earlyLimit = 64 * 1024
/** Bytes that are looked at for the end of a head at once: a large body behind it is not turned into text. */
const headWindow = 8 * 1024
/** Bytes that are read away while the connection closes, so that the client sees the last response and not a reset. */
const lingerLimit = 16 * 1024 * 1024

/**
 * | from | to | when |
 * |---|---|---|
 * | `head` | `exchange` | the head of a request is complete |
 * | `exchange` | `head` | the response is complete, and all of the request was read |
 * | `head`, `exchange` | `closing` | the last response was written |
 * | `exchange` | `given` | the socket belongs to somebody else: a WebSocket |
 * | any | `closed` | the socket is closed, or was reset |
 */
type Phase = 'head' | 'exchange' | 'closing' | 'given' | 'closed'

/** Serves HTTP/1 on a socket that was accepted (after TLS and the PROXY header, where there are any). */
export const acceptHttp1 = (socket: Socket | TLSSocket, info: ConnectionInfo, handler: StreamHandler): Http1ClientConnection =>
  new Http1ClientConnection(socket, info, handler)

/**
 * Requests are served strictly one after the other. While one is under way the socket is still read, so that it is seen
 * when the client leaves. A client that ends its side of the connection before it has its response counts as gone
 * (RFC 9112, section 9.6 lets us choose; nginx and Node do the same).
 */
export class Http1ClientConnection implements StreamConnection, OpenConnection {
  readonly socket: Socket | TLSSocket
  readonly transport: Socket
  readonly address: string
  readonly clientPort: number
  readonly peer: string
  readonly localAddress: string
  readonly port: number
  readonly secure: boolean
  readonly #info: ConnectionInfo
  readonly #handler: StreamHandler
  #phase: Phase = 'head'
  #stream: Http1ClientStream | null = null
  /** What has come of a head so far. */
  #text = ''
  /** Of the last head. */
  #fields: Http1Fields | null = null
  /** What came before anybody wanted it. */
  #early: Buffer | null = null
  #isPaused = false
  #isAdvancing = false
  /** When the connection is closed unless something happens, as `OpenConnections.now`; 0: never. */
  #deadline: number
  #lingered = 0
  readonly #stall = new StallWatch()

  constructor(socket: Socket | TLSSocket, info: ConnectionInfo, handler: StreamHandler) {
    this.socket = socket
    this.transport = info.transport
    this.address = info.address
    this.clientPort = info.clientPort
    this.peer = info.peer
    this.localAddress = info.localAddress
    this.port = info.port
    this.secure = info.secure
    this.#info = info
    this.#handler = handler
    handler.connections.add(this)
    this.#deadline = handler.connections.now + handler.limits.idleMs
    socket.on('data', this.#onData)
    socket.on('drain', this.#onDrain)
    socket.on('end', this.#onEnd)
    socket.on('error', ignore)
    socket.on('close', this.#onClose)
  }

  get isDraining(): boolean {
    return this.#handler.draining
  }

  covers(host: string): boolean {
    return this.#info.covers(host)
  }

  sweep(now: number): void {
    const stream = this.#stream
    if (stream !== null) {
      this.#sweepExchange(stream, now)
      return
    }
    if (this.#deadline === 0 || now < this.#deadline) return
    if (this.#phase === 'closing') this.#sweepClosing(now)
    else if (this.#text === '') this.#close()
    else this.#refuse(408, new StandinError('request_timeout', 'The head of the request did not arrive in time'))
  }

  /** What the client owes is its body and its reading, not what an endpoint has not said yet. */
  #sweepExchange(stream: Http1ClientStream, now: number): void {
    const { socket } = this
    const { awaitsBody } = stream
    if (!awaitsBody && socket.writableLength === 0) {
      this.#stall.reset()
      return
    }
    const progress = this.#taken + (awaitsBody ? socket.bytesRead : 0)
    if (!this.#stall.hasStalled(progress, now, this.#handler.limits.stallMs)) return
    this.#stall.reset()
    if (stream.hasEnded || stream.listener.onClientStalled === undefined) this.reset()
    else stream.listener.onClientStalled()
  }

  /** As long as the client takes what was written, however slowly, it isn't kept from it. */
  #sweepClosing(now: number): void {
    if (this.socket.writableLength === 0) this.destroy()
    else if (this.#stall.hasStalled(this.#taken, now, this.#handler.limits.stallMs)) this.reset()
  }

  /** Bytes that are with the kernel. */
  get #taken(): number {
    return this.socket.bytesWritten - this.socket.writableLength
  }

  drain(): void {
    if (this.#phase === 'head' && this.#text === '') this.#close()
  }

  destroy(): void {
    this.socket.destroy()
  }

  reset(): void {
    if (this.#phase === 'closed') return
    this.#phase = 'closed'
    this.#stream = null
    this.transport.resetAndDestroy()
    if (this.socket !== this.transport) this.socket.destroy()
  }

  pause(): void {
    this.#isPaused = true
    this.socket.pause()
  }

  resumeBody(of: object): void {
    const stream = this.#stream
    if (stream === null || stream !== of) return
    const early = this.#early
    if (early !== null) {
      this.#early = null
      this.#feed(stream, early)
    }
    if (stream.isFlowing || stream.bodyComplete) this.#unpause()
  }

  giveAway(): Buffer {
    const { socket } = this
    socket.off('data', this.#onData)
    socket.off('drain', this.#onDrain)
    socket.off('end', this.#onEnd)
    this.#phase = 'given'
    this.#stream = null
    const early = this.#early ?? Buffer.alloc(0)
    this.#early = null
    return early
  }

  onResponseEnd(of: object): void {
    const stream = this.#stream
    if (stream === null || stream !== of) return
    if (stream.closes) {
      this.#close()
      return
    }
    if (!stream.bodyComplete) {
      stream.isFlowing = true
      this.resumeBody(stream)
      return
    }
    this.#next()
  }

  #next(): void {
    this.#stream = null
    this.#phase = 'head'
    this.#deadline = this.#handler.connections.now + this.#handler.limits.idleMs
    if (this.#isAdvancing) return
    if (this.#early !== null) this.#advance()
    else this.#awaitNext()
  }

  #awaitNext(): void {
    if (this.#handler.draining && this.#text === '' && this.#early === null) this.#close()
    // Who does not take responses gets no more of them.
    else if (this.socket.writableNeedDrain) this.pause()
    else this.#unpause()
  }

  readonly #onData = (chunk: Buffer): void => {
    const stream = this.#stream
    if (this.#phase === 'head') {
      this.#early = chunk
      this.#advance()
    } else if (stream !== null && this.#phase === 'exchange') {
      if (stream.isFlowing && !stream.bodyComplete) this.#feed(stream, chunk)
      else this.#keep(chunk)
    } else if (this.#phase === 'closing') {
      this.#lingered += chunk.length
      if (this.#lingered > lingerLimit) this.destroy()
    }
  }

  /** Reads heads from what has come, as long as each is answered at once. */
  #advance(): void {
    this.#isAdvancing = true
    while (this.#phase === 'head' && this.#early !== null && !this.socket.writableNeedDrain) {
      const chunk = this.#early
      this.#early = null
      this.#readHead(chunk)
    }
    this.#isAdvancing = false
    if (this.#phase === 'head') this.#awaitNext()
  }

  #readHead(chunk: Buffer): void {
    const { headerBytes } = this.#handler.limits
    let text = this.#text
    let at = 0
    let end = -1
    let start = 0
    do {
      const before = text.length
      const windowEnd = Math.min(chunk.length, at + headWindow)
      text += chunk.toString('latin1', at, windowEnd)
      at = windowEnd
      // RFC 9112, section 2.2: one empty line before a request is let pass.
      start = text.charCodeAt(0) === 0x0d && text.charCodeAt(1) === 0x0a ? 2 : 0
      end = text.indexOf('\r\n\r\n', Math.max(start, before - 3))
    } while (end === -1 && at < chunk.length && text.length <= headerBytes)
    if (end === -1) {
      const fault = refuseEarly(text, start, headerBytes)
      if (fault !== null) {
        this.#refuseHead(fault)
        return
      }
      if (this.#text === '') this.#deadline = this.#handler.connections.now + this.#handler.limits.headerMs
      this.#text = text
      return
    }
    const head = end - start + 4 > headerBytes ? malformed.tooLarge : parseRequestHead(text, start, end, this.#fields)
    if (head instanceof MalformedHead) {
      this.#refuseHead(head)
      return
    }
    // What of the text is behind the head is behind it in the chunk as well.
    const bodyStart = at - (text.length - end - 4)
    this.#text = ''
    this.#fields = head.fields
    if (bodyStart < chunk.length) this.#early = bodyStart === 0 ? chunk : chunk.subarray(bodyStart)
    this.#phase = 'exchange'
    this.#deadline = 0
    const stream = new Http1ClientStream(this, head)
    this.#stream = stream
    this.#handler.onStream(stream)
  }

  #feed(stream: Http1ClientStream, chunk: Buffer): void {
    const end = stream.feed(chunk)
    if (this.#stream !== stream) {
      // It was answered the moment its body was complete: what follows is the next request.
      if (this.#phase !== 'head' || end === -1 || end === chunk.length) return
      this.#early = chunk.subarray(end)
      if (!this.#isAdvancing) this.#advance()
      return
    }
    if (end === -1) {
      this.#refuseBody(stream)
    } else if (stream.bodyComplete) {
      if (end < chunk.length) this.#keep(chunk.subarray(end))
      if (stream.hasEnded) this.#next()
    } else if (stream.discardedTooMuch) {
      this.destroy()
    }
  }

  #keep(chunk: Buffer): void {
    this.#early = this.#early === null ? chunk : Buffer.concat([this.#early, chunk])
    if (this.#early.length > earlyLimit) this.pause()
  }

  #unpause(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.socket.resume()
  }

  #refuseHead({ status, why }: MalformedHead): void {
    const error =
      status === 431
        ? new StandinError('too_large', `The request was refused: ${why}`)
        : new StandinError('invalid', `The request is not valid HTTP/1.1: ${why}`)
    this.#refuse(status, error)
  }

  #refuseBody(stream: Http1ClientStream): void {
    const canSay = !stream.hasResponded
    stream.lose()
    if (canSay) this.#refuse(400, new StandinError('invalid', 'The request is not valid HTTP/1.1: its body is malformed'))
    else this.reset()
  }

  /** What follows can't be told apart from what was not understood: the connection closes. */
  #refuse(status: number, error: StandinError): void {
    const body = `${JSON.stringify({ ...error.toProblem(), status })}\n`
    const headers = ['Content-Type', 'application/problem+json', 'Content-Length', String(Buffer.byteLength(body))]
    this.socket.write(responseHead(status, '', headers, 'Connection: close\r\n') + body, 'utf8')
    this.#close()
  }

  /** Ends our side, and reads on for a while: closing at once could make a reset of it, and lose the last response. */
  #close(): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return
    this.#phase = 'closing'
    this.#stream = null
    this.#text = ''
    this.#early = null
    this.#deadline = this.#handler.connections.now + lingerMs
    this.socket.end()
    this.#unpause()
  }

  readonly #onDrain = (): void => {
    if (this.#stream !== null) this.#stream.listener.onClientDrain()
    else if (this.#phase === 'head' && this.#isPaused) this.#advance()
  }

  readonly #onEnd = (): void => {
    if (this.#phase === 'exchange') this.destroy()
  }

  readonly #onClose = (): void => {
    const stream = this.#stream
    this.#phase = 'closed'
    this.#stream = null
    this.#handler.connections.delete(this)
    stream?.lose()
  }
}

const ignore = (): void => {}
