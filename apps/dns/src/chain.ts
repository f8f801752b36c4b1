import type { DnsmasqRules } from './dnsmasq/dnsmasq-rules.ts'
import { dnsmasqFile } from './dnsmasq/handler.ts'
import { aliases } from './handlers/aliases.ts'
import {
  dropNoise,
  refuseClasses,
  refuseEdnsVersions,
  refuseMalformed,
  refuseMetaTypes,
  refuseOpcodes,
  refuseStrangers,
} from './handlers/checks.ts'
import { forward } from './handlers/forward.ts'
import type { Handler } from './handlers/handler.ts'
import { refuseTheRest, untilLoaded } from './handlers/last-words.ts'
import { localhost } from './handlers/localhost.ts'
import { ownZone } from './handlers/own-zone.ts'
import { reverseZone } from './handlers/reverse-zone.ts'
import type { AccessList } from './server/access-list.ts'
import type { Forwarder } from './upstream/forwarder.ts'
import type { RecordTable } from './zones/record-table.ts'

/** What the handlers answer from. */
export interface ChainParts {
  readonly access: AccessList
  readonly table: RecordTable
  readonly forwarder: Forwarder
  /** Of `--conf-file`. */
  readonly rules?: DnsmasqRules
}

/** Every query goes down this list; the first handler that has an answer gives it. */
export function chain({ access, table, forwarder, rules }: ChainParts): readonly Handler[] {
  return [
    dropNoise, // responses, runts, source port 0: no answer at all
    refuseStrangers(access), // REFUSED: who is not on our networks
    refuseOpcodes, // NOTIMP: we answer queries, nothing else
    refuseMalformed, // FORMERR: not exactly one question, more than one OPT, cut off
    refuseEdnsVersions, // BADVERS: EDNS above version 0
    refuseClasses, // REFUSED: CHAOS, ANY
    refuseMetaTypes, // REFUSED: zone transfers; NOTIMP and FORMERR: types that no name has
    untilLoaded(table), // SERVFAIL: which names are ours is not known yet
    aliases(table), // demo.<domain>, and names outside of it that an admin gave away: the gateway
    ownZone(table), // <service>-<id>.<domain>, <host>.<id>.<domain>, NXDOMAIN and NODATA below <domain>
    reverseZone(table), // PTR of instances' addresses, all of 127.in-addr.arpa
    ...(rules === undefined ? [] : [dnsmasqFile(rules)]), // names of dnsmasq's file: hosts, address=, local=, cname=
    localhost(table), // localhost and what is below it
    forward(forwarder), // everything else: the upstreams
    refuseTheRest, // REFUSED: no upstream, or no recursion wanted
  ]
}

/** The same without a control plane: nothing but the file says what is ours. */
export function standaloneChain({ access, table, forwarder, rules }: Required<ChainParts>): readonly Handler[] {
  return [
    dropNoise,
    refuseStrangers(access),
    refuseOpcodes,
    refuseMalformed,
    refuseEdnsVersions,
    refuseClasses,
    refuseMetaTypes,
    dnsmasqFile(rules),
    localhost(table),
    forward(forwarder),
    refuseTheRest,
  ]
}
