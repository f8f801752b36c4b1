import { randomInt } from 'node:crypto'
import type { Revision } from '../revision.ts'
import { lowerCaseOctet } from './name.ts'
import { highFlag, lowFlag, rrType, size } from './protocol.ts'
import type { Query } from './query.ts'

/** Replies that can be found with one hash: more are not looked at, so nobody can make a look-up slow. */
const ways = 4
/** Octets; longer replies are not kept. Below what every asker can take over UDP, so a kept reply is never too long. */
const slotSize = 256
/** Name of one octet, type, class. */
const shortestQuestion = 5
const optLength = 11

/** What of a query besides its question makes its reply another one. */
const shapeBit = { recursion: 1, checkingDisabled: 2, edns: 4, dnssecOk: 8 } as const

/**
 * Whole replies, to be given again to the same question: what changes from asker to asker (the id, the case of the letters)
 * is put in, the rest is copied. A query is looked up as it lies in the receive buffer; nothing is allocated.
 *
 * All of them are forgotten as soon as the tables' revision is another one; a single one also when its time is over. The room
 * is fixed. A reply gets a place when it is asked for the second time, so that a flood of names asked for once drives out
 * nobody.
 */
export class ReadyAnswers {
  readonly #revision: Revision
  readonly #slots: Buffer
  /** By slot; length 0: nothing there. */
  readonly #lengths: Uint16Array
  readonly #hashes: Uint32Array
  readonly #shapes: Uint8Array
  readonly #keptUntil: Float64Array
  /** Hashes asked for lately. */
  readonly #seen: Uint32Array
  readonly #mask: number
  /** So that nobody can choose names that drive out others. */
  readonly #seed = randomInt(0x7fff_ffff)
  #knownRevision: number
  #nextWay = 0
  /** Of the query that was read last. */
  #hash = 0
  #shape = 0

  /** `slots`: a power of two, at least 4; each costs 275 octets when it is used. */
  constructor(revision: Revision, slots = 32_768) {
    this.#revision = revision
    this.#knownRevision = revision.value
    this.#slots = Buffer.alloc(slots * slotSize)
    this.#lengths = new Uint16Array(slots)
    this.#hashes = new Uint32Array(slots)
    this.#shapes = new Uint8Array(slots)
    this.#keptUntil = new Float64Array(slots)
    this.#seen = new Uint32Array(slots)
    this.#mask = slots / ways - 1
  }

  /**
   * Writes the reply to the query in `input` from `start` to `end` into `output` at `at`, where there have to be 256 octets.
   * Gives its length; 0: there is none.
   */
  write(input: Buffer, start: number, end: number, output: Buffer, at: number): number {
    if (this.#revision.value !== this.#knownRevision) this.#forget()
    const questionLength = this.#read(input, start, end)
    if (questionLength === 0) return 0
    const slot = this.#find(input, start, questionLength)
    if (slot < 0) return 0
    const until = this.#keptUntil[slot] as number
    if (until !== Number.POSITIVE_INFINITY && performance.now() >= until) {
      this.#lengths[slot] = 0
      return 0
    }
    const length = this.#lengths[slot] as number
    const from = slot * slotSize
    const slots = this.#slots
    output[at] = input[start] as number
    output[at + 1] = input[start + 1] as number
    for (let offset = 2; offset < size.header; offset++) output[at + offset] = slots[from + offset] as number
    const questionEnd = size.header + questionLength
    for (let offset: number = size.header; offset < questionEnd; offset++) output[at + offset] = input[start + offset] as number
    for (let offset = questionEnd; offset < length; offset++) output[at + offset] = slots[from + offset] as number
    return length
  }

  /** Keeps the reply to `query` that stands in `output` at `at`, until the time `until` (of `performance.now()`). */
  keep(query: Query, output: Buffer, at: number, length: number, until: number): void {
    if (this.#revision.value !== this.#knownRevision) this.#forget()
    if (length > slotSize || ((output[at + 2] as number) & highFlag.TC) !== 0) return
    const questionLength = this.#read(query.message, 0, query.message.length)
    if (questionLength === 0 || !this.#wasSeen()) return
    const found = this.#find(query.message, 0, questionLength)
    const slot = found < 0 ? this.#place() : found
    const to = slot * slotSize
    output.copy(this.#slots, to, at, at + length)
    const questionEnd = to + size.header + questionLength
    for (let octet = to + size.header; octet < questionEnd; octet++)
      this.#slots[octet] = lowerCaseOctet[this.#slots[octet] as number] as number
    this.#lengths[slot] = length
    this.#hashes[slot] = this.#hash
    this.#shapes[slot] = this.#shape
    this.#keptUntil[slot] = until
  }

  #forget(): void {
    this.#knownRevision = this.#revision.value
    this.#lengths.fill(0)
  }

  #wasSeen(): boolean {
    const at = this.#hash & (this.#seen.length - 1)
    if (this.#seen[at] === this.#hash) return true
    this.#seen[at] = this.#hash
    return false
  }

  #place(): number {
    const first = (this.#hash & this.#mask) * ways
    for (let way = 0; way < ways; way++) if (this.#lengths[first + way] === 0) return first + way
    this.#nextWay = (this.#nextWay + 1) % ways
    return first + this.#nextWay
  }

  /** The slot of the question that was read last; -1: none has it. */
  #find(input: Buffer, start: number, questionLength: number): number {
    const first = (this.#hash & this.#mask) * ways
    for (let slot = first; slot < first + ways; slot++) {
      if (this.#hashes[slot] !== this.#hash || this.#shapes[slot] !== this.#shape) continue
      if ((this.#lengths[slot] as number) >= size.header + questionLength && this.#isQuestion(slot, input, start, questionLength))
        return slot
    }
    return -1
  }

  /** Lengths and types have no upper-case letters among them that would be taken for others: both are compared as they are in lower case. */
  #isQuestion(slot: number, input: Buffer, start: number, questionLength: number): boolean {
    const kept = slot * slotSize + size.header
    const asked = start + size.header
    const nameLength = questionLength - 4
    for (let offset = 0; offset < nameLength; offset++)
      if (this.#slots[kept + offset] !== lowerCaseOctet[input[asked + offset] as number]) return false
    for (let offset = nameLength; offset < questionLength; offset++) if (this.#slots[kept + offset] !== input[asked + offset]) return false
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
