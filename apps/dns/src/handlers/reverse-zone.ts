import { displayName } from '../wire/name.ts'
import { labelsBelow, type Origin, originOf } from '../zones/origin.ts'
import type { RecordTable } from '../zones/record-table.ts'
import { loopbackOrigin } from '../zones/record-table.ts'
import { ZoneApex } from '../zones/zone-apex.ts'
import type { Handler } from './handler.ts'

/**
 * The names of the instances' addresses. 127.in-addr.arpa is ours as a whole and never asked of anybody else (RFC 6303,
 * section 4.2); of other networks only the addresses that instances have, each a zone of one name.
 */
export function reverseZone(table: RecordTable): Handler {
  const loopback = originOf(loopbackOrigin) as Origin
  return (query) => {
    const depth = labelsBelow(loopback, query.name, query.labels)
    const apex = table.apexes.loopback
    if (depth === 0) return apex.answer(query.type) ?? apex.noData()
    const found = table.reverse.find(query.name, query.type)
    if (found === undefined) return depth > 0 ? apex.noName() : undefined
    if (found !== 'noData') return found
    return depth > 0 ? apex.noData() : new ZoneApex(displayName(query.name), table.nameServer, table.revision).noData()
  }
}
