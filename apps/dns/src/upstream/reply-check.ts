import type { Keepable } from '../cache/cached-answer.ts'
import type { WireName } from '../wire/name.ts'
import { lowFlag, rcode as rcodes, rrClass, rrType } from '../wire/protocol.ts'
import { type RecordSpan, recordAt } from '../wire/records.ts'
import { type AddressedRecords, type AddressSpan, firstExtendedError, hintsIn, negativeLifetime } from './reply-facts.ts'
import { isWithin, lowerNameAt, readName } from './reply-names.ts'
import type { UpstreamQuestion } from './upstream-question.ts'

/** `referral`: it points to others and answers nothing, so whoever sent it is no resolver. */
type ReplyKind = 'positive' | 'negative' | 'referral' | 'failure'

/** An upstream's reply whose records hold together and belong to the question. */
export interface CheckedReply extends Keepable, AddressedRecords {
  readonly kind: ReplyKind
  /** The extended error that the upstream gave, as an option in wire form (RFC 8914); undefined: none. */
  readonly explanation: Buffer | undefined
  /** Where in `records` the additional section begins. */
  readonly additionalsAt: number
  /** The addresses in it, as places in `records`. */
  readonly further: readonly AddressSpan[]
}

/** The same without what came along in the additional section. */
export function withoutAdditionals(reply: CheckedReply): CheckedReply {
  const [answers, authorities] = reply.counts
  const { additionalsAt, ttls } = reply
  let kept = 0
  while (kept < ttls.length && (ttls[kept] as number) < additionalsAt) kept += 2
  const records = reply.records.subarray(0, additionalsAt)
  return { ...reply, counts: [answers, authorities, 0], records, ttls: ttls.slice(0, kept), further: [] }
}

interface Found {
  readonly start: number
  readonly type: number
  readonly rdata: number
  readonly owner: WireName
}

/** The rules of `checkReply` that are the operator's. */
export interface ReplyRules {
  /** The upstream says the truth about AD: RFC 4035, section 3.2.3. */
  readonly trustsAd: boolean
  /** Seconds that a negative answer without SOA is kept; undefined: not at all. */
  readonly negativeTtl: number | undefined
}

/**
 * Reads a reply whose id and question are right. Its records are taken as they stand: the question in front of them has the
 * same length in what we send, so their pointers stay right. OPT and what follows it is left out. Gives a text that says why
 * where it is not to be used: records that are cut off or of another class, names that are none, answers that do not
 * belong to the question (RFC 5452, section 6; RFC 1034, section 3.6.2).
 */
