import { type Answer, extendedErrorOption } from '../wire/answer.ts'
import { extendedError } from '../wire/protocol.ts'
import type { Query } from '../wire/query.ts'
import type { KeptNode } from '../zones/kept-node.ts'
import { labelsBelow } from '../zones/origin.ts'
import { nameServerLabel, type RecordTable, type Zone } from '../zones/record-table.ts'
import type { Handler } from './handler.ts'

/**
 * The names of the domain:
 *
 * | name | answer |
 * |---|---|
 * | `<domain>` | SOA, NS |
 * | `ns.<domain>` | where this resolver listens |
 * | `<configId>.<domain>` | TXT: state and owner |
 * | `_<service>._tcp.<configId>.<domain>` | SRV: the gateway |
 * | `<host>.<configId>.<domain>` | all instances |
 * | `<host>-<n>.<configId>.<domain>` | one instance |
 * | `<service>-<configId>.<domain>` | the gateway's addresses |
 * | `*.<domain>` | the gateway's addresses, unless the label below the domain is one of those above, an alias, or a number |
 *
 * A number is reserved to an environment, so it exists and has nothing while there is no such environment
 * (docs/decisions/dns-wildcard.md).
 */
export function ownZone(table: RecordTable): Handler {
  return (query) => {
    const zone = table.zone
    if (zone === undefined) return undefined
    const depth = labelsBelow(zone.domain, query.name, query.labels)
    if (depth < 0) return undefined
    if (depth === 0) return table.apex.answer(query.type) ?? table.apex.noData()
    const label = labelAt(query, depth - 1)
    if (isNumber(label)) return withinEnvironment(table, query, depth, label)
    const node = nodeOf(table, zone, label)
    if (node !== undefined && depth === 1) return node.answer(query.type) ?? table.apex.noData(node.ttl)
    if (node !== undefined || existsByAlias(table, query, depth)) return missing(table, query)
    // RFC 4592, section 3.3.1: the closest name that exists is the domain.
    return zone.gateway.steady.answer(query.type) ?? table.apex.noData(zone.ttl)
  }
}

/** What is directly below the domain and no number, alias or wildcard; the wildcard's own name exists too (RFC 4592, section 2.2.1). */
function nodeOf(table: RecordTable, zone: Zone, label: string): KeptNode | undefined {
  if (label === '*') return zone.gateway.steady
  if (label === nameServerLabel) return zone.nameServer
  const dash = label.lastIndexOf('-')
  if (dash < 0) return undefined
  const environment = environmentOf(table, label.slice(dash + 1))
  if (environment?.hasService(label.slice(0, dash)) !== true) return undefined
  return environment.isChanging ? zone.gateway.changing : zone.gateway.steady
}

function withinEnvironment(table: RecordTable, query: Query, depth: number, label: string): Answer {
  const environment = environmentOf(table, label)
  if (environment === undefined) {
    // It may come at any moment.
    const nothing = depth === 1 ? table.apex.noData(0) : missing(table, query, 0)
    return explained(query, nothing, wordsForNone(table, label))
  }
  const node = environment.node(query.name.slice(0, query.labels[depth - 1]))
  if (node === undefined) return missing(table, query, environment.ttl)
  const answer = node.answer(query.type)
  if (answer !== undefined) return answer
  const noData = table.apex.noData(environment.ttl)
  const { state } = environment.entry
  return node.isBare ? explained(query, noData, `environment ${label} is ${state}: this host has no address`) : noData
}

/** Nothing of this name; it exists where an alias is below it. */
function missing(table: RecordTable, query: Query, ttl?: number): Answer {
  return table.aliases?.hasBelow(query.name) === true ? table.apex.noData(ttl) : table.apex.noName(ttl)
}

/** Whether the name directly below the domain is an alias, or has one below it. */
function existsByAlias({ aliases }: RecordTable, query: Query, depth: number): boolean {
  if (aliases === undefined || aliases.size === 0) return false
  const name = query.name.slice(query.labels[depth - 1])
  return aliases.find(name) !== undefined || aliases.hasBelow(name)
}

/** Says why with an extended error: RFC 8914, section 4.1, as none of the codes is for this. */
function explained({ edns }: Query, answer: Answer, words: string): Answer {
  return edns === undefined ? answer : { ...answer, option: extendedErrorOption(extendedError.OTHER, words) }
}

function wordsForNone(table: RecordTable, label: string): string {
  const id = Number(label)
  return String(id) === label && id < table.nextId ? `environment ${label} was deleted` : `there is no environment ${label}`
}

/** Only the one way in which a configId is written: no zero in front. */
function environmentOf(table: RecordTable, digits: string) {
  const id = Number(digits)
  return String(id) === digits ? table.environment(id) : undefined
}

function isNumber(label: string): boolean {
  for (let at = 0; at < label.length; at++) {
    const digit = label.charCodeAt(at)
    if (digit < 0x30 || digit > 0x39) return false
  }
  return true
}

function labelAt(query: Query, index: number): string {
  const start = query.labels[index] as number
  return query.name.slice(start + 1, start + 1 + query.name.charCodeAt(start))
}
