import { ClientSettings } from './client-settings.ts'
import type { Http2ClientStream } from './client-stream.ts'
import type { FloodLimit } from './flood-limit.ts'
import { ErrorCode, Flag, FrameType, frameHead, maxWindow, resetFrame, settingsAck } from './frames.ts'
import { contentsOf, HeaderBlock } from './header-block.ts'
import { areTrailers, type Http2RequestHead, readRequestHead } from './header-list.ts'
import { HeaderList, HpackDecoder } from './hpack-decoder.ts'
import type { StreamOwner } from './stream-owner.ts'
import type { StreamTable } from './stream-table.ts'

export const streamsAtMost = 250
const fieldsAtMost = 200

/** The connection, as whoever handles its frames sees it. */
export interface FrameHost extends StreamOwner {
  readonly streams: StreamTable
  /** Bytes of a head. */
  readonly headerBytes: number
  /** It has said which stream is the last one: newer ones are not looked at (RFC 9113, section 6.8). */
  readonly isLeaving: boolean
  /** ms, of any clock. */
  readonly now: number
  /** Takes a request. @param window of the client for it, bytes */
  onRequest(id: number, head: Http2RequestHead, window: number): void
  onPong(): void
  onGoaway(): void
}

/** Does what the frames of a client ask for, and judges what is wrong with them (RFC 9113, sections 5.4 and 6). */
export class FrameHandler {
  readonly #host: FrameHost
  readonly #streams: StreamTable
  readonly #floods: FloodLimit
  readonly #hpack = new HpackDecoder()
  readonly #block = new HeaderBlock()
  readonly #settings = new ClientSettings()
  #hasSettings = false

  constructor(host: FrameHost, floods: FloodLimit) {
    this.#host = host
    this.#streams = host.streams
    this.#floods = floods
  }

