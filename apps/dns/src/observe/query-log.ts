import type { LineWriter } from '@standin/serving/line-writer'
import type { Link } from '../handlers/link.ts'
import type { Answer } from '../wire/answer.ts'
import { displayName } from '../wire/name.ts'
import { rcodeName, rrType } from '../wire/protocol.ts'
import type { Query } from '../wire/query.ts'
import { addressText } from '../wire/source.ts'

const typeNames = new Map<number, string>([...Object.entries(rrType).map(([name, type]) => [type, name] as const), [65, 'HTTPS']])

/**
 * One JSON line for each query: who asked, what, and which rule answered. Off unless it is switched on: it costs as much as
 * the answer does. Lines are gathered, and dropped rather than that a query waits for the log.
 */
export class QueryLog {
  readonly #out: Pick<LineWriter, 'write'>
  isOn: boolean

  constructor(out: Pick<LineWriter, 'write'>, isOn: boolean) {
    this.#out = out
    this.isOn = isOn
  }

  write(query: Query, answer: Answer, link: Link, overTcp: boolean, ms: number): void {
    const { source, type } = query
    const from = link.rule === 'forward' ? `,"from":${JSON.stringify(answer.from ?? link.explain?.(query, answer) ?? '')}` : ''
    const what = `"name":${JSON.stringify(displayName(query.name))},"type":"${typeNames.get(type) ?? `TYPE${type}`}"`
    const code = rcodeName(answer.rcode)
    this.#out.write(
      `{"level":30,"time":${Date.now()},"msg":"query","client":"${addressText(source)}","transport":"${overTcp ? 'tcp' : 'udp'}",${what},"rcode":"${code}","rule":"${link.rule}"${from},"ms":${Math.round(ms * 1000) / 1000}}\n`,
    )
  }
}
