import type { RecordEntry } from '@standin/client'
import { type Answer, extendedErrorOption } from '../wire/answer.ts'
import { labelOffsets, type WireName, wireName } from '../wire/name.ts'
import { extendedError } from '../wire/protocol.ts'
import { AddressNode } from './address-node.ts'
import { lifetimes } from './lifetime.ts'
import type { Origin } from './origin.ts'

/**
 * The names of one environment. Never changed: a new entry makes a new zone, and the answers kept in the old one go with
 * it. The names are laid out when the first of them is asked for, so that ten thousand environments load at once.
 */
export class EnvironmentZone {
  readonly entry: RecordEntry
  readonly ttl: number
  readonly #origin: WireName
  #nodes: Map<string, AddressNode> | undefined

  constructor(entry: RecordEntry, domain: Origin) {
    const id = String(entry.environment)
    this.entry = entry
    this.ttl = lifetimes[entry.state].ttl
    this.#origin = String.fromCharCode(id.length) + id + domain.wire
  }

  hasService(name: string): boolean {
    return this.entry.services.includes(name)
  }

  /**
   * The node of a name, given by its labels before `<configId>.<domain>` in wire form (`''` is that name itself).
   * Undefined: there is neither such a name nor one below it.
   */
  node(relative: string): AddressNode | undefined {
    this.#nodes ??= this.#layOut()
    return this.#nodes.get(relative)
  }

  /** The addresses whose PTR records point to names of this environment. */
  *pointers(): Iterable<{ readonly address: string; readonly target: WireName }> {
    if (!this.#hasAddresses) return
    for (const record of this.entry.records) {
      const target = record.ptr ? wireName(record.name) : undefined
      if (target !== undefined) for (const address of record.addresses) yield { address, target }
    }
  }

  /** Says with an extended error why a host has no address just now (RFC 8914, section 4.1). */
  explain(negative: Answer): Answer {
    if (this.#hasAddresses) return negative
    return { ...negative, option: extendedErrorOption(extendedError.OTHER, `environment ${this.entry.environment} is ${this.entry.state}`) }
  }

  get #hasAddresses(): boolean {
    return lifetimes[this.entry.state].addresses
  }

  #layOut(): Map<string, AddressNode> {
    const addresses = new Map<string, string[]>()
    for (const record of this.entry.records) {
      const relative = this.#relative(record.name)
      if (relative === undefined) continue
      // Every name between a record and the environment exists too, empty if need be: RFC 8020, section 2.
      for (const offset of labelOffsets(`${relative}\0`).slice(1))
        addresses.set(relative.slice(offset), addresses.get(relative.slice(offset)) ?? [])
      addresses.set('', addresses.get('') ?? [])
      addresses.set(relative, [...(addresses.get(relative) ?? []), ...(this.#hasAddresses ? record.addresses : [])])
    }
    return new Map([...addresses].map(([relative, list]) => [relative, new AddressNode(list, this.ttl)]))
  }

  /** Undefined for a name that is not below this environment's. */
  #relative(name: string): string | undefined {
    const wire = wireName(name)
    if (wire === undefined || !wire.endsWith(this.#origin)) return undefined
    const start = wire.length - this.#origin.length
    return labelOffsets(wire).includes(start) ? wire.slice(0, start) : undefined
  }
}
