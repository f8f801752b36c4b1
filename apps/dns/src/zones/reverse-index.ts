import { addressBytes, reverseName } from '../wire/address.ts'
import { type Answer, answerOf } from '../wire/answer.ts'
import { nameBytes, type WireName } from '../wire/name.ts'
import { rrType } from '../wire/protocol.ts'
import { recordSet } from '../wire/record-set.ts'
import { anyAnswer } from './address-node.ts'
import type { EnvironmentZone } from './environment-zone.ts'

/** What one environment says of an address: the names of its instances there. */
interface Claim {
  readonly targets: WireName[]
  readonly ttl: number
  /** Encoded when first asked for. */
  answer: Answer | undefined
}

interface ReverseNode {
  /** By configId. Attachments may share an address. */
  readonly claims: Map<number, Claim>
  /** How many claims there are below this name; above zero it is an empty non-terminal. */
  below: number
}

/**
 * The way back from addresses to names. Adding or removing an environment costs what that environment has of addresses,
 * however many others there are.
 */
export class ReverseIndex {
  readonly #nodes = new Map<WireName, ReverseNode>()

  add(zone: EnvironmentZone): void {
    for (const { address, target } of zone.pointers()) {
      const names = ancestry(address)
      if (names === undefined) continue
      const node = this.#node(names[0])
      const claim = node.claims.get(zone.entry.environment)
      if (claim !== undefined) {
        claim.targets.push(target)
        continue
      }
      node.claims.set(zone.entry.environment, { targets: [target], ttl: zone.ttl, answer: undefined })
      for (const above of names.slice(1)) this.#node(above).below++
    }
  }

  remove(zone: EnvironmentZone): void {
    for (const { address } of zone.pointers()) {
      const names = ancestry(address)
      if (names === undefined || this.#nodes.get(names[0])?.claims.delete(zone.entry.environment) !== true) continue
      for (const above of names.slice(1)) this.#node(above).below--
      for (const name of names) {
        const node = this.#nodes.get(name)
        if (node !== undefined && node.below === 0 && node.claims.size === 0) this.#nodes.delete(name)
      }
    }
  }

  /**
   * Undefined: nothing is known of this name. `noData`: it or something below it exists. Where several environments have
   * the address, one of them answers: the one whose entry has stayed as it is for longest.
   */
  find(name: WireName, type: number): Answer | 'noData' | undefined {
    const node = this.#nodes.get(name)
    if (node === undefined) return undefined
    const [claim] = node.claims.values()
    if (claim === undefined) return 'noData'
    if (type === rrType.ANY) return anyAnswer(claim.ttl)
    if (type !== rrType.PTR) return 'noData'
    claim.answer ??= answerOf({
      counts: [claim.targets.length, 0, 0],
      records: recordSet(rrType.PTR, claim.ttl, claim.targets.map(nameBytes)),
    })
    return claim.answer
  }

  get size(): number {
    return this.#nodes.size
  }

  #node(name: WireName): ReverseNode {
    let node = this.#nodes.get(name)
    if (node === undefined) {
      node = { claims: new Map(), below: 0 }
      this.#nodes.set(name, node)
    }
    return node
  }
}

/** The reverse name of an address, and for a loopback address the names above it within 127.in-addr.arpa. */
function ancestry(address: string): [WireName, ...WireName[]] | undefined {
  const bytes = addressBytes(address)
  if (bytes === undefined) return undefined
  const name = reverseName(bytes)
  if (bytes.length === 16 || bytes[0] !== 127) return [name]
  const second = name.slice(1 + name.charCodeAt(0))
  return [name, second, second.slice(1 + second.charCodeAt(0))]
}
