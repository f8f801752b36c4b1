import { type Answer, answerOf } from '../wire/answer.ts'
import { nameBytes, wireName } from '../wire/name.ts'
import { rrType } from '../wire/protocol.ts'
import { recordSet } from '../wire/record-set.ts'
import { anyAnswer } from './address-node.ts'
import type { EnvironmentZone } from './environment-zone.ts'
import { PrefixTree } from './prefix-tree.ts'
import { type AddressPrefix, isWhole, prefixOfAddress } from './reverse-name.ts'

/** What one environment says of an address: the names of its instances there. */
interface Claim {
  readonly environment: number
  readonly targets: string[]
  readonly ttl: number
  /** Encoded when first asked for. */
  answer: Answer | undefined
}

/**
 * The way back from addresses to names. Adding or removing an environment costs what that environment has of addresses,
 * however many others there are.
 */
export class ReverseIndex {
  /** Attachments may share an address, so several may claim one, the first of them answers. */
  readonly #claims = new PrefixTree<Claim[]>()

  add(zone: EnvironmentZone): void {
    const { environment } = zone.entry
    for (const { address, target } of zone.pointers()) {
      const prefix = prefixOfAddress(address)
      if (prefix === undefined || wireName(target) === undefined) continue
      const claims = this.#claims.ensure(prefix, () => [])
      const own = claims.find((claim) => claim.environment === environment)
      if (own === undefined) claims.push({ environment, targets: [target], ttl: zone.ttl, answer: undefined })
      else own.targets.push(target)
    }
  }

  remove(zone: EnvironmentZone): void {
    const { environment } = zone.entry
    for (const { address } of zone.pointers()) {
      const prefix = prefixOfAddress(address)
      const claims = prefix === undefined ? undefined : this.#claims.get(prefix)
      const index = claims?.findIndex((claim) => claim.environment === environment) ?? -1
      if (prefix === undefined || claims === undefined || index < 0) continue
      claims.splice(index, 1)
      if (claims.length === 0) this.#claims.delete(prefix)
    }
  }

  /**
   * Undefined: nothing is known of this address. `noData`: it, or where it is the beginning of one, some address below it,
   * has a name. Where several environments have the address, one of them answers: the one whose entry has stayed as it is
   * for longest.
   */
  find(prefix: AddressPrefix, type: number): Answer | 'noData' | undefined {
    if (!isWhole(prefix)) return this.#claims.hasBelow(prefix) ? 'noData' : undefined
    const claim = this.#claims.get(prefix)?.[0]
    if (claim === undefined) return undefined
    if (type === rrType.ANY) return anyAnswer(claim.ttl)
    if (type !== rrType.PTR) return 'noData'
    claim.answer ??= answerOf({
      counts: [claim.targets.length, 0, 0],
      records: recordSet(rrType.PTR, claim.ttl, claim.targets.flatMap((target) => wireName(target) ?? []).map(nameBytes)),
    })
    return claim.answer
  }

  /** Addresses that have names. */
  get size(): number {
    return this.#claims.size
  }
}
