import { Flag, FrameType } from './frames.ts'

/** Bytes of a block as it is sent; decoded it may be larger. */
const blockLimit = 64 * 1024
/** Frames that a block may come in. */
const framesAtMost = 32

/** A header block in pieces: a HEADERS frame, then CONTINUATION frames and nothing else (RFC 9113, section 6.10). */
export class HeaderBlock {
  /** 0: none has begun. */
  stream = 0
  isLast = false
  #parts: Buffer[] = []
  #length = 0

  begin(stream: number, isLast: boolean, part: Buffer): void {
    this.stream = stream
    this.isLast = isLast
    this.#parts.push(part)
    this.#length = part.length
  }

  /** Whether a frame may come now. */
  takes(type: number, stream: number): boolean {
    return this.stream === 0 ? type !== FrameType.continuation : type === FrameType.continuation && stream === this.stream
  }

  /** @returns false: it is longer than anybody's (CVE-2024-27316) */
  add(part: Buffer): boolean {
    this.#parts.push(part)
    this.#length += part.length
    return this.#length <= blockLimit && this.#parts.length <= framesAtMost
  }

  /** All of it; the next one can begin. */
  take(): Buffer {
    const block = Buffer.concat(this.#parts, this.#length)
    this.#parts = []
    this.stream = 0
    return block
  }
}

/** Where the contents of a frame are, without padding and priority (RFC 9113, sections 6.1 and 6.2). */
export interface Contents {
  readonly start: number
  readonly end: number
  /** The stream that it depends on; -1: it does not say. */
  readonly dependsOn: number
}

/** @returns null: more padding than there is room for */
export const contentsOf = (flags: number, bytes: Buffer, start: number, end: number, mayHavePriority: boolean): Contents | null => {
  let padding = 0
  let dependsOn = -1
  if ((flags & Flag.padded) !== 0) {
    if (start === end) return null
    padding = bytes[start++] as number
  }
  if (mayHavePriority && (flags & Flag.priority) !== 0) {
    if (end - start < 5) return null
    dependsOn = bytes.readUInt32BE(start) & 0x7fffffff
    start += 5
  }
  return padding > end - start ? null : { start, end: end - padding, dependsOn }
}
