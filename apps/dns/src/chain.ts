import type { AccessList } from './clients/access-list.ts'
import type { DnsmasqRules } from './dnsmasq/dnsmasq-rules.ts'
import { dnsmasqFile, withheldByFile } from './dnsmasq/handler.ts'
import { addTargets } from './handlers/add-targets.ts'
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
import { followAliases } from './handlers/follow-aliases.ts'
import { forward } from './handlers/forward.ts'
import { refuseTheRest, untilLoaded } from './handlers/last-words.ts'
import type { Link } from './handlers/link.ts'
import { localZones } from './handlers/local-zones.ts'
import { localhost } from './handlers/localhost.ts'
import { ownZone } from './handlers/own-zone.ts'
import { reverseZone } from './handlers/reverse-zone.ts'
import { explainAlias, explainFile, explainForward, explainOwnZone } from './observe/explanations.ts'
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

/** Every query goes down this list; the first handler that has an answer gives it. `rule` is its name in metrics, in the query log and for `standin dig`. */
export function chain({ access, table, forwarder, rules }: ChainParts): readonly Link[] {
  return [
    { rule: 'noise', handle: dropNoise }, // responses, runts, source port 0: no answer at all
    { rule: 'access', handle: refuseStrangers(access) }, // REFUSED: who is not on our networks
    { rule: 'opcode', handle: refuseOpcodes }, // NOTIMP: we answer queries, nothing else
    { rule: 'malformed', handle: refuseMalformed }, // FORMERR: not exactly one question, more than one OPT, cut off
    { rule: 'edns-version', handle: refuseEdnsVersions }, // BADVERS: EDNS above version 0
    { rule: 'class', handle: refuseClasses }, // REFUSED: CHAOS, ANY
    { rule: 'type', handle: refuseMetaTypes }, // REFUSED: zone transfers; NOTIMP and FORMERR: types that no name has
    { rule: 'not-loaded', handle: untilLoaded(table) }, // SERVFAIL: which names are ours is not known yet
    // These follow aliases from one to another, and say where services are.
    ...followAliases<Link>(
      addTargets<Link>([
        { rule: 'alias', handle: aliases(table), explain: explainAlias(table) }, // demo.<domain>, and names outside of it that an admin gave away: the gateway
        { rule: 'own-zone', handle: ownZone(table), explain: explainOwnZone(table) }, // <domain> and all below it: hosts, services, the wildcard, NXDOMAIN and NODATA
        { rule: 'reverse-zone', handle: reverseZone(table, rules) }, // PTR of instances' addresses
        ...(rules === undefined ? [] : [{ rule: 'file' as const, handle: dnsmasqFile(rules), explain: explainFile(rules) }]), // names of dnsmasq's file: hosts, address=, local=, cname=
        { rule: 'localhost', handle: localhost(table) }, // localhost and what is below it
        { rule: 'local-zone', handle: localZones(table, rules) }, // what the public DNS has not: addresses of private networks, test, invalid, onion, home.arpa
        ...(rules === undefined ? [] : [{ rule: 'file' as const, handle: withheldByFile(rules), explain: explainFile(rules) }]), // domain-needed, bogus-priv
      ]),
      { rule: 'forward', handle: forward(forwarder), explain: explainForward }, // everything else: the upstreams
      table,
      forwarder.guard,
    ),
    { rule: 'nobody', handle: refuseTheRest }, // REFUSED: no upstream, or no recursion wanted
  ]
}

/** The same without a control plane: nothing but the file says what is ours. */
export function standaloneChain({ access, table, forwarder, rules }: Required<ChainParts>): readonly Link[] {
  return [
    { rule: 'noise', handle: dropNoise },
    { rule: 'access', handle: refuseStrangers(access) },
    { rule: 'opcode', handle: refuseOpcodes },
    { rule: 'malformed', handle: refuseMalformed },
    { rule: 'edns-version', handle: refuseEdnsVersions },
    { rule: 'class', handle: refuseClasses },
    { rule: 'type', handle: refuseMetaTypes },
    ...followAliases<Link>(
      addTargets<Link>([
        { rule: 'file', handle: dnsmasqFile(rules), explain: explainFile(rules) },
        { rule: 'localhost', handle: localhost(table) },
        { rule: 'file', handle: withheldByFile(rules), explain: explainFile(rules) },
      ]),
      { rule: 'forward', handle: forward(forwarder), explain: explainForward },
      table,
      forwarder.guard,
    ),
    { rule: 'nobody', handle: refuseTheRest },
  ]
}
