import type { Answer } from '../wire/answer.ts'
import type { Query } from '../wire/query.ts'
import type { AddressNode } from '../zones/address-node.ts'
import type { EnvironmentZone } from '../zones/environment-zone.ts'
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
 * | `<service>-<configId>.<domain>` | the gateway's addresses |
 * | `<configId>.<domain>` | exists, has nothing |
 * | `<host>.<configId>.<domain>` | all instances |
 * | `<host>-<n>.<configId>.<domain>` | one instance |
 */
export function ownZone(table: RecordTable): Handler {
  return (query) => {
    const zone = table.zone
    if (zone === undefined) return undefined
    const depth = labelsBelow(zone.domain, query.name, query.labels)
    if (depth < 0) return undefined
    if (depth === 0) return table.apexes.own.answer(query.type) ?? table.apexes.own.noData()
    return depth === 1 ? directlyBelow(table, zone, query) : withinEnvironment(table, query, depth)
  }
}

/** `<service>-<configId>`, `<configId>` and the name server's own. */
function directlyBelow(table: RecordTable, zone: Zone, query: Query): Answer {
  const { own } = table.apexes
  const label = labelAt(query, 0)
  if (label === nameServerLabel) return zone.nameServer.answer(query.type) ?? own.noData()
  const dash = label.lastIndexOf('-')
  const environment = environmentOf(table, label.slice(dash + 1))
  if (dash < 0) return withinEnvironment(table, query, 1)
  if (environment === undefined || !environment.hasService(label.slice(0, dash))) return missing(table, query)
  const node = environment.ttl === 0 ? zone.gateway.changing : zone.gateway.steady
  return answerFrom(node, query, table)
}

function withinEnvironment(table: RecordTable, query: Query, depth: number): Answer {
  const environment = environmentOf(table, labelAt(query, depth - 1))
  const node = environment?.node(query.name.slice(0, query.labels[depth - 1]))
  if (environment === undefined || node === undefined) return missing(table, query, environment?.ttl)
  return node.answer(query.type) ?? environment.explain(table.apexes.own.noData(environment.ttl))
}

/** No name of an environment; it exists where an alias is below it. */
function missing(table: RecordTable, query: Query, ttl?: number): Answer {
  const { own } = table.apexes
  return table.aliases?.hasBelow(query.name) === true ? own.noData(ttl) : own.noName(ttl)
}

function answerFrom(node: AddressNode, query: Query, table: RecordTable): Answer {
  return node.answer(query.type) ?? table.apexes.own.noData(node.ttl)
}

/** Only the one way in which a configId is written: no sign, no zero in front. */
function environmentOf(table: RecordTable, digits: string): EnvironmentZone | undefined {
  const id = Number(digits)
  return String(id) === digits ? table.environment(id) : undefined
}

function labelAt(query: Query, index: number): string {
  const start = query.labels[index] as number
  return query.name.slice(start + 1, start + 1 + query.name.charCodeAt(start))
}
