import type { RecordEntry } from '@standin/client'
import { labelOffsets, type WireName, wireName } from '../wire/name.ts'
import { AddressNode } from './address-node.ts'
import { lifetimes } from './lifetime.ts'
import { emptyNonTerminal, type NameNode } from './name-node.ts'
import type { Origin } from './origin.ts'
import { ServiceNode } from './service-node.ts'
import { TextNode } from './text-node.ts'

/** What the zones of all environments have in common, until the next snapshot. */
export interface EnvironmentZoneSetting {
  readonly domain: Origin
  /** Seconds; of what is not being changed. */
  readonly ttl: number
  /** Port of the gateway; undefined: control did not say. */
  readonly gatewayPort: number | undefined
}

/**
 * The names of one environment. Never changed: a new entry makes a new zone, and the answers kept in the old one go with
 * it. The names are laid out when the first of them is asked for, so that ten thousand environments load at once.
 */
export class EnvironmentZone {
  readonly entry: RecordEntry
  readonly #setting: EnvironmentZoneSetting
  #nodes: Map<string, NameNode> | undefined

  constructor(entry: RecordEntry, setting: EnvironmentZoneSetting) {
    this.entry = entry
    this.#setting = setting
  }

  /** Seconds; 0 while it is being changed. */
  get ttl(): number {
    return this.isChanging ? 0 : this.#setting.ttl
  }

  get isChanging(): boolean {
    return lifetimes[this.entry.state].isChanging
  }

  hasService(name: string): boolean {
    return this.entry.services.includes(name)
  }

  /**
   * The node of a name, given by its labels before `<configId>.<domain>` in wire form (`''` is that name itself).
   * Undefined: there is neither such a name nor one below it.
   */
  node(relative: string): NameNode | undefined {
    this.#nodes ??= this.#layOut()
    return this.#nodes.get(relative)
  }

  /** The addresses whose PTR records point to names of this environment. */
  *pointers(): Iterable<{ readonly address: string; readonly target: string }> {
    if (!this.#hasAddresses) return
    for (const { ptr, name, addresses } of this.entry.records) if (ptr) for (const address of addresses) yield { address, target: name }
  }

  get #hasAddresses(): boolean {
    return lifetimes[this.entry.state].hasAddresses
  }

  #layOut(): Map<string, NameNode> {
    const { entry, ttl } = this
    const nodes = new Map<string, NameNode>([['', new TextNode(entry, ttl)]])
    this.#layOutServices(nodes)
    const id = String(entry.environment)
    const origin = String.fromCharCode(id.length) + id + this.#setting.domain.wire
    const given = new Map<string, readonly string[]>()
    for (const { name, addresses } of entry.records) {
      const relative = relativeTo(origin, name)
      if (relative === undefined || relative === '') continue
      const own = this.#hasAddresses ? addresses : []
      const before = given.get(relative)
      const all = before === undefined ? own : [...before, ...own]
      given.set(relative, all)
      nodes.set(relative, new AddressNode(all, ttl))
    }
    // Every name between a host and the environment exists too: RFC 8020, section 2.
    for (const relative of given.keys()) {
      for (let at = 1 + relative.charCodeAt(0); at < relative.length; at += 1 + relative.charCodeAt(at)) {
        const above = relative.slice(at)
        if (!nodes.has(above)) nodes.set(above, emptyNonTerminal)
      }
    }
    return nodes
  }

  /** `_<service>._tcp`: RFC 2782; RFC 8552, section 1.1. */
  #layOutServices(nodes: Map<string, NameNode>): void {
    const { gatewayPort, domain } = this.#setting
    if (gatewayPort === undefined) return
    for (const service of this.entry.services) {
      const label = wireName(`_${service}`)?.slice(0, -1)
      if (label === undefined) continue
      nodes.set('\x04_tcp', emptyNonTerminal)
      nodes.set(`${label}\x04_tcp`, new ServiceNode(`${service}-${this.entry.environment}`, domain.text, gatewayPort, this.ttl))
    }
  }
}

/** Undefined for a name that is not below the origin. */
function relativeTo(origin: WireName, name: string): string | undefined {
  const wire = wireName(name)
  if (wire === undefined || !wire.endsWith(origin)) return undefined
  const start = wire.length - origin.length
  return labelOffsets(wire).includes(start) ? wire.slice(0, start) : undefined
}
