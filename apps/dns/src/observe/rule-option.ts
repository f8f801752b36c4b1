import type { Link } from '../handlers/link.ts'
import type { Answer } from '../wire/answer.ts'
import type { Query } from '../wire/query.ts'

/**
 * How `standin dig` gets to know which rule gave an answer: with an EDNS option of local use (RFC 6891, section 9: 65001 to 65534). Whoever
 * sends it empty, as the last octets of the query, gets it back with a line of JSON, if he asks from this machine; nobody
 * else does. The answer is the one that all get, by the same way, of the same process, and no other port is needed; the
 * admin listener, which may be off, has tables and numbers, but does not see a query as an asker does. Servers that do not
 * know the option pass over it (section 6.1.2).
 */
const code = 65_053
const codeHigh = code >> 8
const codeLow = code & 0xff
/** Octets; the whole reply has to fit into 1232. */
const longestText = 500

/** What the option says. */
interface ToldRule {
  readonly rule: string
  /** For people; left out where there is nothing to add. */
  readonly detail?: string
  readonly ms: number
}

/** Whether the message from `start` to `end` ends with the empty option. It is looked for in every query: from the end, three octets tell. */
export function asksForRule(message: Buffer, start: number, end: number): boolean {
  if (message[end - 1] !== 0 || message[end - 2] !== 0) return false
  return message[end - 3] === codeLow && message[end - 4] === codeHigh && end - start > 27
}

/** The same answer, with the rule. It is not to be kept. */
export function withRule(query: Query, answer: Answer, link: Link, ms: number): Answer {
  const detail = link.explain?.(query, answer) ?? ''
  const told: ToldRule = {
    rule: link.rule,
    ...(detail === '' ? {} : { detail: detail.slice(0, longestText) }),
    ms: Math.round(ms * 1000) / 1000,
  }
  const text = Buffer.from(JSON.stringify(told))
  const head = Buffer.alloc(4)
  head.writeUInt16BE(code, 0)
  head.writeUInt16BE(text.length, 2)
  return { ...plain(answer), option: Buffer.concat([answer.option, head, text]), keepUntil: 0 }
}

/** Without getters, which a copy would lose. */
function plain({ rcode, authoritative, authentic, counts, records, option }: Answer): Answer {
  return { rcode, authoritative, authentic: authentic === true, counts, records, option }
}
