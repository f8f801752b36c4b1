import { CachedAnswer } from '../cache/cached-answer.ts'
import type { DnsmasqRules } from '../dnsmasq/dnsmasq-rules.ts'
import { whereInFile } from '../dnsmasq/where-in-file.ts'
import type { Link } from '../handlers/link.ts'
import type { Answer } from '../wire/answer.ts'
import { displayName } from '../wire/name.ts'
import { rcode } from '../wire/protocol.ts'
import type { EnvironmentZone } from '../zones/environment-zone.ts'
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
    const label = labels.at(-1) ?? ''
    if (/^[0-9]+$/.test(label)) return withinEnvironment(table, labels, answer)
    if (answer.rcode === rcode.NXDOMAIN) return `nothing is below ${label}.${zone.domain.text}`
    const [, service = '', id = ''] = /^(.+)-([1-9][0-9]{0,14})$/.exec(label) ?? []
    const environment = table.environment(Number(id))
    if (depth > 1 || environment?.hasService(service) !== true) return `*.${zone.domain.text}: the gateway`
    return `a service of ${whose(environment)}: the gateway`
  }
}

/** `labels`: of a name below the domain; the last one is a number. */
function withinEnvironment(table: RecordTable, labels: readonly string[], answer: Answer): string {
  const number = labels.at(-1) ?? ''
  const environment = number.startsWith('0') ? undefined : table.environment(Number(number))
  if (environment === undefined) return `numbers are kept for environments, and there is no ${number}`
  if (labels.length === 1) return `${whose(environment)} itself`
  if (answer.rcode === rcode.NXDOMAIN) return `no host or service of ${whose(environment)}`
  return `a ${labels[0]?.startsWith('_') === true ? 'service' : 'host'} of ${whose(environment)}`
}

function whose({ entry: { environment, state, owner } }: EnvironmentZone): string {
  return `environment ${environment} (${state}, of ${owner})`
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
