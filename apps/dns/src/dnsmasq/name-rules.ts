import type { Answer } from '../wire/answer.ts'
import type { WireName } from '../wire/name.ts'
import { rrType } from '../wire/protocol.ts'
import type { Query } from '../wire/query.ts'
import type { Configuration } from './configuration.ts'
import { noData, noName } from './domain-rule.ts'
import type { DomainRules } from './domain-rules.ts'
import { type HostSources, LocalData } from './local-data.ts'
import { isPrivateReverse } from './reverse-query.ts'
import type { UpstreamGroup } from './settings.ts'

/** What dnsmasq's configuration makes of names: which are answered here, and whom the others are asked of. Never changes. */
export class NameRules {
  readonly #data: LocalData
  readonly #domains: DomainRules
  readonly #domainNeeded: boolean
  readonly #bogusPriv: boolean

  /** `now`: Unix time in seconds. */
  constructor(configuration: Configuration, domains: DomainRules, sources: HostSources, now: number) {
    this.#domainNeeded = configuration.domainNeeded
    this.#bogusPriv = configuration.bogusPriv
    this.#domains = domains
    this.#data = new LocalData(configuration, sources, now, (name, type) => domains.addressesOf(name, type))
  }

  /** Undefined: it is to be asked of `upstreamsFor` it, unless it is not to be forwarded. Always at once. */
  answer(query: Query): Answer | undefined {
    const { name, type } = query
    const node = this.#data.find(name)
    const answer = node === undefined ? undefined : this.#data.answer(node, type)
    if (answer !== undefined) return answer
    const verdict = this.#domains.find(name, query.labels, type)
    if (verdict.kind === 'answer') return verdict.answer
    if (verdict.kind === 'exists') return noData
    if (verdict.kind === 'missing') return node === undefined ? noName : noData
    return undefined
  }

  /**
   * For a name that nobody here has an answer for: NXDOMAIN if `domain-needed` or `bogus-priv` keeps it from being forwarded, NODATA if
   * the file has it with another type; undefined: nothing does.
   */
  withheld({ name, labels, type }: Query): Answer | undefined {
    if (!this.#isWithheld(name, labels, type)) return undefined
    return this.#data.find(name) === undefined ? noName : noData
  }

  /** For a name that is not answered here; whatever the type is. Undefined: nobody may be asked. */
  upstreamsFor(name: WireName, labels: readonly number[]): UpstreamGroup | undefined {
    const verdict = this.#domains.find(name, labels, rrType.TXT)
    return verdict.kind === 'forward' ? verdict.group : undefined
  }

  /** Lines of hosts files that give records to a name, for people. */
  placesOf(name: WireName): string[] {
    return this.#data.placesOf(name)
  }

  /** Whether the file says that servers are asked for this domain. */
  hasServersFor(name: WireName, labels: readonly number[]): boolean {
    return this.#domains.hasServersFor(name, labels)
  }

  /** `domain-needed` counts for every rule, `bogus-priv` only where none names the domain. */
  #isWithheld(name: WireName, labels: readonly number[], type: number): boolean {
    if (this.#domainNeeded && labels.length === 1 && (type === rrType.A || type === rrType.AAAA || type === rrType.ANY)) return true
    if (!this.#bogusPriv || (type !== rrType.PTR && type !== rrType.ANY) || !isPrivateReverse(name, labels)) return false
    const verdict = this.#domains.find(name, labels, type)
    return verdict.kind === 'forward' && !verdict.isNamed
  }
}
