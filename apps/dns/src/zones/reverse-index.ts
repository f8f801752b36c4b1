import { type Answer, answerOf } from '../wire/answer.ts'
import { nameBytes, wireName } from '../wire/name.ts'
import { rrType } from '../wire/protocol.ts'
import { recordSet } from '../wire/record-set.ts'
import { anyAnswer } from './address-node.ts'
import type { EnvironmentZone } from './environment-zone.ts'
import { PrefixTree } from './prefix-tree.ts'
import { type AddressPrefix, isWhole, prefixOfAddress } from './reverse-name.ts'

/** By configId, where there are several. */
type Claims = EnvironmentZone | Map<number, EnvironmentZone>

/**
 * The way back from addresses to names: which environments have one. Adding or removing an environment costs what that
 * environment has of addresses, however many others there are. The names are looked up when they are asked for.
 */
export class ReverseIndex {
  readonly #claims = new PrefixTree<Claims>()

  add(zone: EnvironmentZone): void {
    for (const { address } of zone.pointers()) {
      const prefix = prefixOfAddress(address)
      if (prefix === undefined) continue
      const claims = this.#claims.get(prefix)
      if (claims instanceof Map) claims.set(idOf(zone), zone)
      else if (claims === undefined) this.#claims.set(prefix, zone)
      else if (claims !== zone) this.#claims.set(prefix, new Map([claims, zone].map((each) => [idOf(each), each])))
    }
  }

  remove(zone: EnvironmentZone): void {
    for (const { address } of zone.pointers()) {
      const prefix = prefixOfAddress(address)
      const claims = prefix === undefined ? undefined : this.#claims.get(prefix)
      if (prefix === undefined || claims === undefined) continue
      if (claims instanceof Map) {
        claims.delete(idOf(zone))
        const [only] = claims.values()
        if (claims.size === 1 && only !== undefined) this.#claims.set(prefix, only)
      } else if (claims === zone) this.#claims.delete(prefix)
    }
  }

  /**
   * Undefined: nothing is known of this address. `noData`: it, or where it is the beginning of one, some address below it,
   * has a name. Where several environments have the address, one of them answers: the one whose entry has stayed as it is
   * for longest.
   */
  find(prefix: AddressPrefix, type: number): Answer | 'noData' | undefined {
    if (!isWhole(prefix)) return this.#claims.hasBelow(prefix) ? 'noData' : undefined
    const claims = this.#claims.get(prefix)
    if (claims === undefined) return undefined
    const [zone] = claims instanceof Map ? claims.values() : [claims]
    if (zone === undefined) return undefined
    if (type === rrType.ANY) return anyAnswer(zone.ttl)
    if (type !== rrType.PTR) return 'noData'
    const targets = new Set<string>()
    for (const { address, target } of zone.pointers()) if (prefixOfAddress(address) === prefix) targets.add(wireName(target) ?? '')
    targets.delete('')
    if (targets.size === 0) return 'noData'
    return answerOf({ counts: [targets.size, 0, 0], records: recordSet(rrType.PTR, zone.ttl, [...targets].map(nameBytes)) })
  }

  /** Addresses that have names. */
  get size(): number {
    return this.#claims.size
  }
}

function idOf({ entry }: EnvironmentZone): number {
  return entry.environment
}
