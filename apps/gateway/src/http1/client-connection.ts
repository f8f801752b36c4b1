import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { StandinError } from '@standin/client/errors'
import type { ConnectionInfo } from '../http/client-connection.ts'
import type { OpenConnection } from '../http/open-connections.ts'
import { StallWatch } from '../http/stall-watch.ts'
import type { StreamHandler } from '../http/stream-handler.ts'
import { Http1ClientStream, type StreamConnection } from './client-stream.ts'
import { HeadCollector } from './head-collector.ts'
import { lateHead, malformedBody, malformedHead, refusalText } from './refusal.ts'
import { MalformedHead } from './request-head.ts'

/** How long a client gets to take the last response and to close, ms. */
const lingerMs = 5_000
/** Bytes that may wait while a response is under way: the next requests of a pipeline, or what follows an upgrade. */
const earlyLimit = 64 * 1024
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
  readonly #heads: HeadCollector
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
    this.#heads = new HeadCollector(handler.limits.headerBytes)
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
    else if (this.#heads.isEmpty) this.#close()
    else this.#refuse(408, lateHead())
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
    if (this.#phase === 'head' && this.#heads.isEmpty) this.#close()
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
    if (this.#handler.draining && this.#heads.isEmpty && this.#early === null) this.#close()
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
    const heads = this.#heads
    const isFirst = heads.isEmpty
    const head = heads.take(chunk)
    if (head === null) {
      if (isFirst) this.#deadline = this.#handler.connections.now + this.#handler.limits.headerMs
      return
    }
    if (head instanceof MalformedHead) {
      this.#refuse(head.status, malformedHead(head))
      return
    }
    if (heads.end < chunk.length) this.#early = heads.end === 0 ? chunk : chunk.subarray(heads.end)
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

  #refuseBody(stream: Http1ClientStream): void {
    const canSay = !stream.hasResponded
    stream.lose()
    if (canSay) this.#refuse(400, malformedBody())
    else this.reset()
  }

  /** What follows can't be told apart from what was not understood: the connection closes. */
  #refuse(status: number, error: StandinError): void {
    this.socket.write(refusalText(status, error), 'utf8')
    this.#close()
  }

  /** Ends our side, and reads on for a while: closing at once could make a reset of it, and lose the last response. */
  #close(): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return
    this.#phase = 'closing'
    this.#stream = null
    this.#heads.clear()
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