export function checkReply(reply: Buffer, questionEnd: number, question: UpstreamQuestion, rules: ReplyRules): CheckedReply | string {
  const counts: [number, number, number] = [reply.readUInt16BE(6), reply.readUInt16BE(8), reply.readUInt16BE(10)]
  const authoritiesFrom = counts[0]
  const additionalsFrom = counts[0] + counts[1]
  const total = additionalsFrom + counts[2]
  let rcode = (reply[3] as number) & lowFlag.RCODE
  const answers: Found[] = []
  const ttls: number[] = []
  const addresses: AddressSpan[] = []
  const further: AddressSpan[] = []
  let explanation: Buffer | undefined
  let soa: Found | undefined
  let hasNameServers = false
  let at = questionEnd
  let additionalsAt = -1
  for (let index = 0; index < total; index++) {
    if (index === additionalsFrom) additionalsAt = at
    const record = recordAt(reply, at)
    if (record === undefined) return 'its records are cut off'
    if (record.type === rrType.OPT && index >= additionalsFrom) {
      // Almost always the last one; what comes after it could point at what moves, and nobody needs it.
      rcode |= (reply[record.fixed + 4] as number) << 4
      explanation = firstExtendedError(reply.subarray(record.fixed + 10, record.end))
      counts[2] = index - additionalsFrom
      break
    }
    const owner = readName(reply, at)
    if (owner === undefined) return 'a record has a broken name'
    if (reply.readUInt16BE(record.fixed + 2) !== rrClass.IN) return 'a record is of another class'
    if (isWithin(question.name, owner)) lowerNameAt(reply, at)
    const rdata = record.fixed + 10
    ttls.push(record.fixed + 4 - questionEnd, readTtl(reply, record.fixed + 4))
    const found = { start: ttls.length - 1, type: record.type, rdata, owner }
    if (index < authoritiesFrom) {
      const addressLength = addressLengthOf(record.type)
      if (addressLength > 0 && record.end - rdata !== addressLength) return 'an address has the wrong length'
      addresses.push(...addressesOf(reply, record, questionEnd))
      answers.push(found)
    } else if (index < additionalsFrom) {
      if (record.type === rrType.SOA) soa ??= found
      else if (record.type === rrType.NS) hasNameServers = true
    } else further.push(...addressesOf(reply, record, questionEnd))
    at = record.end
  }
  if (!belongTogether(reply, question, answers)) return 'its records are not about what was asked'
  const isPositive = rcode === rcodes.NOERROR && answers.some(({ type }) => type === question.type || question.type === rrType.ANY)
  const kind = kindOf(rcode, isPositive, answers.length > 0 || soa !== undefined || !hasNameServers)
  const negative = kind === 'negative'
  const records = reply.subarray(questionEnd, at)
  let lifetime = leastOf(ttls)
  if (negative) {
    const said = soa === undefined ? (rules.negativeTtl ?? 0) : negativeLifetime(reply, soa.rdata, ttls[soa.start] as number)
    lifetime = ttls.length === 0 ? said : Math.min(lifetime, said)
    // What is given on with it may not be kept longer either: RFC 2308, section 5.
    if (soa !== undefined) ttls[soa.start] = Math.min(ttls[soa.start] as number, lifetime)
  }
  const authentic = rules.trustsAd && ((reply[3] as number) & lowFlag.AD) !== 0
  const forAllTypes = rcode === rcodes.NXDOMAIN && answers.length === 0
  const parts = { kind, rcode, authentic, negative, counts, records, ttls, lifetime, forAllTypes, explanation, addresses, further }
  return { ...parts, additionalsAt: additionalsAt < 0 ? records.length : additionalsAt - questionEnd }
}

function kindOf(rcode: number, isPositive: boolean, saysSomething: boolean): ReplyKind {
  if (isPositive) return 'positive'
  if (rcode === rcodes.NXDOMAIN) return 'negative'
  if (rcode !== rcodes.NOERROR) return 'failure'
  return saysSomething ? 'negative' : 'referral'
}

/** With the highest bit set it is 0: RFC 2181, section 8. */
function readTtl(reply: Buffer, at: number): number {
  const ttl = reply.readUInt32BE(at)
  return ttl > 0x7fff_ffff ? 0 : ttl
}

function leastOf(ttls: readonly number[]): number {
  let least = Number.POSITIVE_INFINITY
  for (let index = 1; index < ttls.length; index += 2) least = Math.min(least, ttls[index] as number)
  return ttls.length === 0 ? 0 : least
}

/** The addresses in one record, as places behind `questionEnd`. */
function addressesOf(reply: Buffer, { type, fixed, end }: RecordSpan, questionEnd: number): AddressSpan[] {
  const at = fixed + 10
  if (end - at === addressLengthOf(type)) return [{ at: at - questionEnd, length: end - at }]
  if (type !== rrType.HTTPS && type !== rrType.SVCB) return []
  return hintsIn(reply, at, end).map(({ at: hint, length }) => ({ at: hint - questionEnd, length }))
}

function addressLengthOf(type: number): number {
  if (type === rrType.A) return 4
  return type === rrType.AAAA ? 16 : 0
}

/** Whether every answer is at the name that was asked for, or at one that aliases lead to from there, in any order. */
function belongTogether(reply: Buffer, question: UpstreamQuestion, answers: readonly Found[]): boolean {
  const names = new Set([question.name])
  let open = answers
  while (open.length > 0) {
    const left: Found[] = []
    for (const answer of open) {
      const isOver = answer.type === rrType.DNAME && [...names].some((name) => isWithin(name, answer.owner))
      if (!names.has(answer.owner) && !isOver) {
        left.push(answer)
        continue
      }
      // What a DNAME stands for, its server says with a CNAME too: RFC 6672, section 3.1.
      if (isOver) names.add(answer.owner)
      if (answer.type !== rrType.CNAME) continue
      const target = readName(reply, answer.rdata)
      if (target === undefined) return false
      names.add(target)
    }
    if (left.length === open.length) return false
    open = left
  }
  return true
}
