import { highFlag, lowFlag, rcode as rcodes, size } from './protocol.ts'
import type { Query } from './query.ts'

/**
 * What is answered, independent of who asks: it can be kept and given again. Owner names in `records` are written out or
 * are pointers to the question (`questionPointer`), which always stands at octet 12.
 */
export interface Answer {
  readonly rcode: number
  /** Only of what our own zones say. */
  readonly authoritative: boolean
  /** How many of the records are in the answer, authority and additional section. */
  readonly counts: readonly [answers: number, authorities: number, additionals: number]
  /** Wire form of the records, sections in order, without OPT. */
  readonly records: Buffer
  /** An option for the OPT record, in wire form: an extended error (RFC 8914). */
  readonly option: Buffer
  /**
   * Until when (of `performance.now()`) the same octets may be given to everybody who asks the same, as long as the tables'
   * revision stays: Infinity for what comes out of the tables alone. Default: not at all.
   */
  readonly keepUntil?: number
  /** Validated, by an upstream that we believe it of (RFC 4035, section 3.2.3). Default: not. */
  readonly authentic?: boolean
  /** Which upstream said so, for people. Default: none. */
  readonly from?: string
}

/** RFC 1035, section 4.1.4: points to octet 12. */
export const questionPointer = 0xc00c
const nothing = Buffer.alloc(0)

/** An answer that has no records: an error, or an empty NOERROR. */
export function bareAnswer(rcode: number, extended?: { code: number; text: string }): Answer {
  const option = extended === undefined ? nothing : extendedErrorOption(extended.code, extended.text)
  return { rcode, authoritative: false, counts: [0, 0, 0], records: nothing, option, keepUntil: 0 }
}

/** RFC 8914, section 2. */
export function extendedErrorOption(code: number, text: string): Buffer {
  const words = Buffer.from(text, 'utf8')
  const option = Buffer.alloc(6 + words.length)
  option.writeUInt16BE(15, 0)
  option.writeUInt16BE(2 + words.length, 2)
  option.writeUInt16BE(code, 4)
  words.copy(option, 6)
  return option
}

/** An answer out of records that are already encoded. One of our own zones may be kept unless `keepUntil` says something else. */
export function answerOf(parts: {
  rcode?: number
  authoritative?: boolean
  counts: readonly [number, number, number]
  records: Buffer
  option?: Buffer
  keepUntil?: number
}): Answer {
  const authoritative = parts.authoritative ?? true
  return {
    rcode: parts.rcode ?? rcodes.NOERROR,
    authoritative,
    counts: parts.counts,
    records: parts.records,
    option: parts.option ?? nothing,
    keepUntil: parts.keepUntil ?? (authoritative ? Number.POSITIVE_INFINITY : 0),
  }
}

const optLength = 11

const scratch = Buffer.alloc(size.tcp)

/** As `writeAnswer`, in a buffer of its own. */
export function encodeAnswer(query: Query, answer: Answer, recursionAvailable: boolean, cut = false): Buffer {
  return Buffer.from(scratch.subarray(0, writeAnswer(query, answer, recursionAvailable, scratch, 0, cut)))
}

/**
 * Writes the answer to `query` into `output` at `at`, where `query.limit` octets must fit, and gives its length. The question
 * is echoed byte for byte; OPT is there only if the query had one (RFC 6891, section 6.1.1). What is longer than the asker
 * can take loses all records and gets TC (RFC 2181, section 9: half a record set is worse than none); so does everything if
 * `cut` is true.
 */
export function writeAnswer(query: Query, answer: Answer, recursionAvailable: boolean, output: Buffer, at: number, cut = false): number {
  const { message, questionEnd, edns } = query
  const optSize = edns === undefined ? 0 : optLength
  let option = edns === undefined ? nothing : answer.option
  let length = questionEnd + answer.records.length + optSize + option.length
  if (option.length > 0 && (cut || length > query.limit)) {
    length -= option.length
    option = nothing
  }
  const truncated = cut || length > query.limit
  if (truncated) length = questionEnd + optSize
  const asked = message[2] as number
  output[at] = message[0] as number
  output[at + 1] = message[1] as number
  output[at + 2] =
    highFlag.QR | (asked & (highFlag.OPCODE | highFlag.RD)) | (answer.authoritative ? highFlag.AA : 0) | (truncated ? highFlag.TC : 0)
  // RFC 4035, section 3.1.6: CD is copied. RFC 6840, section 5.8: AD is for who has asked for it, by AD or DO.
  const authentic = answer.authentic === true && (edns?.dnssecOk === true || ((message[3] as number) & lowFlag.AD) !== 0)
  output[at + 3] =
    (recursionAvailable ? lowFlag.RA : 0) |
    (authentic && !truncated ? lowFlag.AD : 0) |
    ((message[3] as number) & lowFlag.CD) |
    (answer.rcode & lowFlag.RCODE)
  output[at + 4] = 0
  output[at + 5] = questionEnd > size.header ? 1 : 0
  const [answers, authorities, additionals] = answer.counts
  writeCount(output, at + 6, truncated ? 0 : answers)
  writeCount(output, at + 8, truncated ? 0 : authorities)
  writeCount(output, at + 10, (truncated ? 0 : additionals) + (optSize === 0 ? 0 : 1))
  message.copy(output, at + size.header, size.header, questionEnd)
  let next = at + questionEnd
  if (!truncated) {
    output.set(answer.records, next)
    next += answer.records.length
  }
  if (edns !== undefined) writeOpt(output, next, answer.rcode, edns.dnssecOk, option)
  return length
}

/** RFC 6891, section 6.1.2: root, OPT, our size, upper rcode bits, version 0, flags (DO is copied: RFC 3225, section 3), options. */
function writeOpt(output: Buffer, at: number, rcode: number, dnssecOk: boolean, option: Buffer): void {
  output[at] = 0
  output[at + 1] = 0
  output[at + 2] = 41
  writeCount(output, at + 3, size.ednsUdp)
  output[at + 5] = rcode >> 4
  output[at + 6] = 0
  output[at + 7] = dnssecOk ? 0x80 : 0
  output[at + 8] = 0
  writeCount(output, at + 9, option.length)
  if (option.length > 0) output.set(option, at + optLength)
}

function writeCount(output: Buffer, at: number, value: number): void {
  output[at] = value >> 8
  output[at + 1] = value & 0xff
}