  /** @returns code of the error of the connection that it is, or none (RFC 9113, section 5.4.1) */
  take(type: number, flags: number, stream: number, bytes: Buffer, start: number, end: number): number {
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
        return this.#oneMore()
    }
  }

  #onData(flags: number, id: number, bytes: Buffer, start: number, end: number): number {
    const length = end - start
    const contents = contentsOf(flags, bytes, start, end, false)
    if (id === 0 || contents === null) return ErrorCode.protocol
    if (!this.#host.inflow.receive(length)) return ErrorCode.flowControl
    const stream = this.#streams.get(id)
    if (stream === undefined) return this.#onStray(id)
    const isLast = (flags & Flag.endStream) !== 0
    if (contents.start === contents.end && !isLast && !this.#floods.take(this.#host.now)) return ErrorCode.calm
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
    const host = this.#host
    const streams = this.#streams
    const list = new HeaderList(host.headerBytes, fieldsAtMost)
    if (!this.#hpack.decode(bytes, start, end, list)) return ErrorCode.compression
    const stream = streams.get(id)
    if (stream !== undefined) {
      if (list.isTooLarge) return this.#judge(stream, ErrorCode.calm)
      return this.#judge(stream, isLast && areTrailers(list.fields) ? stream.onTrailers(list.fields) : this.#notTrailers(stream))
    }
    if (id <= streams.last) {
      if (streams.wasReset(id)) return this.#oneMore()
      return streams.hasEnded(id) ? ErrorCode.streamClosed : ErrorCode.protocol
    }
    if (host.isLeaving) return this.#oneMore()
    streams.last = id
    if (list.isTooLarge) return this.#refuse(id, ErrorCode.calm)
    if (streams.size >= streamsAtMost) return this.#refuse(id, ErrorCode.refusedStream)
    const head = readRequestHead(list.fields, isLast)
    if (head === null) return this.#refuse(id, ErrorCode.protocol)
    host.onRequest(id, head, this.#settings.window)
    return ErrorCode.none
  }

  #notTrailers(stream: Http2ClientStream): number {
    return stream.hasWholeBody ? ErrorCode.streamClosed : ErrorCode.protocol
  }

  #onPriority(id: number, bytes: Buffer, start: number, end: number): number {
    if (id === 0) return ErrorCode.protocol
    if (!this.#floods.take(this.#host.now)) return ErrorCode.calm
    const fault =
      end - start !== 5 ? ErrorCode.frameSize : (bytes.readUInt32BE(start) & 0x7fffffff) === id ? ErrorCode.protocol : ErrorCode.none
    if (fault === ErrorCode.none) return fault
    const stream = this.#streams.get(id)
    // No stream of which something wrong can be said yet: the connection it is.
    return stream === undefined ? fault : this.#judge(stream, fault)
  }

  #onReset(id: number, length: number): number {
    if (this.#streams.isIdle(id)) return this.#onIdle(id)
    if (length !== 4) return ErrorCode.frameSize
    this.#streams.get(id)?.lose()
    return this.#oneMore()
  }

  #onSettings(flags: number, id: number, bytes: Buffer, start: number, end: number): number {
    if (id !== 0) return ErrorCode.protocol
    if ((flags & Flag.ack) !== 0) return start === end ? ErrorCode.none : ErrorCode.frameSize
    if (!this.#floods.take(this.#host.now)) return ErrorCode.calm
    const before = this.#settings.window
    const fault = this.#settings.read(bytes, start, end)
    if (fault !== ErrorCode.none) return fault
    this.#host.outgoing.add(settingsAck)
    const change = this.#settings.window - before
    if (change === 0) return fault
    // A stream may end by it.
    for (const stream of this.#streams.all()) if (!stream.widen(change)) return ErrorCode.flowControl
    return fault
  }

  #onPing(flags: number, id: number, bytes: Buffer, start: number, end: number): number {
    if (id !== 0) return ErrorCode.protocol
    if (end - start !== 8) return ErrorCode.frameSize
    if ((flags & Flag.ack) !== 0) this.#host.onPong()
    else this.#host.outgoing.add(frameHead(8, FrameType.ping, Flag.ack, 0) + bytes.toString('latin1', start, end))
    return ErrorCode.none
  }

  #onGoaway(id: number, length: number): number {
    if (id !== 0) return ErrorCode.protocol
    if (length < 8) return ErrorCode.frameSize
    this.#host.onGoaway()
    return ErrorCode.none
  }

  #onWindowUpdate(id: number, bytes: Buffer, start: number, end: number): number {
    if (end - start !== 4) return ErrorCode.frameSize
    const more = bytes.readUInt32BE(start) & 0x7fffffff
    const { outgoing } = this.#host
    if (id === 0) {
      if (more === 0) return ErrorCode.protocol
      outgoing.window += more
      if (outgoing.window > maxWindow) return ErrorCode.flowControl
      outgoing.pump()
      return ErrorCode.none
    }
    const stream = this.#streams.get(id)
    // It may have been sent before its client knew that the stream had ended.
    if (stream === undefined) return this.#streams.isIdle(id) ? this.#onIdle(id) : ErrorCode.none
    if (more === 0) return this.#judge(stream, ErrorCode.protocol)
    return stream.widen(more) ? ErrorCode.none : this.#judge(stream, ErrorCode.flowControl)
  }

  /** An error of a stream ends it (RFC 9113, section 5.4.2). @returns an error of the connection, where there were too many */
  #judge(stream: Http2ClientStream, fault: number): number {
    if (fault === ErrorCode.none) return fault
    stream.reset(fault)
    return this.#oneMore()
  }

  /** A stream that is not taken. @returns as `#judge` */
  #refuse(id: number, code: number): number {
    this.#host.outgoing.add(resetFrame(id, code))
    this.#streams.end(id, true)
    return this.#oneMore()
  }

  /** Part of a body, of a stream that is not open. @returns as `#judge` */
  #onStray(id: number): number {
    if (this.#streams.isIdle(id)) return this.#onIdle(id)
    return this.#streams.wasReset(id) ? ErrorCode.none : this.#refuse(id, ErrorCode.streamClosed)
  }

  /** A frame for a stream that nobody has opened, but for those that we have not looked at. */
  #onIdle(id: number): number {
    return this.#host.isLeaving && id % 2 === 1 ? ErrorCode.none : ErrorCode.protocol
  }

  /** Something that is of no use by the thousand. */
  #oneMore(): number {
    return this.#floods.take(this.#host.now) ? ErrorCode.none : ErrorCode.calm
  }
}
