import { displayName, labelOffsets, type WireName } from '../wire/name.ts'
import { rrType } from '../wire/protocol.ts'
import type { DomainPattern } from './domain-pattern.ts'
import { type DomainLines, DomainRule, exists, type Verdict } from './domain-rule.ts'
import type { FollowedTo } from './local-node.ts'
import type { UpstreamGroup, UpstreamServer } from './settings.ts'

/** One line of the file, for each domain that it names. */
export interface RuleLine {
  readonly pattern: DomainPattern
  /** Octets of an address, one a character; a server; `nothing`: the null addresses; `default`: the servers without a domain. */
  readonly effect:
    | { readonly kind: 'address'; readonly octets: string }
    | { readonly kind: 'server'; readonly server: UpstreamServer }
    | { readonly kind: 'nothing' | 'default' | 'local' }
}

interface EndingRule {
  readonly ending: string
  readonly rule: DomainRule
}

/**
 * Who answers for a name: the rule with the longest match. Whole domains are found by maps, a look-up a label; endings
 * (`/*d.test/`) in the list of those that have the same labels behind them.
 */
export class DomainRules {
  readonly #domains = new Map<WireName, DomainRule>()
  readonly #endings = new Map<WireName, EndingRule[]>()
  readonly #any: DomainRule | undefined
  readonly #unqualified: DomainRule | undefined
  readonly #byDefault: Verdict
  /** No rule is for more labels than this. */
  readonly #depth: number

  /** `ttl` of addresses, in seconds; `defaults`: whom names without a rule are asked of. */
  constructor(lines: readonly RuleLine[], ttl: number, defaults: UpstreamGroup) {
    const collected = collect(lines)
    // Lists of some 100,000 domains that all say the same are common: these share one rule.
    const alike = new Map<string, DomainRule>()
    let depth = 0
    for (const [key, { pattern, lines: own }] of collected) {
      const likeness = own.servers.length > 0 ? key : likenessOf(own)
      const rule = alike.get(likeness) ?? new DomainRule(key, own, ttl, defaults)
      alike.set(likeness, rule)
      if (pattern.kind === 'any') this.#any = rule
      else if (pattern.kind === 'unqualified') this.#unqualified = rule
      else if (pattern.kind === 'domain') {
        this.#domains.set(pattern.name, rule)
        depth = Math.max(depth, labelOffsets(pattern.name).length)
      } else {
        const siblings = this.#endings.get(pattern.parent) ?? []
        this.#endings.set(pattern.parent, [...siblings, { ending: pattern.ending, rule }].sort(byLength))
        depth = Math.max(depth, labelOffsets(pattern.parent).length + 1)
      }
    }
    this.#depth = depth
    this.#byDefault = { kind: 'forward', group: defaults, isNamed: false }
  }

  /** `labels`: offsets of the labels in `name`. */
  find(name: WireName, labels: readonly number[], type: number): Verdict {
    const count = labels.length
    let hasAddress = false
    for (let index = Math.max(0, count - this.#depth); index < count; index++) {
      const rule = this.#domains.get(name.slice(labels[index]))
      const byEnding = this.#endings.size === 0 ? undefined : this.#byEnding(name, labels, index, type)
      const verdict = rule?.verdict(type) ?? byEnding?.verdict(type)
      if (verdict !== undefined) return hasAddress && verdict.kind === 'missing' ? exists : verdict
      if (rule?.hasAddresses === true || byEnding?.hasAddresses === true) hasAddress = true
    }
    const verdict = (count === 1 ? this.#unqualified?.verdict(type) : undefined) ?? this.#any?.verdict(type) ?? this.#byDefault
    return hasAddress && verdict.kind === 'missing' ? exists : verdict
  }

  /** Whether a line for this very domain, or one above it, says that servers are asked: some of its own, or with `#` those for all names. */
  hasServersFor(name: WireName, labels: readonly number[]): boolean {
    for (let index = Math.max(0, labels.length - this.#depth); index < labels.length; index++) {
      const rule = this.#domains.get(name.slice(labels[index])) ?? this.#byEnding(name, labels, index, rrType.TXT)
      const verdict = rule?.verdict(rrType.TXT)
      if (verdict !== undefined) return verdict.kind === 'forward'
    }
    return false
  }

  /** The addresses that a rule gives a name, for who is led to it by an alias. */
  addressesOf(name: WireName, type: number): FollowedTo {
    const verdict = this.find(name, labelOffsets(name), type)
    return { alias: undefined, records: verdict.kind === 'answer' ? verdict.records : [] }
  }

  /** The longest ending that says something of the type or, else, has addresses. */
  #byEnding(name: WireName, labels: readonly number[], index: number, type: number): DomainRule | undefined {
    const end = index + 1 < labels.length ? (labels[index + 1] as number) : name.length - 1
    const candidates = this.#endings.get(name.slice(end))
    if (candidates === undefined) return undefined
    const first = (labels[index] as number) + 1
    let found: DomainRule | undefined
    for (const { ending, rule } of candidates) {
      if (ending.length > end - first || !name.startsWith(ending, end - ending.length)) continue
      if (rule.verdict(type) !== undefined) return rule
      if (rule.hasAddresses) found = rule
    }
    return found
  }
}

interface Collected {
  readonly pattern: DomainPattern
  readonly lines: DomainLines
}

function collect(lines: readonly RuleLine[]): Map<string, Collected> {
  const collected = new Map<string, Collected>()
  for (const { pattern, effect } of lines) {
    const key = patternLabel(pattern)
    let own = collected.get(key)
    if (own === undefined) {
      own = { pattern, lines: { addresses: [], nothing: false, servers: [], byDefault: false, local: false } }
      collected.set(key, own)
    }
    const into = own.lines
    if (effect.kind === 'address') into.addresses.push(effect.octets)
    else if (effect.kind === 'server') into.servers.push(effect.server)
    else if (effect.kind === 'nothing') into.nothing = true
    else if (effect.kind === 'default') into.byDefault = true
    else into.local = true
  }
  return collected
}

/** The same for all domains about which the file says the same. No name can be it. */
function likenessOf({ addresses, nothing, byDefault, local }: DomainLines): string {
  return `${JSON.stringify(addresses)} ${nothing} ${byDefault} ${local}`
}

/** As it is written in the file, and for people. */
function patternLabel(pattern: DomainPattern): string {
  if (pattern.kind === 'any') return 'all names'
  if (pattern.kind === 'unqualified') return 'unqualified names'
  if (pattern.kind === 'domain') return displayName(pattern.name)
  return `*${pattern.ending === '' ? '.' : `${pattern.ending}.`}${displayName(pattern.parent)}`
}

function byLength(one: EndingRule, other: EndingRule): number {
  return other.ending.length - one.ending.length
}
