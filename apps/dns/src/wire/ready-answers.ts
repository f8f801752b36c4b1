import type { Revision } from '../revision.ts'
import { AskedQuestions } from './asked-questions.ts'
import { lowerCaseWord } from './name.ts'
import { highFlag, size } from './protocol.ts'
import type { Query } from './query.ts'
import { ReadyIndex } from './ready-index.ts'

/** Octets; longer replies are not kept. No asker takes less over UDP, so a kept reply is never too long. */
const longestReply = size.plainUdp
/** Octets of room for each reply, on average. */
const replyRoom = 128
/** Words of 32 bits: entries begin at multiples of this, and their positions are counted in it. */
const unit = 2
/** Positions are counted on and on; before they would not fit into 31 bits all begins anew. */
const lastPosition = 0x7f00_0000
/** Milliseconds; what is to be given for longer is forgotten all the same. */
const longestTime = 0x7fff_ffff
/** Instead of a time: for as long as the revision stays. */
const always = -1
/** Queries that can be looked up at once. */
export const placesAhead = 64
/** Place of a query whose reply is to be kept. */
const placeToKeep = placesAhead
/** Place of a query that is looked up by itself. */
export const alone = placesAhead + 1

/**
 * Words of an entry. Octets of the reply are as they stand in it; behind this head come the name, in lower case and with up
 * to three octets of what follows it, and all that follows the question.
 */
const word = {
  /** Milliseconds after the origin, or `always`. */
  until: 0,
  /** Flags (16 bits), octets of the name (8), shape (8). */
  flags: 1,
  /** Octets of the reply (16 bits), count of answers (16). */
  length: 2,
  /** Counts of authorities and additional records. */
  counts: 3,
  /** Type and class. */
  type: 4,
  name: 5,
} as const

/** What of a reply needs no room in an entry. */
const leftOut = size.header + 4

export interface ReadyLimits {
  /** Replies that there is room for at first, and at most: powers of two. One costs about 150 octets. */
  readonly first: number
  readonly most: number
}

/**
 * Whole replies, to be given again to the same question: what changes from asker to asker (the id, the case of the letters)
 * is put in, the rest is copied. A query is looked up as it lies in the receive buffer; nothing is allocated.
 *
 * Half a million replies are in no cache of the processor, and a look-up waits for memory twice: for the index, and for the
 * entry that it leads to. So those of a batch wait together: `read` all, `bringNear`, `write` each.
 *
 * All of them are forgotten as soon as the tables' revision is another one; a single one also when its time is over. The
 * replies lie in a ring, the oldest are overwritten; the room grows with the names that are asked for again and again, up to
 * its limit. A reply gets a place when it is asked for the second time, so that a flood of names asked for once drives out
 * nobody.
 */
export class ReadyAnswers {
  readonly #revision: Revision
  readonly #most: number
  readonly #asked = new AskedQuestions(placesAhead + 2)
  #knownRevision: number
  /** Of `performance.now()`: times of entries are counted from here. */
  #origin = performance.now()
  #replies = 0
  #index = new ReadyIndex(16)
  #words = new Int32Array(0)
  /** A bit for each hash that was asked for lately, 16 for each reply that there could ever be room for. */
  readonly #seen: Int32Array
  #seenCount = 0
  /** Where the next entry goes. Entries are whole that are no further back than the ring is long. */
  #head = 1
  /** Entries before this are forgotten. */
  #floor = 1
  /** Replies that had to go for others since the room was as it is. */
  #driven = 0
  #input: Buffer = Buffer.alloc(0)
  #inputView: DataView = new DataView(this.#input.buffer)
  #output: Buffer = this.#input
  #outputView: DataView = this.#inputView
  /** Takes what was only read to be near, or the compiler would leave out the reading. */
  readonly #touched = new Int32Array(1)

  constructor(revision: Revision, { first, most }: ReadyLimits = { first: 8192, most: 524_288 }) {
    this.#revision = revision
    this.#knownRevision = revision.value
    this.#most = most
    this.#seen = new Int32Array(most / 2)
    this.#makeRoom(first)
  }

  /** Reads the query in `input` from `start` to `end` into a place, where `write` finds it. */
  read(input: Buffer, start: number, end: number, place: number): void {
    this.#asked.read(this.#viewOf(input), start, end, place)
  }

