import { frameHeadLength, maxFrameSize } from './frames.ts'

export interface FrameSink {
  /** A payload is complete. Its bytes stay as they are. @returns false: nothing more is wanted */
  onFrame(type: number, flags: number, stream: number, bytes: Buffer, start: number, end: number): boolean
  /** One is longer than anybody may send. Nothing more is read. */
  onFrameTooLarge(): void
}

/** Cuts what comes on a connection into frames (RFC 9113, section 4.1). */
export class FrameReader {
  readonly #sink: FrameSink
  /** The beginning of a frame. */
  #kept: Buffer | null = null

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  read(chunk: Buffer): void {
    let at = 0
    const kept = this.#kept
    if (kept !== null) {
      // Only as much as completes it is copied.
      at = Math.min(chunk.length, this.#missing(kept, chunk))
      const whole = Buffer.concat([kept, chunk.subarray(0, at)])
      this.#kept = null
      if (!this.#cut(whole, 0)) return
      if (this.#kept !== null) return
    }
    this.#cut(chunk, at)
  }

  /** Bytes up to the end of the frame whose beginning was kept. */
  #missing(kept: Buffer, chunk: Buffer): number {
    if (kept.length >= 3) return frameHeadLength + kept.readUIntBE(0, 3) - kept.length
    if (kept.length + chunk.length < 3) return chunk.length
    const length = Buffer.concat([kept, chunk.subarray(0, 3)]).readUIntBE(0, 3)
    return frameHeadLength + length - kept.length
  }

  #cut(bytes: Buffer, from: number): boolean {
    let at = from
    while (at + frameHeadLength <= bytes.length) {
      const length = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
      if (length > maxFrameSize) {
        this.#sink.onFrameTooLarge()
        return false
      }
      const start = at + frameHeadLength
      const end = start + length
      if (end > bytes.length) break
      const stream = bytes.readUInt32BE(at + 5) & 0x7fffffff
      if (!this.#sink.onFrame(bytes[at + 3] as number, bytes[at + 4] as number, stream, bytes, start, end)) return false
      at = end
    }
    if (at < bytes.length) this.#kept = at === 0 ? bytes : bytes.subarray(at)
    return true
  }
}
