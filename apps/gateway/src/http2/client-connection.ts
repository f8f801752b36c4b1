import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ConnectionInfo } from '../http/client-connection.ts'
import type { OpenConnection } from '../http/open-connections.ts'
import type { StreamHandler } from '../http1/client-connection.ts'
import { ClientSettings } from './client-settings.ts'
import { Http2ClientStream } from './client-stream.ts'
import { EndedStreams } from './ended-streams.ts'
import { FloodLimit } from './flood-limit.ts'
import { FrameReader, type FrameSink } from './frame-reader.ts'
import {
  ErrorCode,
  Flag,
  FrameType,
  frameHead,
  goaway,
  maxWindow,
  preface,
  resetFrame,
  Setting,
  settingsAck,
  settingsFrame,
  windowUpdate,
} from './frames.ts'
import { contentsOf, HeaderBlock } from './header-block.ts'
import { areTrailers, readRequestHead } from './header-list.ts'
import { HeaderList, HpackDecoder } from './hpack-decoder.ts'
import { Outgoing } from './outgoing.ts'
import { streamWindow } from './request-body.ts'
import type { StreamOwner } from './stream-owner.ts'

/** How long a client gets to take the last frames and to close, ms. */
const lingerMs = 5_000
const streamsAtMost = 250
const fieldsAtMost = 200
/** Of all streams together, bytes; given back as soon as something came: each stream has its own limit. */
const connectionWindow = 1024 * 1024
/** Bytes that wait to be written, bodies aside. Whoever lets it become more is read no further. */
const unreadLimit = 256 * 1024

const greeting = (headerBytes: number): string =>
  settingsFrame([
    ...[Setting.maxConcurrentStreams, streamsAtMost],
    ...[Setting.initialWindowSize, streamWindow],
    ...[Setting.maxHeaderListSize, headerBytes],
  ]) + windowUpdate(0, connectionWindow - 65_535)

/**
 * | from | to | when |
 * |---|---|---|
 * | `preface` | `open` | the client said that it speaks HTTP/2 |
 * | `open` | `leaving` | it drains, was idle, or the client says GOAWAY: no stream is taken any more |
 * | `preface`, `open`, `leaving` | `closing` | the last stream has ended, or the client broke the protocol; GOAWAY is out |
 * | any | `closed` | the socket is closed |
 */
type Phase = 'preface' | 'open' | 'leaving' | 'closing' | 'closed'

/** Serves HTTP/2 on a socket whose handshake is done. */
export const acceptHttp2 = (socket: Socket | TLSSocket, info: ConnectionInfo, handler: StreamHandler): Http2ClientConnection =>
  new Http2ClientConnection(socket, info, handler)

