import { type Answer, bareAnswer } from '../wire/answer.ts'
import { rcode, rrType } from '../wire/protocol.ts'
import { anyAnswer } from '../zones/address-node.ts'
import { type LocalRecord, recordsAnswer } from './local-node.ts'
import type { UpstreamGroup, UpstreamServer } from './settings.ts'

/** What a rule says of a question. */
export type Verdict =
  | { readonly kind: 'answer'; readonly answer: Answer; readonly records: readonly LocalRecord[] }
  /** `isNamed`: the file has servers for this domain, not only for all. */
  | { readonly kind: 'forward'; readonly group: UpstreamGroup; readonly isNamed: boolean }
  /** Nobody is asked: NODATA, as the name has an address of this rule. */
  | { readonly kind: 'exists' }
  /** Nobody is asked: NXDOMAIN, unless the name is known. */
  | { readonly kind: 'missing' }

/** The lines of one domain, as the file has them. */
export interface DomainLines {
  /** `address=/d/ADDRESS`: octets, one a character. */
  readonly addresses: string[]
  /** `address=/d/#`: 0.0.0.0 and ::, each unless there are other addresses of its kind. */
  nothing: boolean
  /** `server=/d/ADDRESS`. */
  readonly servers: UpstreamServer[]
  /** `server=/d/#`. */
  byDefault: boolean
  /** `local=/d/`, `address=/d/`. */
  local: boolean
}

/** RFC 9460, section 14.1: they may carry addresses. */
const svcb = 64
const https = 65

export const exists: Verdict = { kind: 'exists' }
const missing: Verdict = { kind: 'missing' }
/** Without SOA, so that nobody keeps it: the file may be another one a moment later. */
export const noData = { ...bareAnswer(rcode.NOERROR), keepUntil: Number.POSITIVE_INFINITY }
export const noName = { ...bareAnswer(rcode.NXDOMAIN), keepUntil: Number.POSITIVE_INFINITY }

/**
 * What holds for one domain. An address of the asked kind comes first; then `#`, then servers, then `local`. All that can
 * be said is made beforehand.
 */
export class DomainRule {
  readonly hasAddresses: boolean
  readonly #ipv4: Verdict | undefined
  readonly #ipv6: Verdict | undefined
  readonly #any: Verdict | undefined
  readonly #otherAddress: Verdict | undefined
  readonly #rest: Verdict | undefined

  /** `ttl` of the addresses, in seconds. */
  constructor(label: string, lines: DomainLines, ttl: number, defaults: UpstreamGroup) {
    this.hasAddresses = lines.addresses.length > 0 || lines.nothing
    this.#ipv4 = addressVerdict(lines, rrType.A, 4, ttl)
    this.#ipv6 = addressVerdict(lines, rrType.AAAA, 16, ttl)
    this.#any = this.hasAddresses ? { kind: 'answer', answer: anyAnswer(ttl), records: [] } : undefined
    if (lines.byDefault) this.#rest = { kind: 'forward', group: defaults, isNamed: false }
    else if (lines.servers.length > 0) this.#rest = { kind: 'forward', group: { label, servers: lines.servers }, isNamed: true }
    else if (lines.local) this.#rest = this.hasAddresses ? exists : missing
    // Whoever names an address for a domain wants no other one for it, of whichever family.
    this.#otherAddress = this.#rest ?? (this.hasAddresses ? exists : undefined)
  }

  /** Undefined: nothing; a rule for fewer labels may have a say. */
  verdict(type: number): Verdict | undefined {
    switch (type) {
      case rrType.A:
        return this.#ipv4 ?? this.#otherAddress
      case rrType.AAAA:
        return this.#ipv6 ?? this.#otherAddress
      case rrType.ANY:
        return this.#any ?? this.#rest
      case svcb:
      case https:
        return this.#otherAddress
      default:
        return this.#rest
    }
  }
}

function addressVerdict(lines: DomainLines, type: number, length: 4 | 16, ttl: number): Verdict | undefined {
  const given = [...new Set(lines.addresses)].filter((address) => address.length === length)
  const addresses = given.length === 0 && lines.nothing ? ['\0'.repeat(length)] : given
  if (addresses.length === 0) return undefined
  const records = addresses.map((data) => ({ type, ttl, data }))
  return { kind: 'answer', answer: recordsAnswer(records), records }
}
