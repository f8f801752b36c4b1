import type { DnsmasqRules } from '../dnsmasq/dnsmasq-rules.ts'
import { displayName } from '../wire/name.ts'
import type { RecordTable } from '../zones/record-table.ts'
import { isWhole, prefixOfName } from '../zones/reverse-name.ts'
import type { Handler } from './handler.ts'
import { ownLocalZone } from './local-zones.ts'

/**
 * The names of the instances' addresses. In networks of our own (`localZones`) the names between exist too; of others only
 * the addresses that instances have are ours, each a zone of one name. That the networks have nothing else is said after
 * dnsmasq's file was asked.
 */
export function reverseZone(table: RecordTable, rules?: DnsmasqRules): Handler {
  return ({ name, labels, type }) => {
    const prefix = prefixOfName(name, labels)
    const found = prefix === undefined ? undefined : table.reverse.find(prefix, type)
    if (prefix === undefined || found === undefined) return undefined
    if (found !== 'noData') return found
    const zone = ownLocalZone(name, labels, rules)
    if (zone !== undefined) return table.apexOf(zone).answerAt(zone === displayName(name), type)
    return isWhole(prefix) ? table.apexOf(displayName(name)).noData() : undefined
  }
}
