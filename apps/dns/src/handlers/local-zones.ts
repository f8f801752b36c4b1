import type { DnsmasqRules } from '../dnsmasq/dnsmasq-rules.ts'
import { type Answer, answerOf } from '../wire/answer.ts'
import { displayName, nameBytes, type WireName, wireName } from '../wire/name.ts'
import { rrType } from '../wire/protocol.ts'
import { recordSet } from '../wire/record-set.ts'
import { apexTtl } from '../zones/lifetime.ts'
import { localZoneOf } from '../zones/local-zones.ts'
import type { RecordTable } from '../zones/record-table.ts'
import type { Handler } from './handler.ts'

const localhost = wireName('localhost') as WireName
/** Of 127.0.0.1 and ::1, where no instance has them. */
const loopbackName: Answer = answerOf({ counts: [1, 0, 0], records: recordSet(rrType.PTR, apexTtl, [nameBytes(localhost)]) })
const loopbacks: ReadonlySet<WireName | undefined> = new Set(
  ['1.0.0.127.in-addr.arpa', `1.${'0.'.repeat(31)}ip6.arpa`].map((text) => wireName(text)),
)
const aboveLoopback: ReadonlySet<WireName | undefined> = new Set(['0.0.127.in-addr.arpa', '0.127.in-addr.arpa'].map(wireName))

/**
 * Zones that everybody has to have himself, as the public DNS knows nothing of them: private networks' addresses (RFC 6303),
 * `test`, `invalid` (RFC 6761), `onion` (RFC 7686), `home.arpa` (RFC 8375). Empty, unless the configuration has servers for
 * one, its own or with `#` those for all names: then they are asked.
 */
export function localZones(table: RecordTable, rules?: DnsmasqRules): Handler {
  return ({ name, labels, type }) => {
    const zone = ownLocalZone(name, labels, rules)
    if (zone === undefined) return undefined
    const apex = table.apexOf(zone)
    if (type === rrType.PTR && loopbacks.has(name)) return loopbackName
    if (zone === displayName(name)) return apex.answerAt(true, type)
    return loopbacks.has(name) || aboveLoopback.has(name) ? apex.noData() : apex.noName()
  }
}

/** The local zone of a name, in text; undefined: it is in none, or in one that others are asked of. */
export function ownLocalZone(name: WireName, labels: readonly number[], rules: DnsmasqRules | undefined): string | undefined {
  const zone = localZoneOf(name, labels)
  return zone === undefined || rules?.current.hasServersFor(name, labels) === true ? undefined : zone
}
