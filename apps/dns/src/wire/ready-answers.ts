import { randomInt } from 'node:crypto'
import type { Revision } from '../revision.ts'
import { lowerCaseOctet } from './name.ts'
import { highFlag, lowFlag, rrType, size } from './protocol.ts'
import type { Query } from './query.ts'

/** Replies whose hashes fall together: more are not looked at, so nobody can make a look-up slow. */
const ways = 4
/** Octets; longer replies are not kept. No asker takes less over UDP, so a kept reply is never too long. */
const longestReply = size.plainUdp
/** Octets of room for each reply, on average. */
const replyRoom = 128
/** In front of a kept reply: until when it may be given (8), its length (2), its shape (1), nothing (5). */
const entryHead = 16
/** Entries begin at multiples of this; their positions are counted in it. */
const unit = 8
/** Positions are counted on and on; before they would not fit into 32 bits all is forgotten. */
const lastPosition = 0xff00_0000
/** Name of one octet, type, class. */
const shortestQuestion = 5
const optLength = 11

/** What of a query besides its question makes its reply another one. */
const shapeBit = { recursion: 1, checkingDisabled: 2, edns: 4, dnssecOk: 8 } as const

export interface ReadyLimits {
  /** Replies that there is room for at first, and at most: powers of two. One costs about 150 octets. */
  readonly first: number
  readonly most: number
}

/**
 * Whole replies, to be given again to the same question: what changes from asker to asker (the id, the case of the letters)
 * is put in, the rest is copied. A query is looked up as it lies in the receive buffer; nothing is allocated.
 *
 * All of them are forgotten as soon as the tables' revision is another one; a single one also when its time is over. The
 * replies lie in a ring, the oldest are overwritten; the room grows with the names that are asked for again and again, up to
 * its limit. A reply gets a place when it is asked for the second time, so that a flood of names asked for once drives out
 * nobody.
 */
export class ReadyAnswers {
  readonly #revision: Revision
  readonly #most: number
  /** So that nobody can choose names that drive out others. */
  readonly #seed = randomInt(0x7fff_ffff)
  #knownRevision: number
  #replies = 0
  /** Pairs of a hash and a position; position 0: nothing there. All ways of a hash lie in one cache line. */
  #index = new Uint32Array(0)
  #ring = Buffer.alloc(0)
  #times = new Float64Array(0)
  /** A bit for each hash that was asked for lately, 16 for each reply that there could ever be room for. */
  readonly #seen: Uint32Array
  #seenCount = 0
  /** Where the next entry goes. Entries are whole that are no further back than the ring is long. */
  #head = 1
  #nextWay = 0
  /** Replies that had to go for others since the room was as it is. */
  #driven = 0
  /** Of the query that was read last. */
  #hash = 0
  #shape = 0

  constructor(revision: Revision, { first, most }: ReadyLimits = { first: 8192, most: 524_288 }) {
    this.#revision = revision
    this.#knownRevision = revision.value
    this.#most = most
    this.#seen = new Uint32Array(most / 2)
    this.#makeRoom(first)
  }