/** One connection of a client that speaks HTTP/2 (RFC 9113). Requests on it go their ways side by side. */
export class Http2ClientConnection implements StreamOwner, OpenConnection, FrameSink {
  readonly socket: Socket | TLSSocket
  readonly transport: Socket
  readonly address: string
  readonly clientPort: number
  readonly peer: string
  readonly localAddress: string
  readonly port: number
  readonly secure: boolean
  readonly outgoing: Outgoing
  readonly #info: ConnectionInfo
  readonly #handler: StreamHandler
  readonly #reader = new FrameReader(this)
  readonly #hpack = new HpackDecoder()
  readonly #block = new HeaderBlock()
  readonly #settings = new ClientSettings()
  readonly #streams = new Map<number, Http2ClientStream>()
  readonly #ended = new EndedStreams()
  readonly #floods: FloodLimit
  #phase: Phase = 'preface'
  #prefaceAt = 0
  #hasSettings = false
  #lastStream = 0
  /** Bytes of bodies since the client's window was last filled up. */
  #received = 0
  #isPaused = false
  #deadline: number

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
    this.outgoing = new Outgoing(socket)
    handler.connections.add(this)
    this.#deadline = handler.connections.now + handler.limits.idleMs
    this.#floods = new FloodLimit(handler.connections.now)
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('drain', () => this.#onDrain())
    socket.on('end', () => this.#onEnd())
    socket.on('error', ignore)
    socket.on('close', () => this.#onClose())
    this.outgoing.add(greeting(handler.limits.headerBytes))
  }

  covers(host: string): boolean {
    return this.#info.covers(host)
  }

  sweep(now: number): void {
    if (now < this.#deadline) return
    if (this.#phase === 'closing') this.socket.destroy()
    else if (this.#streams.size === 0) this.#finish(ErrorCode.none)
  }

  /**
   * Says which request was the last one that it took; a client may safely send what came after it to somebody else
   * (RFC 9113, section 6.8). What is under way is answered, then the connection closes.
   */
  drain(): void {
    if (this.#phase === 'leaving' || this.#phase === 'closing' || this.#phase === 'closed') return
    if (this.#streams.size === 0) {
      this.#finish(ErrorCode.none)
      return
    }
    this.outgoing.add(goaway(this.#lastStream, ErrorCode.none))
    this.#phase = 'leaving'
  }

  destroy(): void {
    this.socket.destroy()
  }

  onStreamEnd(id: number, wasReset: boolean): void {
    this.#streams.delete(id)
    this.#ended.add(id, wasReset)
    if (this.#streams.size > 0) return
    this.#deadline = this.#handler.connections.now + this.#handler.limits.idleMs
    if (this.#phase === 'leaving') this.#finish(ErrorCode.none)
  }

  onFrameTooLarge(): void {
    this.#fail(ErrorCode.frameSize)
  }

  onFrame(type: number, flags: number, stream: number, bytes: Buffer, start: number, end: number): boolean {
    const fault = this.#take(type, flags, stream, bytes, start, end)
    if (fault !== ErrorCode.none) this.#fail(fault)
    return this.#phase === 'open' || this.#phase === 'leaving'
  }

  /** @returns code of the error of the connection that it is, or none (RFC 9113, section 5.4.1) */
  #take(type: number, flags: number, stream: number, bytes: Buffer, start: number, end: number): number {
    if (!this.#block.takes(type, stream)) return ErrorCode.protocol
    if (!this.#hasSettings) {
      if (type !== FrameType.settings || (flags & Flag.ack) !== 0) return ErrorCode.protocol
      this.#hasSettings = true
    }
    switch (type) {
      case FrameType.data:
        return this.#onData(flags, stream, bytes, start, end)
      case FrameType.headers:
        return this.#onHeaders(flags, stream, bytes, start, end)
      case FrameType.continuation:
        if (!this.#block.add(bytes.subarray(start, end))) return ErrorCode.calm
        return (flags & Flag.endHeaders) === 0 ? ErrorCode.none : this.#onBlockEnd()
      case FrameType.priority:
        return this.#onPriority(stream, bytes, start, end)
      case FrameType.reset:
        return this.#onReset(stream, end - start)
      case FrameType.settings:
        return this.#onSettings(flags, stream, bytes, start, end)
      case FrameType.ping:
        return this.#onPing(flags, stream, bytes, start, end)
      case FrameType.goaway:
        return this.#onGoaway(stream, end - start)
      case FrameType.windowUpdate:
        return this.#onWindowUpdate(stream, bytes, start, end)
      case FrameType.pushPromise:
        return ErrorCode.protocol
      default:
        // RFC 9113, section 5.5
        return this.#floods.take(this.#handler.connections.now) ? ErrorCode.none : ErrorCode.calm
    }
  }

  #onData(flags: number, id: number, bytes: Buffer, start: number, end: number): number {
    const length = end - start
    const contents = contentsOf(flags, bytes, start, end, false)
    if (id === 0 || contents === null) return ErrorCode.protocol
    this.#received += length
    if (this.#received >= connectionWindow / 2) {
      this.outgoing.add(windowUpdate(0, this.#received))
      this.#received = 0
    }
    const stream = this.#streams.get(id)
    if (stream === undefined) return this.#onStray(id)
    const isLast = (flags & Flag.endStream) !== 0
    if (contents.start === contents.end && !isLast && !this.#floods.take(this.#handler.connections.now)) return ErrorCode.calm
    return this.#judge(stream, stream.onData(bytes.subarray(contents.start, contents.end), length, isLast))
  }

  #onHeaders(flags: number, id: number, bytes: Buffer, start: number, end: number): number {
    const contents = contentsOf(flags, bytes, start, end, true)
    if (id % 2 === 0 || contents === null) return ErrorCode.protocol
    if (contents.dependsOn === id) return ErrorCode.protocol
    const isLast = (flags & Flag.endStream) !== 0
    if ((flags & Flag.endHeaders) !== 0) return this.#onFields(id, isLast, bytes, contents.start, contents.end)
    this.#block.begin(id, isLast, bytes.subarray(contents.start, contents.end))
    return ErrorCode.none
  }

  #onBlockEnd(): number {
    const { stream, isLast } = this.#block
    const block = this.#block.take()
    return this.#onFields(stream, isLast, block, 0, block.length)
  }

  /** A header block is complete. It is read in any case: what follows depends on it. */
  #onFields(id: number, isLast: boolean, bytes: Buffer, start: number, end: number): number {
    const list = new HeaderList(this.#handler.limits.headerBytes, fieldsAtMost)
    if (!this.#hpack.decode(bytes, start, end, list)) return ErrorCode.compression
    const stream = this.#streams.get(id)
    if (stream !== undefined) {
      if (list.isTooLarge) return this.#judge(stream, ErrorCode.calm)
      return this.#judge(stream, isLast && areTrailers(list.fields) ? stream.onTrailers(list.fields) : this.#notTrailers(stream))
    }
    if (id <= this.#lastStream) {
      if (this.#ended.wasReset(id)) return ErrorCode.none
      return this.#ended.has(id) ? ErrorCode.streamClosed : ErrorCode.protocol
    }
    if (this.#phase === 'leaving') return ErrorCode.none
    this.#lastStream = id
    if (list.isTooLarge) return this.#refuse(id, ErrorCode.calm)
    if (this.#streams.size >= streamsAtMost) return this.#refuse(id, ErrorCode.refusedStream)
    const head = readRequestHead(list.fields, isLast)
    if (head === null) return this.#refuse(id, ErrorCode.protocol)
    const opened = new Http2ClientStream(this, id, head, this.#settings.window)
    this.#streams.set(id, opened)
    this.#handler.onStream(opened)
    return ErrorCode.none
  }

  #notTrailers(stream: Http2ClientStream): number {
    return stream.hasWholeBody ? ErrorCode.streamClosed : ErrorCode.protocol
  }

  #onPriority(id: number, bytes: Buffer, start: number, end: number): number {
    if (id === 0) return ErrorCode.protocol
    if (!this.#floods.take(this.#handler.connections.now)) return ErrorCode.calm
    const fault =
      end - start !== 5 ? ErrorCode.frameSize : (bytes.readUInt32BE(start) & 0x7fffffff) === id ? ErrorCode.protocol : ErrorCode.none
    if (fault === ErrorCode.none) return fault
    const stream = this.#streams.get(id)
    // No stream of which something wrong can be said yet: the connection it is.
    return stream === undefined ? fault : this.#judge(stream, fault)
  }

  #onReset(id: number, length: number): number {
    if (id === 0 || id > this.#lastStream) return this.#phase === 'leaving' && id !== 0 ? ErrorCode.none : ErrorCode.protocol
    if (length !== 4) return ErrorCode.frameSize
    this.#streams.get(id)?.lose()
    return this.#floods.take(this.#handler.connections.now) ? ErrorCode.none : ErrorCode.calm
  }

  #onSettings(flags: number, id: number, bytes: Buffer, start: number, end: number): number {
    if (id !== 0) return ErrorCode.protocol
    if ((flags & Flag.ack) !== 0) return start === end ? ErrorCode.none : ErrorCode.frameSize
    if (!this.#floods.take(this.#handler.connections.now)) return ErrorCode.calm
    const before = this.#settings.window
    const fault = this.#settings.read(bytes, start, end)
    if (fault !== ErrorCode.none) return fault
    this.outgoing.add(settingsAck)
    const change = this.#settings.window - before
    if (change === 0) return fault
    // A stream may end by it.
    for (const stream of [...this.#streams.values()]) if (!stream.widen(change)) return ErrorCode.flowControl
    return fault
  }

  #onPing(flags: number, id: number, bytes: Buffer, start: number, end: number): number {
    if (id !== 0) return ErrorCode.protocol
    if (end - start !== 8) return ErrorCode.frameSize
    if ((flags & Flag.ack) === 0) this.outgoing.add(frameHead(8, FrameType.ping, Flag.ack, 0) + bytes.toString('latin1', start, end))
    return ErrorCode.none
  }

  #onGoaway(id: number, length: number): number {
    if (id !== 0) return ErrorCode.protocol
    if (length < 8) return ErrorCode.frameSize
    if (this.#phase === 'open') this.drain()
    return ErrorCode.none
  }

  #onWindowUpdate(id: number, bytes: Buffer, start: number, end: number): number {
    if (end - start !== 4) return ErrorCode.frameSize
    const more = bytes.readUInt32BE(start) & 0x7fffffff
    const { outgoing } = this
    if (id === 0) {
      if (more === 0) return ErrorCode.protocol
      outgoing.window += more
      if (outgoing.window > maxWindow) return ErrorCode.flowControl
      outgoing.pump()
      return ErrorCode.none
    }
    const stream = this.#streams.get(id)
    // It may have been sent before its client knew that the stream had ended.
    if (stream === undefined) return id > this.#lastStream && this.#phase !== 'leaving' ? ErrorCode.protocol : ErrorCode.none
    if (more === 0) return this.#judge(stream, ErrorCode.protocol)
    return stream.widen(more) ? ErrorCode.none : this.#judge(stream, ErrorCode.flowControl)
  }

  /** An error of a stream ends it (RFC 9113, section 5.4.2). @returns an error of the connection, where there were too many */
  #judge(stream: Http2ClientStream, fault: number): number {
    if (fault === ErrorCode.none) return fault
    stream.reset(fault)
    return this.#floods.take(this.#handler.connections.now) ? ErrorCode.none : ErrorCode.calm
  }

  /** A stream that is not taken. @returns as `#judge` */
  #refuse(id: number, code: number): number {
    this.outgoing.add(resetFrame(id, code))
    this.#ended.add(id, true)
    return this.#floods.take(this.#handler.connections.now) ? ErrorCode.none : ErrorCode.calm
  }

  /** Part of a body, of a stream that is not open. @returns as `#judge` */
  #onStray(id: number): number {
    if (id > this.#lastStream) return this.#phase === 'leaving' ? ErrorCode.none : ErrorCode.protocol
    return this.#ended.wasReset(id) ? ErrorCode.none : this.#refuse(id, ErrorCode.streamClosed)
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
    const end = Math.min(chunk.length, preface.length - this.#prefaceAt)
    if (chunk.toString('latin1', 0, end) !== preface.slice(this.#prefaceAt, this.#prefaceAt + end)) {
      this.#fail(ErrorCode.protocol)
      return chunk.length
    }
    this.#prefaceAt += end
    if (this.#prefaceAt === preface.length) this.#phase = 'open'
    return end
  }

  /** The client broke the protocol: nothing that is under way can be trusted to end well. */
  #fail(code: number): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return
    this.#finish(code)
    for (const stream of [...this.#streams.values()]) stream.lose()
  }

  /** Says good-bye, and waits for the client to close. */
  #finish(code: number): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return
    this.outgoing.add(goaway(this.#lastStream, code))
    this.outgoing.flush()
    this.#phase = 'closing'
    this.#deadline = this.#handler.connections.now + lingerMs
    this.socket.end()
  }

  #onDrain(): void {
    this.outgoing.pump()
    if (!this.#isPaused || this.outgoing.isFull) return
    this.#isPaused = false
    this.socket.resume()
  }

  /** Nobody is there for the answers. */
  #onEnd(): void {
    for (const stream of [...this.#streams.values()]) stream.lose()
    this.socket.destroySoon()
  }

  #onClose(): void {
    this.#phase = 'closed'
    for (const stream of [...this.#streams.values()]) stream.lose()
    this.#handler.connections.delete(this)
  }
}

const ignore = (): void => {}