  /** Brings into the cache what `write` needs for the first `count` places. One after the other would wait for each. */
  bringNear(count: number): void {
    const { hashes, nameLengths } = this.#asked
    const index = this.#index
    const words = this.#words
    let touched = 0
    for (let place = 0; place < count; place++) touched ^= index.touch(hashes[place] as number)
    for (let place = 0; place < count; place++) {
      if (nameLengths[place] === 0) continue
      const slot = index.next(hashes[place] as number, -1)
      if (slot < 0) continue
      const entry = this.#entryAt(index.positionAt(slot))
      // Few are longer than two lines of the cache, of 16 words.
      touched ^= (words[entry] as number) ^ (words[(entry + 16) & (words.length - 1)] as number)
    }
    this.#touched[0] = touched
  }

  /**
   * Writes the reply to the query that was read into `place`, and stands unchanged in `input` at `start`, into `output` at
   * `at`, where there have to be 516 octets. Gives its length; 0: there is none.
   */
  write(place: number, input: Buffer, start: number, output: Buffer, at: number): number {
    if (this.#revision.value !== this.#knownRevision) this.#forget()
    const nameLength = this.#asked.nameLengths[place] as number
    if (nameLength === 0) return 0
    const query = this.#viewOf(input)
    const entry = this.#find(place, query, start)
    if (entry < 0) return 0
    const words = this.#words
    const until = words[entry + word.until] as number
    if (until !== always && performance.now() - this.#origin >= until) return 0
    const reply = this.#outputViewOf(output)
    const lengths = words[entry + word.length] as number
    const length = lengths & 0xffff
    reply.setInt32(at, query.getUint16(start, true) | ((words[entry + word.flags] as number) << 16), true)
    reply.setInt32(at + 4, (lengths & 0xffff_0000) | oneQuestion, true)
    reply.setInt32(at + 8, words[entry + word.counts] as number, true)
    const name = at + size.header
    const nameEnd = name + nameLength
    const asked = start + size.header - name
    let from = entry + word.name
    for (let to = name; to < nameEnd; to += 4, from++) reply.setInt32(to, query.getInt32(asked + to, true), true)
    reply.setInt32(nameEnd, words[entry + word.type] as number, true)
    // Up to three octets behind the reply are written as well.
    const end = at + length
    for (let to = nameEnd + 4; to < end; to += 4, from++) reply.setInt32(to, words[from] as number, true)
    return length
  }

  /** Keeps the reply to `query` that stands in `output` at `at`, until the time `until` (of `performance.now()`). */
  keep({ message }: Query, output: Buffer, at: number, length: number, until: number): void {
    if (length > longestReply || ((output[at + 2] as number) & highFlag.TC) !== 0) return
    if (this.#revision.value !== this.#knownRevision || performance.now() - this.#origin > longestTime) this.#forget()
    if (this.#head > lastPosition) this.#makeRoom(this.#replies)
    const place = placeToKeep
    const query = this.#viewOf(message)
    this.#asked.read(query, 0, message.length, place)
    const nameLength = this.#asked.nameLengths[place] as number
    if (nameLength === 0 || !this.#wasSeen(this.#asked.hashes[place] as number)) return
    const nameWords = Math.ceil(nameLength / 4)
    const entry = this.#roomFor(place, query, word.name + nameWords + Math.ceil((length - leftOut - nameLength) / 4))
    if (entry < 0) return
    const reply = this.#outputViewOf(output)
    const words = this.#words
    words[entry + word.until] = until === Number.POSITIVE_INFINITY ? always : Math.max(0, Math.min(until - this.#origin, longestTime))
    words[entry + word.flags] = reply.getUint16(at + 2, true) | (this.#kindOf(place) << 16)
    words[entry + word.length] = length | (reply.getUint16(at + 6, true) << 16)
    words[entry + word.counts] = reply.getInt32(at + 8, true)
    const nameEnd = size.header + nameLength
    words[entry + word.type] = query.getInt32(nameEnd, true)
    let to = entry + word.name
    for (let from: number = size.header; from < nameEnd; from += 4) words[to++] = lowerCaseWord(query.getInt32(from, true))
    for (let from = nameEnd + 4; from < length; from += 4) words[to++] = wordOf(output, at + from, at + length)
  }

  #viewOf(input: Buffer): DataView {
    if (input !== this.#input) {
      this.#input = input
      this.#inputView = new DataView(input.buffer, input.byteOffset, input.length)
    }
    return this.#inputView
  }

  #outputViewOf(output: Buffer): DataView {
    if (output !== this.#output) {
      this.#output = output
      this.#outputView = new DataView(output.buffer, output.byteOffset, output.length)
    }
    return this.#outputView
  }

  #makeRoom(replies: number): void {
    this.#replies = replies
    this.#index = new ReadyIndex(replies * 2)
    this.#words = new Int32Array((replies * replyRoom) / 4)
    this.#driven = 0
    this.#head = 1
    this.#floor = 1
  }

  #forget(): void {
    this.#knownRevision = this.#revision.value
    this.#origin = performance.now()
    this.#driven = 0
    this.#floor = this.#head
  }

  #wasSeen(hash: number): boolean {
    const at = (hash >>> 5) & (this.#seen.length - 1)
    const bit = 1 << (hash & 31)
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

  /** Where there is room for an entry of some words; -1: nowhere yet. One whose time is over gives its own. */
  #roomFor(place: number, query: DataView, length: number): number {
    const before = this.#find(place, query, 0)
    if (before >= 0 && unitsFor(length) <= unitsFor(this.#wordsOf(before))) return before
    const position = this.#place(this.#asked.hashes[place] as number, unitsFor(length))
    return position === 0 ? -1 : this.#entryAt(position)
  }

  #wordsOf(entry: number): number {
    const nameLength = ((this.#words[entry + word.flags] as number) >>> 16) & 0xff
    const length = (this.#words[entry + word.length] as number) & 0xffff
    return word.name + Math.ceil(nameLength / 4) + Math.ceil((length - leftOut - nameLength) / 4)
  }

  /** The position of room for an entry of some units, told to the index. 0: the room was made larger, and is empty. */
  #place(hash: number, units: number): number {
    const ringUnits = this.#words.length / unit
    const toEnd = ringUnits - (this.#head & (ringUnits - 1))
    const position = toEnd < units ? this.#head + toEnd : this.#head
    const isCrowded = !this.#index.set(hash, position, Math.max(this.#floor, this.#head - ringUnits))
    if (isCrowded || position + units > ringUnits) {
      // It has been round, or hashes fall together: is there too little room?
      this.#driven++
      if (this.#driven > this.#replies / 16 && this.#replies < this.#most) {
        this.#makeRoom(Math.min(this.#replies * 4, this.#most))
        return 0
      }
    }
    this.#head = position + units
    return position
  }

  /** The word at which the entry begins. */
  #entryAt(position: number): number {
    return (position & (this.#words.length / unit - 1)) * unit
  }

  #isWhole(position: number): boolean {
    return position >= this.#floor && this.#head - position <= this.#words.length / unit
  }

  /** The entry of the question at a place, which stands in `input` at `start`; -1: there is none. */
  #find(place: number, input: DataView, start: number): number {
    const index = this.#index
    const hash = this.#asked.hashes[place] as number
    for (let slot = index.next(hash, -1); slot >= 0; slot = index.next(hash, slot)) {
      const position = index.positionAt(slot)
      if (!this.#isWhole(position)) continue
      const entry = this.#entryAt(position)
      if (this.#isQuestion(entry, place, input, start + size.header)) return entry
    }
    return -1
  }

  /** A name ends with its zero octet, so one that is the beginning of another is none of that. */
  #isQuestion(entry: number, place: number, input: DataView, first: number): boolean {
    const words = this.#words
    if ((words[entry + word.flags] as number) >>> 16 !== this.#kindOf(place)) return false
    const nameEnd = first + (this.#asked.nameLengths[place] as number)
    if (words[entry + word.type] !== input.getInt32(nameEnd, true)) return false
    let kept = entry + word.name
    for (let at = first; at < nameEnd; at += 4, kept++) if (words[kept] !== lowerCaseWord(input.getInt32(at, true))) return false
    return true
  }

  /** What two queries have to have in common before their names are compared. */
  #kindOf(place: number): number {
    return (this.#asked.nameLengths[place] as number) | ((this.#asked.shapes[place] as number) << 8)
  }
}

/** The count of questions as it stands in a message: one. */
const oneQuestion = 0x0100

/** Four octets from `at` on, as far as they are before `end`. */
function wordOf(octets: Buffer, at: number, end: number): number {
  let value = 0
  for (let index = Math.min(4, end - at) - 1; index >= 0; index--) value = (value << 8) | (octets[at + index] as number)
  return value
}

function unitsFor(words: number): number {
  return Math.ceil(words / unit)
}
