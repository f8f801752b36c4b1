import { readName } from '../upstream/reply-names.ts'
import type { Answer } from '../wire/answer.ts'
import { labelOffsets, nameBytes, type WireName } from '../wire/name.ts'
import { rrClass, rrType } from '../wire/protocol.ts'
import type { Query } from '../wire/query.ts'
import { recordAt } from '../wire/records.ts'

/** One step from a name to the next one. */
interface Step {
  readonly owner: WireName
  readonly target: WireName
  /** Seconds. */
  readonly ttl: number
}

/** An answer that leads away and does not say what is there. */
export interface AliasEnd {
  readonly steps: readonly Step[]
  readonly target: WireName
  /** It leads to a name that it came by before. */
  readonly isCircle: boolean
}

/**
 * Where the aliases in an answer lead (RFC 1034, section 3.6.2), if what is there is still to be asked for. `isOurs`: for such
 * a name nobody else's records count. Answers that don't begin with an alias cost one look.
 */
export function aliasEnd(
  query: Query,
  answer: Answer,
  isOurs: (name: WireName, labels: readonly number[]) => boolean,
): AliasEnd | undefined {
  if (answer.counts[0] === 0 || !beginsWithAlias(answer.records)) return undefined
  if (query.type === rrType.CNAME || query.type === rrType.ANY) return undefined
  const message = messageOf(query, answer)
  const aliases = new Map<WireName, Step>()
  const answered = new Set<WireName>()
  let at = query.questionEnd
  for (let index = 0; index < answer.counts[0]; index++) {
    const record = recordAt(message, at)
    const owner = readName(message, at)
    if (record === undefined || owner === undefined) return undefined
    if (record.type === query.type) answered.add(owner)
    else if (record.type === rrType.CNAME) {
      const target = readName(message, record.fixed + 10)
      if (target === undefined) return undefined
      aliases.set(owner, { owner, target, ttl: message.readUInt32BE(record.fixed + 4) })
    }
    at = record.end
  }
  const steps: Step[] = []
  const seen = new Set([query.name])
  let name = query.name
  for (let step = aliases.get(name); step !== undefined; step = aliases.get(name)) {
    steps.push(step)
    name = step.target
    if (seen.has(name)) return { steps, target: name, isCircle: true }
    seen.add(name)
    if (isOurs(name, labelOffsets(name))) return { steps, target: name, isCircle: false }
  }
  return steps.length === 0 || answered.has(name) ? undefined : { steps, target: name, isCircle: false }
}

/** The answer that says what is at the end. Its code is that of the end (RFC 6604, section 3), its AA that of the beginning. */
export function joinAnswers(first: Answer, { steps }: AliasEnd, query: Query, last: Answer): Answer {
  const message = messageOf(query, last)
  const [answers, authorities] = last.counts
  const parts = steps.map(({ owner, target, ttl }) => record(owner, rrType.CNAME, ttl, nameBytes(target)))
  let at = query.questionEnd
  for (let index = 0; index < answers + authorities; index++) {
    const span = recordAt(message, at)
    const owner = readName(message, at)
    if (span === undefined || owner === undefined) return first
    parts.push(record(owner, span.type, message.readUInt32BE(span.fixed + 4), writtenOut(message, span.type, span.fixed + 10, span.end)))
    at = span.end
  }
  return {
    ...first,
    rcode: last.rcode,
    counts: [steps.length + answers, authorities, 0],
    records: Buffer.concat(parts),
    option: last.option.length > 0 ? last.option : first.option,
    keepUntil: Math.min(first.keepUntil ?? 0, last.keepUntil ?? 0),
    authentic: first.authentic === true && last.authentic === true,
  }
}

/** Almost always by a pointer to the question. */
function beginsWithAlias(records: Buffer): boolean {
  if ((records[0] as number) >= 0xc0) return records[2] === 0 && records[3] === rrType.CNAME
  return recordAt(records, 0)?.type === rrType.CNAME
}

/** As it is sent, but for the header: names may be pointers into it. */
function messageOf({ message, questionEnd }: Query, { records }: Answer): Buffer {
  return Buffer.concat([message.subarray(0, questionEnd), records])
}

/** RDATA without pointers. Only types of RFC 1035 may have any: RFC 3597, section 4. */
function writtenOut(message: Buffer, type: number, start: number, end: number): Buffer {
  const head = headLength(type)
  if (head < 0) return message.subarray(start, end)
  const names: Buffer[] = []
  let at = start + head
  for (let count = type === rrType.SOA ? 2 : 1; count > 0; count--) {
    const name = readName(message, at)
    if (name === undefined) return message.subarray(start, end)
    names.push(nameBytes(name))
    while ((message[at] as number) > 0 && (message[at] as number) < 0xc0) at += 1 + (message[at] as number)
    at += message[at] === 0 ? 1 : 2
  }
  return Buffer.concat([message.subarray(start, start + head), ...names, message.subarray(at, end)])
}

/** Octets in front of the first name; -1: there is none. */
function headLength(type: number): number {
  switch (type) {
    case rrType.NS:
    case rrType.CNAME:
    case rrType.PTR:
    case rrType.SOA:
    case rrType.DNAME:
      return 0
    case rrType.MX:
      return 2
    case rrType.SRV:
      return 6
    default:
      return -1
  }
}

function record(owner: WireName, type: number, ttl: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(type, 0)
  fixed.writeUInt16BE(rrClass.IN, 2)
  fixed.writeUInt32BE(ttl, 4)
  fixed.writeUInt16BE(data.length, 8)
  return Buffer.concat([nameBytes(owner), fixed, data])
}