  /**
   * Writes the reply to the query in `input` from `start` to `end` into `output` at `at`, where there have to be 512 octets.
   * Gives its length; 0: there is none.
   */
  write(input: Buffer, start: number, end: number, output: Buffer, at: number): number {
    if (this.#revision.value !== this.#knownRevision) this.#forget()
    const questionLength = this.#read(input, start, end)
    if (questionLength === 0) return 0
    const entry = this.#find(input, start, questionLength)
    if (entry < 0) return 0
    const until = this.#times[entry / unit] as number
    if (until !== Number.POSITIVE_INFINITY && performance.now() >= until) return 0
    const ring = this.#ring
    const length = this.#lengthAt(entry)
    const reply = entry + entryHead
    output[at] = input[start] as number
    output[at + 1] = input[start + 1] as number
    for (let offset = 2; offset < size.header; offset++) output[at + offset] = ring[reply + offset] as number
    const questionEnd = size.header + questionLength
    for (let offset: number = size.header; offset < questionEnd; offset++) output[at + offset] = input[start + offset] as number
    for (let offset = questionEnd; offset < length; offset++) output[at + offset] = ring[reply + offset] as number
    return length
  }

  /** Keeps the reply to `query` that stands in `output` at `at`, until the time `until` (of `performance.now()`). */
  keep(query: Query, output: Buffer, at: number, length: number, until: number): void {
    if (length > longestReply || ((output[at + 2] as number) & highFlag.TC) !== 0) return
    if (this.#revision.value !== this.#knownRevision || this.#head > lastPosition) this.#forget()
    const questionLength = this.#read(query.message, 0, query.message.length)
    if (questionLength === 0 || !this.#wasSeen()) return
    const entry = this.#roomFor(query.message, questionLength, length)
    if (entry < 0) return
    const ring = this.#ring
    this.#times[entry / unit] = until
    ring[entry + 8] = length >> 8
    ring[entry + 9] = length & 0xff
    ring[entry + 10] = this.#shape
    const reply = entry + entryHead
    output.copy(ring, reply, at, at + length)
    const nameEnd = reply + size.header + questionLength - 4
    for (let octet = reply + size.header; octet < nameEnd; octet++) ring[octet] = lowerCaseOctet[ring[octet] as number] as number
  }

  #makeRoom(replies: number): void {
    this.#replies = replies
    this.#index = new Uint32Array(replies * 4)
    this.#ring = Buffer.from(new ArrayBuffer(replies * replyRoom))
    this.#times = new Float64Array(this.#ring.buffer)
    this.#driven = 0
    this.#head = 1
  }

  #forget(): void {
    this.#knownRevision = this.#revision.value
    this.#index.fill(0)
    this.#driven = 0
    this.#head = 1
  }

  #wasSeen(): boolean {
    const at = (this.#hash >>> 5) & (this.#seen.length - 1)
    const bit = 1 << (this.#hash & 31)
    const bits = this.#seen[at] as number
    if ((bits & bit) !== 0) return true
    this.#seenCount++
    if (this.#seenCount > this.#most * 2) {
      // Too many bits are set to tell anything.
      this.#seen.fill(0)
      this.#seenCount = 1
    }
    this.#seen[at] = (this.#seen[at] as number) | bit
    return false
  }

  /** The offset of room for a reply; -1: none yet. One whose time is over gives its own. */
  #roomFor(message: Buffer, questionLength: number, length: number): number {
    const before = this.#find(message, 0, questionLength)
    if (before >= 0 && unitsFor(length) <= unitsFor(this.#lengthAt(before))) return before
    const position = this.#place(unitsFor(length))
    return position === 0 ? -1 : this.#offset(position)
  }

  #lengthAt(entry: number): number {
    return ((this.#ring[entry + 8] as number) << 8) | (this.#ring[entry + 9] as number)
  }

  /** The position of room for an entry of some units, told to the index. 0: the room was made larger, and is empty. */
  #place(units: number): number {
    const ringUnits = this.#ring.length / unit
    const toEnd = ringUnits - (this.#head & (ringUnits - 1))
    const position = toEnd < units ? this.#head + toEnd : this.#head
    const first = this.#firstWay()
    let chosen = -1
    for (let pair = first; pair < first + ways * 2 && chosen < 0; pair += 2)
      if (this.#index[pair] === this.#hash || !this.#isWhole(this.#index[pair + 1] as number)) chosen = pair
    if (chosen < 0 || position + units > ringUnits) {
      // It has been round, or hashes fall together: is there too little room?
      this.#driven++
      if (this.#driven > this.#replies / 16 && this.#replies < this.#most) {
        this.#makeRoom(Math.min(this.#replies * 4, this.#most))
        return 0
      }
    }
    if (chosen < 0) {
      this.#nextWay = (this.#nextWay + 1) % ways
      chosen = first + this.#nextWay * 2
    }
    this.#index[chosen] = this.#hash
    this.#index[chosen + 1] = position
    this.#head = position + units
    return position
  }

  #firstWay(): number {
    return (this.#hash & (this.#replies / 2 - 1)) * ways * 2
  }

  #offset(position: number): number {
    return (position & (this.#ring.length / unit - 1)) * unit
  }

  #isWhole(position: number): boolean {
    return position !== 0 && this.#head - position <= this.#ring.length / unit
  }

  /** The offset of the entry of the question that was read last; -1: there is none. */
  #find(input: Buffer, start: number, questionLength: number): number {
    const first = this.#firstWay()
    for (let pair = first; pair < first + ways * 2; pair += 2) {
      if (this.#index[pair] !== this.#hash) continue
      const position = this.#index[pair + 1] as number
      if (!this.#isWhole(position)) continue
      const entry = this.#offset(position)
      if (this.#ring[entry + 10] === this.#shape && this.#isQuestion(entry, input, start, questionLength)) return entry
    }
    return -1
  }

  /** A name ends with its zero octet, so one that is the beginning of another is none of that. */
  #isQuestion(entry: number, input: Buffer, start: number, questionLength: number): boolean {
    const ring = this.#ring
    const kept = entry + entryHead + size.header
    const asked = start + size.header
    const nameLength = questionLength - 4
    for (let offset = 0; offset < nameLength; offset++)
      if (ring[kept + offset] !== lowerCaseOctet[input[asked + offset] as number]) return false
    for (let offset = nameLength; offset < questionLength; offset++) if (ring[kept + offset] !== input[asked + offset]) return false
    return true
  }

  /**
   * Reads a query into `#hash` and `#shape` and gives the length of its question. 0: it isn't one question with at most an
   * OPT record of version 0 behind it, so its reply is not kept.
   */
  #read(input: Buffer, start: number, end: number): number {
    const first = start + size.header
    if (first + shortestQuestion > end) return 0
    const high = input[start + 2] as number
    if ((high & (highFlag.QR | highFlag.OPCODE)) !== 0) return 0
    // One question, no answers, no authorities, at most one additional record.
    if (input[start + 4] !== 0 || input[start + 5] !== 1 || input[start + 6] !== 0 || input[start + 7] !== 0) return 0
    if (input[start + 8] !== 0 || input[start + 9] !== 0 || input[start + 10] !== 0 || (input[start + 11] as number) > 1) return 0
    let hash = this.#seed
    let at = first
    for (;;) {
      const length = input[at] as number
      hash = Math.imul(hash ^ length, 0x0100_0193)
      if (length === 0) break
      const last = at + length
      if (length > size.label || last + shortestQuestion > end) return 0
      while (at < last) {
        at++
        hash = Math.imul(hash ^ (lowerCaseOctet[input[at] as number] as number), 0x0100_0193)
      }
      at++
    }
    const questionEnd = at + shortestQuestion
    if (questionEnd > end) return 0
    for (at++; at < questionEnd; at++) hash = Math.imul(hash ^ (input[at] as number), 0x0100_0193)
    let shape = (high & highFlag.RD) | (((input[start + 3] as number) & lowFlag.CD) === 0 ? 0 : shapeBit.checkingDisabled)
    if (input[start + 11] === 0) {
      if (questionEnd !== end) return 0
    } else {
      if (questionEnd + optLength > end || input[at] !== 0 || input[at + 1] !== 0 || input[at + 2] !== rrType.OPT || input[at + 6] !== 0)
        return 0
      if (questionEnd + optLength + (((input[at + 9] as number) << 8) | (input[at + 10] as number)) !== end) return 0
      shape |= shapeBit.edns | (((input[at + 7] as number) & 0x80) === 0 ? 0 : shapeBit.dnssecOk)
    }
    hash = Math.imul(hash ^ shape, 0x0100_0193)
    this.#hash = (hash ^ (hash >>> 15)) >>> 0
    this.#shape = shape
    return questionEnd - first
  }
}

function unitsFor(length: number): number {
  return Math.ceil((entryHead + length) / unit)
}
