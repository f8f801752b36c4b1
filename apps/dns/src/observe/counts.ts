import { Numbers } from '@standin/serving/metrics'
import type { Link } from '../handlers/link.ts'
import { type RuleName, ruleNames } from '../handlers/rule-names.ts'
import type { Answer } from '../wire/answer.ts'
import { highFlag, lowFlag, rcode, rrType, size } from '../wire/protocol.ts'
import type { Query } from '../wire/query.ts'
import { dropReasons, type MetricKey, metrics, rcodes, types } from './metric-list.ts'
import type { QueryLog } from './query-log.ts'
import type { QueryObserver } from './query-observer.ts'

const { queries, replies, rules } = metrics.list
/** RFC 9460, section 14.1. */
const https = 65
const typeNumbers: Readonly<Record<string, number>> = { ...rrType, HTTPS: https }
const otherType = types.length - 1
const typeIndex = new Uint8Array(256).fill(otherType)
for (const [index, type] of types.entries()) {
  const number = typeNumbers[type]
  if (number !== undefined) typeIndex[number] = index
}
const otherRcode = rcodes.length - 1
const rcodeIndex = new Uint8Array(32).fill(otherRcode)
for (const [name, code] of Object.entries(rcode)) rcodeIndex[code] = rcodes.indexOf(name)
const ruleIndex = new Map<RuleName, number>(ruleNames.map((name, index) => [name, index]))
const ready = ruleNames.indexOf('ready')
const readyCache = ruleNames.indexOf('ready-cache')

/** The numbers of one process, in the layout of `metrics`; hands on to the query log what it wants. */
export class Counts extends Numbers<MetricKey> implements QueryObserver {
  readonly #log: QueryLog

  constructor(log: QueryLog) {
    super(metrics)
    this.#log = log
  }

  get wantsAll(): boolean {
    return this.#log.isOn
  }

  gaveReady(reply: Buffer, at: number): void {
    let next = at + size.header
    for (let length = reply[next] as number; length !== 0; length = reply[next] as number) next += length + 1
    const type = reply[next + 1] === 0 ? (typeIndex[reply[next + 2] as number] as number) : otherType
    this.plus(queries.offset + type, 1)
    this.plus(replies.offset + (rcodeIndex[(reply[at + 3] as number) & lowFlag.RCODE] as number), 1)
    this.plus(rules.offset + (((reply[at + 2] as number) & highFlag.AA) === 0 ? readyCache : ready), 1)
  }

  asked(query: Query, answer: Answer, link: Link, overTcp: boolean, ms: number): void {
    const type = query.type < typeIndex.length ? (typeIndex[query.type] as number) : otherType
    this.plus(queries.offset + (overTcp ? types.length : 0) + type, 1)
    this.plus(replies.offset + (rcodeIndex[answer.rcode] ?? otherRcode), 1)
    this.plus(rules.offset + (ruleIndex.get(link.rule) as number), 1)
    if (this.#log.isOn) this.#log.write(query, answer, link, overTcp, ms)
  }

  dropped(reason: (typeof dropReasons)[number]): void {
    this.add('dropped', dropReasons.indexOf(reason))
  }

  cut(): void {
    this.add('cut')
  }
}
