import { readName } from '../upstream/reply-names.ts'
import type { Answer } from '../wire/answer.ts'
import { nameBytes, type WireName } from '../wire/name.ts'
import { rcode, rrType } from '../wire/protocol.ts'
import type { Query } from '../wire/query.ts'
import { recordAt } from '../wire/records.ts'
import { drop, type Handler } from './handler.ts'
import { questionFor } from './question-for.ts'

interface HasHandler {
  readonly handle: Handler
}

const optLength = 11
/** Octets of the shortest record with an address: of the root. */
const shortestAddress = 15

/**
 * Makes links that answer for names of ours put the addresses of where an SRV or MX record leads into the additional section
 * (RFC 2782, the rules for name servers; RFC 1035, section 3.3.9): those that one of the links has itself, and as many
 * as there is room for. Nobody else is asked for them.
 */
export function addTargets<L extends HasHandler>(links: readonly L[]): L[] {
  const handlers = links.map(({ handle }) => handle)
  return links.map((link) => ({
    ...link,
    handle(query: Query) {
      const outcome = link.handle(query)
      const head = headLength(query.type)
      if (head === 0 || outcome === undefined || outcome === drop || outcome instanceof Promise) return outcome
      return outcome.rcode === rcode.NOERROR && outcome.counts[0] > 0 ? withTargets(query, outcome, head, handlers) : outcome
    },
  }))
}

/** Octets of RDATA in front of the name that a record leads to; 0: it leads to none. */
function headLength(type: number): number {
  if (type === rrType.SRV) return 6
  return type === rrType.MX ? 2 : 0
}

function withTargets(query: Query, answer: Answer, head: number, handlers: readonly Handler[]): Answer {
  let room = query.limit - query.questionEnd - answer.records.length - optLength - answer.option.length
  let keepUntil = answer.keepUntil ?? 0
  const parts = [answer.records]
  let count = 0
  if (room < shortestAddress) return answer
  for (const target of targetsIn(query, answer, head)) {
    if (room < shortestAddress) break
    for (const type of [rrType.A, rrType.AAAA]) {
      const found = addressesOf(questionFor(query, target, type), handlers)
      if (found === undefined) continue
      keepUntil = Math.min(keepUntil, found.keepUntil)
      const length = found.records.reduce((sum, record) => sum + record.length, 0)
      // Half a set of addresses is worse than none (RFC 2181, section 9).
      if (length > room) continue
      room -= length
      count += found.records.length
      parts.push(...found.records)
    }
  }
  if (count === 0) return answer
  const [answers, authorities, additionals] = answer.counts
  return { ...answer, keepUntil, counts: [answers, authorities, additionals + count], records: Buffer.concat(parts) }
}

function targetsIn(query: Query, answer: Answer, head: number): Set<WireName> {
  const message = Buffer.concat([query.message.subarray(0, query.questionEnd), answer.records])
  const targets = new Set<WireName>()
  let at = query.questionEnd
  for (let index = 0; index < answer.counts[0]; index++) {
    const record = recordAt(message, at)
    if (record === undefined) break
    const target = record.type === query.type ? readName(message, record.fixed + 10 + head) : undefined
    // The root: there is no such service.
    if (target !== undefined && target.length > 1) targets.add(target)
    at = record.end
  }
  return targets
}

/** With their owners written out. Undefined: none of ours. */
function addressesOf(query: Query, handlers: readonly Handler[]): { readonly records: Buffer[]; readonly keepUntil: number } | undefined {
  for (const handle of handlers) {
    const answer = handle(query)
    if (answer === undefined) continue
    if (answer === drop || answer instanceof Promise || answer.rcode !== rcode.NOERROR) return undefined
    const message = Buffer.concat([query.message.subarray(0, query.questionEnd), answer.records])
    const owner = nameBytes(query.name)
    const records: Buffer[] = []
    let at = query.questionEnd
    for (let index = 0; index < answer.counts[0]; index++) {
      const record = recordAt(message, at)
      // A target is no alias (RFC 2782).
      if (record === undefined || record.type !== query.type) return undefined
      records.push(Buffer.concat([owner, message.subarray(record.fixed, record.end)]))
      at = record.end
    }
    return records.length === 0 ? undefined : { records, keepUntil: answer.keepUntil ?? 0 }
  }
  return undefined
}
