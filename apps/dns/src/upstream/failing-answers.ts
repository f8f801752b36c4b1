import { type Answer, bareAnswer, extendedErrorOption } from '../wire/answer.ts'
import { extendedError, rcode, rcodeName } from '../wire/protocol.ts'
import { addressText, type Source } from '../wire/source.ts'
import type { CheckedReply } from './reply-check.ts'

const nothing = Buffer.alloc(0)

export const overloaded: Answer = bareAnswer(rcode.SERVFAIL, { code: extendedError.OTHER, text: 'too many questions wait for upstreams' })
export const stopping: Answer = bareAnswer(rcode.SERVFAIL, { code: extendedError.NOT_READY, text: 'the resolver is stopping' })
export function loops(from: Source): Answer {
  const text = `forwarding loop: ${addressText(from)} asks the resolver for what the resolver has asked upstream`
  return bareAnswer(rcode.SERVFAIL, { code: extendedError.OTHER, text })
}
/** As dnsmasq has it: nothing, and no SOA by which that could be kept. */
export const rebinding: Answer = bareAnswer(rcode.NOERROR, {
  code: extendedError.BLOCKED,
  text: 'an upstream gave a private address for a public name (DNS rebinding)',
})
export const bogus: Answer = bareAnswer(rcode.NXDOMAIN, {
  code: extendedError.BLOCKED,
  text: 'an upstream gave an address that stands for no such name',
})

/** RFC 8914, sections 4.23 and 4.24: nobody said anything, or the network did not let us ask. `reasons`: of each of them. */
export function unreachable(wasNetwork: boolean, reasons: string): Answer {
  if (wasNetwork) return bareAnswer(rcode.SERVFAIL, { code: extendedError.NETWORK_ERROR, text: `no upstream could be asked: ${reasons}` })
  return bareAnswer(rcode.SERVFAIL, { code: extendedError.NO_REACHABLE_AUTHORITY, text: `no upstream gave an answer: ${reasons}` })
}

/** An upstream's error, with its reason, but without its records. One without a reason gets that it was the upstream's. */
export function refusalOf(reply: CheckedReply, label: string): Answer {
  // Who refers to others does not answer questions like ours.
  const isReferral = reply.kind === 'referral'
  const said = isReferral ? 'refers to others: it is no resolver' : `answered ${rcodeName(reply.rcode)}`
  const option = reply.explanation ?? extendedErrorOption(extendedError.NO_REACHABLE_AUTHORITY, `upstream ${label} ${said}`)
  const code = isReferral ? rcode.SERVFAIL : reply.rcode
  return { rcode: code, authoritative: false, counts: [0, 0, 0], records: nothing, option, keepUntil: 0 }
}

/** What is given to who waits for it. TTLs are written as they are to be read: at most `maxTtl` seconds, and 0 where they were none. */
export function answerFrom(reply: CheckedReply, maxTtl: number, from: string): Answer {
  const { rcode: code, counts, records, ttls, authentic, explanation } = reply
  for (let index = 0; index < ttls.length; index += 2)
    records.writeUInt32BE(Math.min(ttls[index + 1] as number, maxTtl), ttls[index] as number)
  return { rcode: code, authoritative: false, authentic, counts, records, option: explanation ?? nothing, keepUntil: 0, from }
}
