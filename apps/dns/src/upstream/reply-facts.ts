import type { Answer } from '../wire/answer.ts'
import { rrType } from '../wire/protocol.ts'
import { recordAt } from '../wire/records.ts'

/** EDE: RFC 8914, section 2. */
const extendedErrorCode = 15
/** Octets of text that are passed on. */
const longestText = 200

/** The first extended error among the options of an OPT record, whole, so that it can be passed on (RFC 8914, section 3). */
export function firstExtendedError(options: Buffer): Buffer | undefined {
  for (let at = 0; at + 4 <= options.length; ) {
    const length = options.readUInt16BE(at + 2)
    const end = at + 4 + length
    if (end > options.length) return undefined
    if (options.readUInt16BE(at) === extendedErrorCode && length >= 2 && length <= 2 + longestText)
      return Buffer.from(options.subarray(at, end))
    at = end
  }
  return undefined
}

/** Keys of service parameters that hold addresses, and how long one is: RFC 9460, section 14.3.2. */
const hintLengths: Readonly<Record<number, number>> = { 4: 4, 6: 16 }

/** An address in a reply: where it begins, and how many octets it has. */
export interface AddressSpan {
  readonly at: number
  readonly length: number
}

export interface AddressedRecords {
  readonly records: Buffer
  /** The addresses in the answer section, as places in `records`. */
  readonly addresses: readonly AddressSpan[]
}

/** Those of an answer of our own. */
export function addressesIn({ records, counts }: Pick<Answer, 'records' | 'counts'>): AddressSpan[] {
  const addresses: AddressSpan[] = []
  let at = 0
  for (let index = 0; index < counts[0]; index++) {
    const record = recordAt(records, at)
    if (record === undefined) break
    const isAddress = record.type === rrType.A || record.type === rrType.AAAA
    if (isAddress) addresses.push({ at: record.fixed + 10, length: record.end - record.fixed - 10 })
    at = record.end
  }
  return addresses
}

/** The addresses in an HTTPS or SVCB record, which browsers connect to as to those of A and AAAA: RFC 9460, sections 2.2 and 7.3. */
export function hintsIn(reply: Buffer, rdata: number, end: number): AddressSpan[] {
  const hints: AddressSpan[] = []
  let at = rdata + 2
  // The target's name should be written out; some read it with a pointer too.
  while (at < end && (reply[at] as number) > 0 && (reply[at] as number) < 0xc0) at += 1 + (reply[at] as number)
  for (at += (reply[at] as number) >= 0xc0 ? 2 : 1; at + 4 <= end; ) {
    const length = hintLengths[reply.readUInt16BE(at)]
    const valueEnd = at + 4 + reply.readUInt16BE(at + 2)
    if (valueEnd > end) break
    if (length !== undefined) for (let hint = at + 4; hint + length <= valueEnd; hint += length) hints.push({ at: hint, length })
    at = valueEnd
  }
  return hints
}

/** How long a negative answer may be kept: the lesser of the SOA's TTL and its MINIMUM (RFC 2308, section 5). 0 where it is broken. */
export function negativeLifetime(reply: Buffer, rdata: number, ttl: number): number {
  const end = rdata + reply.readUInt16BE(rdata - 2)
  // Two names of one octet at least, and five numbers.
  if (end - rdata < 22) return 0
  const minimum = reply.readUInt32BE(end - 4)
  return minimum > 0x7fff_ffff ? 0 : Math.min(ttl, minimum)
}
