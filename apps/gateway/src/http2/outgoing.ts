import type { Socket } from 'node:net'
import { Flag, FrameType, frameHead, maxFrameSize } from './frames.ts'
import { encodeFields, encodeStatus, noDynamicTable } from './hpack-encoder.ts'

/** Bytes up to which a piece of a body is copied, so that it goes out in one write with what is before and behind it. */
const smallPiece = 8 * 1024
/** Characters that are gathered before they go out: a record of TLS holds no more. */
const gatherLimit = 16 * 1024
/** RFC 9113, section 6.9.2. */
const firstWindow = 65_535

/** A stream with more to send than may go out. */
export interface HeldUp {
  /** Sends what it can. */
  pump(): void
}

/** What goes out on one connection: gathered during a turn of the event loop, whichever endpoints it came from. */
export class Outgoing {
  /** How much more of bodies the client takes, over all streams. */
  window = firstWindow
  readonly #socket: Socket
  readonly #heldUp = new Set<HeldUp>()
  /** Latin1 text that waits to be written. */
  #gathered = ''
  #isScheduled = false
  #hasSaidTable = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** The client does not take what is written. */
  get isFull(): boolean {
    return this.#socket.writableNeedDrain
  }

  /** Bytes that are not with the kernel yet. */
  get waiting(): number {
    return this.#gathered.length + this.#socket.writableLength
  }

  add(frames: string): void {
    this.#gathered += frames
    if (this.#gathered.length > gatherLimit) this.flush()
    else if (!this.#isScheduled) {
      this.#isScheduled = true
      if (scheduled.push(this) === 1) setImmediate(flushAll)
    }
  }

  /** @param status 0: these are trailers @returns bytes of the frames */
  headers(stream: number, status: number, fields: readonly string[], more: string, isLast: boolean): number {
    let block = (status === 0 ? '' : encodeStatus(status)) + encodeFields(fields) + more
    if (!this.#hasSaidTable) {
      this.#hasSaidTable = true
      block = noDynamicTable + block
    }
    const flags = isLast ? Flag.endStream : 0
    const { length } = block
    if (length <= maxFrameSize) {
      this.add(frameHead(length, FrameType.headers, flags | Flag.endHeaders, stream) + block)
      return length
    }
    let frames = frameHead(maxFrameSize, FrameType.headers, flags, stream) + block.slice(0, maxFrameSize)
    for (let at = maxFrameSize; at < length; at += maxFrameSize) {
      const piece = block.slice(at, at + maxFrameSize)
      const isEnd = at + maxFrameSize >= length
      frames += frameHead(piece.length, FrameType.continuation, isEnd ? Flag.endHeaders : 0, stream) + piece
    }
    this.add(frames)
    return length
  }

  /** One frame of a body; takes it off our window. */
  data(stream: number, chunk: Buffer, start: number, end: number, isLast: boolean): void {
    const length = end - start
    this.window -= length
    const head = frameHead(length, FrameType.data, isLast ? Flag.endStream : 0, stream)
    if (length <= smallPiece) {
      this.add(head + chunk.toString('latin1', start, end))
      return
    }
    const socket = this.#socket
    socket.cork()
    this.#gathered += head
    this.flush()
    socket.write(chunk.subarray(start, end))
    socket.uncork()
  }

  flush(): void {
    const text = this.#gathered
    if (text === '') return
    this.#gathered = ''
    if (!this.#socket.destroyed) this.#socket.write(text, 'latin1')
  }

  flushScheduled(): void {
    this.#isScheduled = false
    this.flush()
  }

  /** Calls `pump` when more may go out. */
  hold(stream: HeldUp): void {
    this.#heldUp.add(stream)
  }

  release(stream: HeldUp): void {
    this.#heldUp.delete(stream)
  }

  /** More may go out: all have their turn. */
  pump(): void {
    for (let left = this.#heldUp.size; left > 0 && this.window > 0 && !this.isFull; left--) {
      const [stream] = this.#heldUp
      if (stream === undefined) return
      this.#heldUp.delete(stream)
      stream.pump()
    }
  }
}

/** Connections with something to write, once all that came in with this turn has been read. */
let scheduled: Outgoing[] = []

const flushAll = (): void => {
  const all = scheduled
  scheduled = []
  for (const outgoing of all) outgoing.flushScheduled()
}
