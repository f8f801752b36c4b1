import { lowerCaseOctet, type WireName } from '../wire/name.ts'
import { highFlag, lowFlag, opcode, rcode, rrClass, rrType, size } from '../wire/protocol.ts'
import type { LoopMarker, Trail } from './loop-marker.ts'
import type { RandomOctets } from './random-octets.ts'

/** What is asked of upstreams, whoever of them it is. */
export interface UpstreamQuestion {
  readonly name: WireName
  readonly type: number
  readonly dnssecOk: boolean
  readonly checkingDisabled: boolean
  /** Through whom it came to us. */
  readonly trail: Trail
}

/** How it is put to one of them. */
export interface Manner {
  readonly id: number
  /** Letters in random case, which the reply has to repeat: some more bits that a forger has to guess. */
  readonly mixCase: boolean
  readonly edns: boolean
  /** Wants to know whether the upstream has validated the answer (RFC 6840, section 5.7). */
  readonly authenticData: boolean
  /** To a multiple of 128 octets, so that its length tells nothing (RFC 8467, section 4.1). Over TLS only. */
  readonly padded: boolean
}

const optLength = 11
const paddingBlock = 128
/** RFC 7830, section 3. */
const paddingCode = 12

export function questionEndOf(question: UpstreamQuestion): number {
  return size.header + question.name.length + 4
}

/**
 * A query of our own for the question. No option of who asked us is passed on, as they concern one hop (RFC 6891, section
 * 6.1.1); DO and CD are (RFC 4035, section 3.2). We can take 1232 octets (RFC 9715, section 3).
 */
export function encodeQuestion(question: UpstreamQuestion, manner: Manner, marker: LoopMarker, random: RandomOctets): Buffer {
  const questionEnd = questionEndOf(question)
  const optionsAt = questionEnd + optLength
  const mark = marker.option(question.trail)
  const marked = optionsAt + mark.length
  const padding = manner.padded ? (paddingBlock - ((marked + 4) % paddingBlock)) % paddingBlock : 0
  const message = Buffer.alloc(manner.edns ? marked + (manner.padded ? 4 + padding : 0) : questionEnd)
  message.writeUInt16BE(manner.id, 0)
  message[2] = highFlag.RD
  message[3] = (question.checkingDisabled ? lowFlag.CD : 0) | (manner.authenticData ? lowFlag.AD : 0)
  message[5] = 1
  message.write(question.name, size.header, 'latin1')
  if (manner.mixCase) mixCase(message, questionEnd - 4, random)
  message.writeUInt16BE(question.type, questionEnd - 4)
  message.writeUInt16BE(rrClass.IN, questionEnd - 2)
  if (!manner.edns) return message
  message[11] = 1
  message.writeUInt16BE(rrType.OPT, questionEnd + 1)
  message.writeUInt16BE(size.ednsUdp, questionEnd + 3)
  message[questionEnd + 7] = question.dnssecOk ? 0x80 : 0
  message.writeUInt16BE(message.length - optionsAt, questionEnd + 9)
  message.set(mark, optionsAt)
  if (manner.padded) {
    message.writeUInt16BE(paddingCode, marked)
    message.writeUInt16BE(padding, marked + 2)
  }
  return message
}

/**
 * What a message with the id of `asked` is (RFC 5452, section 9.1): its reply; its reply but for the case of letters, so
 * from a server that does not keep it or from a forger; an error without a question, from a server that could not read ours;
 * or nothing that we have asked for.
 */
export type Likeness = 'reply' | 'otherCase' | 'bareError' | 'foreign'

export function likeness(asked: Buffer, questionEnd: number, reply: Buffer): Likeness {
  if (reply.length < size.header) return 'foreign'
  const flags = reply[2] as number
  if ((flags & highFlag.QR) === 0 || (flags & highFlag.OPCODE) >> 3 !== opcode.QUERY) return 'foreign'
  if (reply[4] !== 0) return 'foreign'
  if (reply[5] === 0) {
    const code = (reply[3] as number) & lowFlag.RCODE
    return reply.length === size.header && (code === rcode.FORMERR || code === rcode.NOTIMP) ? 'bareError' : 'foreign'
  }
  if (reply[5] !== 1 || reply.length < questionEnd) return 'foreign'
  let isSame = true
  for (let at = size.header; at < questionEnd; at++) {
    if (reply[at] === asked[at]) continue
    // Lengths of labels are below the letters; types and classes have no case.
    if (at >= questionEnd - 4 || lowerCaseOctet[reply[at] as number] !== lowerCaseOctet[asked[at] as number]) return 'foreign'
    isSame = false
  }
  return isSame ? 'reply' : 'otherCase'
}

export function isTruncated(reply: Buffer): boolean {
  return ((reply[2] as number) & highFlag.TC) !== 0
}

/** Letters that a name needs to be told by their case from the same one of anybody else. */
const enoughLetters = 12

/** Whether the names of two messages of one question, which ends before `nameEnd`, have the same letters in upper case, and not just all or none of many. */
export function isSameInRandomCase(one: Buffer, other: Buffer, nameEnd: number): boolean {
  let letters = 0
  let upper = 0
  for (let at = size.header; at < nameEnd; at++) {
    const octet = one[at] as number
    if (octet !== other[at]) return false
    const folded = octet | 0x20
    if (folded < 0x61 || folded > 0x7a) continue
    letters++
    if (octet < 0x61) upper++
  }
  return letters >= enoughLetters && upper > 0 && upper < letters
}

function mixCase(message: Buffer, nameEnd: number, random: RandomOctets): void {
  let bits = 0
  let left = 0
  for (let at = size.header; at < nameEnd; at++) {
    const octet = message[at] as number
    if (octet < 0x61 || octet > 0x7a) continue
    if (left === 0) {
      bits = random.octet()
      left = 8
    }
    if ((bits & 1) !== 0) message[at] = octet - 0x20
    bits >>= 1
    left--
  }
}
