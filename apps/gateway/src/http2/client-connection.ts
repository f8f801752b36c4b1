import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ConnectionInfo } from '../http/client-connection.ts'
import type { OpenConnection } from '../http/open-connections.ts'
import { StallWatch } from '../http/stall-watch.ts'
import type { StreamHandler } from '../http/stream-handler.ts'
import { Http2ClientStream } from './client-stream.ts'
import { FloodLimit } from './flood-limit.ts'
import { FrameHandler, type FrameHost, streamsAtMost } from './frame-handler.ts'
import { FrameReader, type FrameSink } from './frame-reader.ts'
import { ErrorCode, FrameType, frameHead, goaway, maxStream, Setting, settingsFrame, windowUpdate } from './frames.ts'
import type { Http2RequestHead } from './header-list.ts'
import { connectionWindow, Inflow } from './inflow.ts'
import { Outgoing } from './outgoing.ts'
import { PrefaceReader } from './preface-reader.ts'
import { streamWindow } from './request-body.ts'
import { StreamTable } from './stream-table.ts'

/** How long a client gets to take the last frames and to close, ms. */
const lingerMs = 5_000
/** How long a client that does not take the rest of the last responses is waited for, ms. */
const stalledMs = 60_000
/** How long a client gets to hear that the connection is going to end, and to say that it has heard it, ms. */
const noticeMs = 1_000
/** Bytes that wait to be written, bodies aside. Whoever lets it become more is read no further. */
const unreadLimit = 256 * 1024

const greeting = (headerBytes: number): string =>
  settingsFrame([
    ...[Setting.maxConcurrentStreams, streamsAtMost],
    ...[Setting.initialWindowSize, streamWindow],
    ...[Setting.maxHeaderListSize, headerBytes],
  ]) + windowUpdate(0, connectionWindow - 65_535)

/** That it is going to end, but not with which stream; the answer tells that the client knows (RFC 9113, section 6.8). */
const notice = `${goaway(maxStream, ErrorCode.none) + frameHead(8, FrameType.ping, 0, 0)}standin.`

/**
 * | from | to | when |
 * |---|---|---|
 * | `preface` | `open` | the client said that it speaks HTTP/2 |
 * | `open` | `noticed` | it drains, or was idle: the client is told. What it has sent by then is taken |
 * | `noticed` | `leaving` | the client has heard it, or had time to: no stream is taken any more |
 * | `open` | `leaving` | the client says GOAWAY |
 * | any but `closed` | `closing` | the last stream has ended, or the client broke the protocol; GOAWAY is out |
 * | any | `closed` | the socket is closed |
 */
type Phase = 'preface' | 'open' | 'noticed' | 'leaving' | 'closing' | 'closed'

/** Serves HTTP/2 on a socket whose handshake is done. */
export const acceptHttp2 = (socket: Socket | TLSSocket, info: ConnectionInfo, handler: StreamHandler): Http2ClientConnection =>
  new Http2ClientConnection(socket, info, handler)

