import { CachedAnswer } from '../cache/cached-answer.ts'
import type { DnsmasqRules } from '../dnsmasq/dnsmasq-rules.ts'
import { whereInFile } from '../dnsmasq/where-in-file.ts'
import type { Link } from '../handlers/link.ts'
import { displayName } from '../wire/name.ts'
import { rcode } from '../wire/protocol.ts'
import { labelsBelow } from '../zones/origin.ts'
import { nameServerLabel, type RecordTable } from '../zones/record-table.ts'

type Explain = NonNullable<Link['explain']>

/** Which environment a name was given to. */
export function explainAlias(table: RecordTable): Explain {
  return ({ name }) => {
    const environment = table.aliases?.find(name)?.entry.environment
    return environment === undefined ? '' : `${displayName(name)} was given to environment ${environment}: the gateway`
  }
}

/** Which kind of name of the domain it is. */
export function explainOwnZone(table: RecordTable): Explain {
  return (query, answer) => {
    const { zone } = table
    if (zone === undefined) return ''
    const depth = labelsBelow(zone.domain, query.name, query.labels)
    if (depth <= 0) return `the beginning of the zone ${zone.domain.text}`
    const labels = displayName(query.name.slice(0, query.labels[depth]).concat('\0')).split('.')
    if (depth === 1 && labels[0] === nameServerLabel) return 'the name of this name server'
    const id = /(?:^|-)([1-9][0-9]{0,14})$/.exec(labels.at(-1) ?? '')?.[1]
    const environment = id === undefined ? undefined : table.environment(Number(id))
    if (environment === undefined) {
      return answer.rcode === rcode.NXDOMAIN ? `no name of ${zone.domain.text}` : `*.${zone.domain.text}: the gateway`
    }
    const { state, owner } = environment.entry
    const whose = `environment ${id} (${state}, of ${owner})`
    if (answer.rcode === rcode.NXDOMAIN) return `no host or service of ${whose}`
    if (depth > 1) return `a host of ${whose}`
    return labels[0] === id ? `${whose} itself` : `a service of ${whose}: the gateway`
  }
}

/** Which line of dnsmasq's file, or of a file that it names. */
export function explainFile(rules: DnsmasqRules): Explain {
  return (query) => whereInFile(rules, query)
}

/** Cache or upstream. */
export const explainForward: Explain = (_, answer) => {
  if (answer instanceof CachedAnswer) return answer.isStale ? 'the cache, out of date: no upstream can be reached' : 'the cache'
  return answer.from === undefined ? 'no upstream gave an answer' : `upstream ${answer.from}`
}
