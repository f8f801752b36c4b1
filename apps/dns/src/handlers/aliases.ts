import { displayName } from '../wire/name.ts'
import { labelsBelow } from '../zones/origin.ts'
import type { RecordTable } from '../zones/record-table.ts'
import type { Handler } from './handler.ts'

/**
 * Names that were given to environments: the gateway's addresses. One outside of the domain is a zone of one name; what is
 * below and beside it is somebody else's.
 */
export function aliases(table: RecordTable): Handler {
  return (query) => {
    const zone = table.zone
    const environment = table.aliases?.find(query.name)
    if (zone === undefined || environment === undefined) return undefined
    const node = environment.isChanging ? zone.gateway.changing : zone.gateway.steady
    const answer = node.answer(query.type)
    if (answer !== undefined) return answer
    const isOurs = labelsBelow(zone.domain, query.name, query.labels) >= 0
    const apex = isOurs ? table.apex : table.apexOf(displayName(query.name))
    return apex.noData(node.ttl)
  }
}
