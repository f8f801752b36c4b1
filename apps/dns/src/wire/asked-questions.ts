import { randomInt } from 'node:crypto'
import { lowerCaseWord } from './name.ts'
import { highFlag, lowFlag, rrType, size } from './protocol.ts'

/** Name of one octet, type, class. */
const shortestQuestion = 5
const optLength = 11

/** What of a query besides its question makes its reply another one. */
const shapeBit = { recursion: 1, checkingDisabled: 2, edns: 4, dnssecOk: 8 } as const

/**
 * The questions of some queries, each at its place: how they are found again, whatever the case of their letters. A query is
 * read as it lies in the receive buffer, four octets at a time; nothing is allocated.
 *
 * Hashes are those of HalfSipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"; the 32-bit variant is of
 * their reference code) with a key of this process, so that nobody can choose names whose hashes fall together.
 */
export class AskedQuestions {
  readonly hashes: Int32Array
  /** See `shapeBit`. */
  readonly shapes: Uint8Array
  /** Octets, with the root's; 0: there is no question here that could be found again. */
  readonly nameLengths: Uint8Array
  readonly #key0 = randomInt(2 ** 32) | 0
  readonly #key1 = randomInt(2 ** 32) | 0

  constructor(places: number) {
    this.hashes = new Int32Array(places)
    this.shapes = new Uint8Array(places)
    this.nameLengths = new Uint8Array(places)
  }

  /**
   * Reads the query in `input` from `start` to `end`. It has a question here if it is one question with at most an OPT record
   * of version 0 behind it.
   */
  read(input: DataView, start: number, end: number, place: number): void {
    this.nameLengths[place] = 0
    const first = start + size.header
    if (first + shortestQuestion > end) return
    const flags = input.getUint16(start + 2)
    const high = flags >> 8
    if ((high & (highFlag.QR | highFlag.OPCODE)) !== 0) return
    // One question, no answers; no authorities, at most one additional record.
    if (input.getInt32(start + 4) !== 0x0001_0000) return
    const additionals = input.getInt32(start + 8)
    if (additionals !== 0 && additionals !== 1) return
    let at = first
    for (let length = input.getUint8(at); length !== 0; length = input.getUint8(at)) {
      at += length + 1
      if (length > size.label || at + shortestQuestion > end) return
    }
    const nameEnd = at + 1
    const questionEnd = nameEnd + 4
    if (nameEnd - first > size.name) return
    let shape = (high & highFlag.RD) | ((flags & lowFlag.CD) === 0 ? 0 : shapeBit.checkingDisabled)
    if (additionals === 0) {
      if (questionEnd !== end) return
    } else {
      if (questionEnd + optLength > end || input.getUint8(questionEnd) !== 0 || input.getUint16(questionEnd + 1) !== rrType.OPT) return
      if (input.getUint8(questionEnd + 6) !== 0 || questionEnd + optLength + input.getUint16(questionEnd + 9) !== end) return
      shape |= shapeBit.edns | ((input.getUint8(questionEnd + 7) & 0x80) === 0 ? 0 : shapeBit.dnssecOk)
    }
    this.hashes[place] = this.#hash(input, first, nameEnd, shape)
    this.shapes[place] = shape
    this.nameLengths[place] = nameEnd - first
  }

  /** Of the name, the type and class behind it, and the shape. */
  #hash(input: DataView, first: number, nameEnd: number, shape: number): number {
    let v0 = this.#key0
    let v1 = this.#key1
    let v2 = 0x6c79_6765 ^ v0
    let v3 = 0x7465_6462 ^ v1
    // The last word of the name may have some octets of the type in it, which does no harm.
    for (let at = first, left = nameEnd - first + 8; left > 0; at += 4, left -= 4) {
      let word: number
      if (left > 8) word = lowerCaseWord(input.getInt32(at, true))
      else if (left > 4) word = input.getInt32(nameEnd, true)
      else word = shape | ((nameEnd - first) << 24)
      v3 ^= word
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
      v0 ^= word
    }
    v2 ^= 0xff
    for (let round = 0; round < 3; round++) {
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
    }
    return v1 ^ v3
  }
}
