import { AddressNode } from '../zones/address-node.ts'
import { labelsBelow, type Origin, originOf } from '../zones/origin.ts'
import type { RecordTable } from '../zones/record-table.ts'
import type { Handler } from './handler.ts'

const addresses = new AddressNode(['127.0.0.1', '::1'], 604_800)

/** `localhost` and all names below it that are not ours are the loopback addresses, asked of nobody: RFC 6761, section 6.3. */
export function localhost(table: RecordTable): Handler {
  const origin = originOf('localhost') as Origin
  return (query) => {
    if (labelsBelow(origin, query.name, query.labels) < 0) return undefined
    return addresses.answer(query.type) ?? table.apexOf(origin.text).noData()
  }
}
