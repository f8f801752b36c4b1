import { randomInt } from 'node:crypto'
import { type Answer, answerOf } from '../wire/answer.ts'
import { lowerCaseOctet } from '../wire/name.ts'
import { highFlag, lowFlag, opcode, rrType, size } from '../wire/protocol.ts'
import type { Query } from '../wire/query.ts'
import { recordAt } from '../wire/records.ts'

/**
 * What we ask an upstream on behalf of `query`: an unguessable id (RFC 5452, section 9.2), its question byte for byte, and an OPT record of our own
 * if it had one. Options concern one hop only (RFC 6891, section 6.1.1), so none is passed on.
 */
export function upstreamQuery(query: Query): Buffer {
  const opt = query.edns === undefined ? 0 : 11
  const message = Buffer.alloc(query.questionEnd + opt)
  message.writeUInt16BE(randomInt(0x10000), 0)
  message[2] = highFlag.RD
  message[3] = query.checkingDisabled ? lowFlag.CD : 0
  message[5] = 1
  query.message.copy(message, size.header, size.header, query.questionEnd)
  if (query.edns !== undefined) {
    message[11] = 1
    message.writeUInt16BE(rrType.OPT, query.questionEnd + 1)
    message.writeUInt16BE(size.ednsUdp, query.questionEnd + 3)
    message[query.questionEnd + 7] = query.edns.dnssecOk ? 0x80 : 0
  }
  return message
}

/** Whether `reply` answers `asked` (and not another question, or an older one): RFC 5452, section 9.1. */
export function answers(asked: Buffer, questionEnd: number, reply: Buffer): boolean {
  if (reply.length < questionEnd || reply[0] !== asked[0] || reply[1] !== asked[1]) return false
  const flags = reply[2] as number
  if ((flags & highFlag.QR) === 0 || (flags & highFlag.OPCODE) >> 3 !== opcode.QUERY) return false
  if (reply.readUInt16BE(4) !== 1) return false
  for (let at = size.header; at < questionEnd; at++) {
    // Letters may come back in another case. Lengths and types are below the letters, so nothing else is blurred by this.
    if (lowerCaseOctet[reply[at] as number] !== lowerCaseOctet[asked[at] as number]) return false
  }
  return true
}

export function isTruncated(reply: Buffer): boolean {
  return ((reply[2] as number) & highFlag.TC) !== 0
}

/**
 * An upstream's reply as an answer of ours. Its records are taken as they stand: the question in front of them has the same
 * length, so their pointers stay right. Its OPT record is left out. Undefined where the records are cut off or broken.
 */
export function answerFromReply(reply: Buffer, questionEnd: number): Answer | undefined {
  const counts = [reply.readUInt16BE(6), reply.readUInt16BE(8), reply.readUInt16BE(10)] as const
  const total = counts[0] + counts[1] + counts[2]
  let rcode = (reply[3] as number) & lowFlag.RCODE
  let kept: { end: number; additionals: number } | undefined
  let at = questionEnd
  for (let index = 0; index < total; index++) {
    const record = recordAt(reply, at)
    if (record === undefined) return undefined
    if (record.type === rrType.OPT && index >= counts[0] + counts[1] && kept === undefined) {
      // Almost always the last one; what comes after it could point at what moves, and nobody needs it.
      kept = { end: at, additionals: index - counts[0] - counts[1] }
      rcode |= (reply[record.fixed + 4] as number) << 4
    }
    at = record.end
  }
  const { end, additionals } = kept ?? { end: at, additionals: counts[2] }
  return answerOf({ rcode, authoritative: false, counts: [counts[0], counts[1], additionals], records: reply.subarray(questionEnd, end) })
}