/** One connection of a client that speaks HTTP/2 (RFC 9113). Requests on it go their ways side by side. */
export class Http2ClientConnection implements FrameHost, OpenConnection, FrameSink {
  readonly socket: Socket | TLSSocket
  readonly transport: Socket
  readonly address: string
  readonly clientPort: number
  readonly peer: string
  readonly localAddress: string
  readonly port: number
  readonly secure: boolean
  readonly headerBytes: number
  readonly outgoing: Outgoing
  readonly inflow: Inflow
  readonly streams = new StreamTable()
  readonly #info: ConnectionInfo
  readonly #handler: StreamHandler
  readonly #preface = new PrefaceReader()
  readonly #reader = new FrameReader(this)
  readonly #frames: FrameHandler
  #phase: Phase = 'preface'
  #isPaused = false
  #deadline: number
  #unwritten = 0
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
    this.headerBytes = handler.limits.headerBytes
    this.#info = info
    this.#handler = handler
    this.outgoing = new Outgoing(socket)
    this.inflow = new Inflow(this.outgoing)
    handler.connections.add(this)
    this.#deadline = this.now + handler.limits.idleMs
    this.#frames = new FrameHandler(this, new FloodLimit(this.now))
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('drain', () => this.#onDrain())
    socket.on('end', () => this.#onEnd())
    socket.on('error', ignore)
    socket.on('close', () => this.#onClose())
    this.outgoing.add(greeting(this.headerBytes))
  }

  get now(): number {
    return this.#handler.connections.now
  }

  get isLeaving(): boolean {
    return this.#phase === 'leaving'
  }

  covers(host: string): boolean {
    return this.#info.covers(host)
  }

  sweep(now: number): void {
    if (this.streams.size > 0) this.#sweepStreams(now)
    if (now < this.#deadline) return
    if (this.#phase === 'closing') this.#sweepClosing(now)
    else if (this.#phase === 'noticed') this.#leave()
    else if (this.streams.size === 0) this.drain()
  }

  #sweepStreams(now: number): void {
    const { writableLength, bytesWritten } = this.socket
    const { stallMs } = this.#handler.limits
    if (writableLength === 0) this.#stall.reset()
    else if (this.#stall.hasStalled(bytesWritten - writableLength, now, stallMs)) {
      for (const stream of this.streams.all()) stream.giveUp()
      this.transport.resetAndDestroy()
      if (this.socket !== this.transport) this.socket.destroy()
      return
    }
    for (const stream of this.streams.all()) stream.sweep(now, stallMs)
  }

  /** As long as the client takes what was written, however slowly, it isn't kept from it. */
  #sweepClosing(now: number): void {
    const { writableLength } = this.socket
    if (writableLength === 0 || writableLength === this.#unwritten) {
      this.socket.destroy()
      return
    }
    this.#unwritten = writableLength
    this.#deadline = now + stalledMs
  }

  /** What is under way, or on its way to us, is answered; then the connection closes (RFC 9113, section 6.8). */
  drain(): void {
    if (this.#phase === 'preface') this.#finish(ErrorCode.none)
    if (this.#phase !== 'open') return
    this.#phase = 'noticed'
    this.#deadline = this.now + noticeMs
    this.outgoing.add(notice)
  }

  destroy(): void {
    this.socket.destroy()
  }

  onRequest(id: number, head: Http2RequestHead, window: number): void {
    const stream = new Http2ClientStream(this, id, head, window)
    this.streams.add(stream)
    this.#handler.onStream(stream)
  }

  onStreamEnd(id: number, wasReset: boolean): void {
    this.streams.end(id, wasReset)
    if (this.streams.size > 0) return
    if (this.#phase === 'leaving') this.#finish(ErrorCode.none)
    else if (this.#phase === 'open') this.#deadline = this.now + this.#handler.limits.idleMs
  }

  onPong(): void {
    if (this.#phase === 'noticed') this.#leave()
  }

  onGoaway(): void {
    if (this.#phase === 'open' || this.#phase === 'noticed') this.#leave()
  }

  onFrameTooLarge(): void {
    this.#fail(ErrorCode.frameSize)
  }

  onFrame(type: number, flags: number, stream: number, bytes: Buffer, start: number, end: number): boolean {
    const fault = this.#frames.take(type, flags, stream, bytes, start, end)
    if (fault !== ErrorCode.none) this.#fail(fault)
    return this.#phase !== 'closing' && this.#phase !== 'closed'
  }

  #read(chunk: Buffer): void {
    if (this.#phase === 'closing') return
    const from = this.#phase === 'preface' ? this.#readPreface(chunk) : 0
    if (from < chunk.length) this.#reader.read(from === 0 ? chunk : chunk.subarray(from))
    if (this.outgoing.waiting < unreadLimit || this.#isPaused) return
    this.outgoing.flush()
    if (!this.outgoing.isFull) return
    this.#isPaused = true
    this.socket.pause()
  }

  /** @returns where the frames begin */
  #readPreface(chunk: Buffer): number {
    const end = this.#preface.read(chunk)
    if (end === -1) {
      this.#fail(ErrorCode.protocol)
      return chunk.length
    }
    if (this.#preface.isComplete) this.#phase = 'open'
    return end
  }

  /** Says which request was the last one that it took; a client may safely send what came after it to somebody else. */
  #leave(): void {
    if (this.streams.size === 0) {
      this.#finish(ErrorCode.none)
      return
    }
    this.#phase = 'leaving'
    this.outgoing.add(goaway(this.streams.last, ErrorCode.none))
  }

  /** The client broke the protocol: nothing that is under way can be trusted to end well. */
  #fail(code: number): void {
    this.#finish(code)
    this.#loseAll()
  }

  /** Says good-bye, and waits for the client to close. */
  #finish(code: number): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return
    this.outgoing.add(goaway(this.streams.last, code))
    this.outgoing.flush()
    this.#phase = 'closing'
    this.#deadline = this.now + lingerMs
    this.socket.end()
  }

  #onDrain(): void {
    // Before bodies fill it again: who gives one up says so by a frame.
    if (this.#isPaused) {
      this.#isPaused = false
      this.socket.resume()
    }
    this.outgoing.pump()
  }

  /** Nobody is there for the answers. */
  #onEnd(): void {
    this.#loseAll()
    this.socket.destroySoon()
  }

  #onClose(): void {
    this.#phase = 'closed'
    this.#loseAll()
    this.#handler.connections.delete(this)
  }

  #loseAll(): void {
    for (const stream of this.streams.all()) stream.lose()
  }
}

const ignore = (): void => {}
