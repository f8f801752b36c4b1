import type { RecordEntry, TableDelta, TableSnapshot } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import { Revision } from '../revision.ts'
import { AddressNode } from './address-node.ts'
import { AliasIndex } from './alias-index.ts'
import { EnvironmentZone } from './environment-zone.ts'
import { steadyTtl } from './lifetime.ts'
import { type Origin, originOf } from './origin.ts'
import { ReverseIndex } from './reverse-index.ts'
import { ZoneApex } from './zone-apex.ts'

/** RFC 6303, section 4.2: the loopback addresses' names are never asked of anybody else. */
export const loopbackOrigin = '127.in-addr.arpa'
/** The label of the name server's own name, `ns.<domain>`: no service or environment can be called so. */
export const nameServerLabel = 'ns'

/** What the whole table has in common, until the next snapshot. */
export interface Zone {
  readonly domain: Origin
  /** `<service>-<configId>.<domain>`, with the time to live of a steady and of a changing environment. */
  readonly gateway: { readonly steady: AddressNode; readonly changing: AddressNode }
  readonly nameServer: AddressNode
}

/** What is said at the zones' beginnings, and of what they don't have, at one revision. */
export interface Apexes {
  readonly revision: number
  readonly own: ZoneApex
  readonly loopback: ZoneApex
}

/**
 * All records that control has told us of: one immutable zone per environment, replaced as a whole. A delta costs what its
 * own entry costs, however many there are.
 */
export class RecordTable {
  /** Bumped with every change. */
  readonly changes: Revision
  readonly #nameServerAddresses: readonly string[]
  #environments = new Map<number, EnvironmentZone>()
  #reverse = new ReverseIndex()
  #aliases: AliasIndex | undefined
  #zone: Zone | undefined
  #revision = 0
  #apexes: Apexes | undefined

  /** `nameServerAddresses`: where this resolver listens; empty where that is every address. */
  constructor(nameServerAddresses: readonly string[], changes = new Revision()) {
    this.changes = changes
    this.#nameServerAddresses = nameServerAddresses
  }

  /** Replaces everything. */
  load(snapshot: TableSnapshot<RecordEntry>): void {
    const domain = originOf(snapshot.domain)
    if (domain === undefined || domain.labelCount === 0) {
      throw new StandinError('invalid', `the record table's domain "${snapshot.domain}" is not a domain name`, {
        hint: 'Start control with another --domain.',
      })
    }
    const environments = new Map<number, EnvironmentZone>()
    const reverse = new ReverseIndex()
    const aliases = new AliasIndex(domain)
    for (const entry of snapshot.items) {
      const zone = new EnvironmentZone(entry, domain)
      environments.set(entry.environment, zone)
      reverse.add(zone)
      aliases.add(zone)
    }
    const nameServers = this.#nameServerAddresses.length === 0 ? snapshot.gateway : this.#nameServerAddresses
    this.#zone = {
      domain,
      gateway: { steady: new AddressNode(snapshot.gateway, steadyTtl), changing: new AddressNode(snapshot.gateway, 0) },
      nameServer: new AddressNode(nameServers, steadyTtl),
    }
    this.#environments = environments
    this.#reverse = reverse
    this.#aliases = aliases
    this.#revision = snapshot.revision
    this.#apexes = undefined
    this.changes.bump()
  }

  apply(delta: TableDelta<RecordEntry>): void {
    const id = delta.put?.environment ?? delta.remove
    const zone = this.#zone
    if (zone === undefined) throw new StandinError('internal', 'a delta came before the first snapshot of the record table')
    this.#revision = delta.revision
    this.changes.bump()
    if (id === null) return
    const before = this.#environments.get(id)
    if (before !== undefined) {
      this.#reverse.remove(before)
      this.#aliases?.remove(before)
    }
    if (delta.put === null) {
      this.#environments.delete(id)
      return
    }
    const after = new EnvironmentZone(delta.put, zone.domain)
    this.#environments.set(id, after)
    this.#reverse.add(after)
    this.#aliases?.add(after)
  }

  /** Undefined until the first snapshot. */
  get zone(): Zone | undefined {
    return this.#zone
  }

  get reverse(): ReverseIndex {
    return this.#reverse
  }

  /** Undefined until the first snapshot. */
  get aliases(): AliasIndex | undefined {
    return this.#aliases
  }

  get revision(): number {
    return this.#revision
  }

  get size(): number {
    return this.#environments.size
  }

  environment(id: number): EnvironmentZone | undefined {
    return this.#environments.get(id)
  }

  /** Of the domain and of the loopback addresses' zone, at the table's revision. */
  get apexes(): Apexes {
    let apexes = this.#apexes
    if (apexes === undefined || apexes.revision !== this.#revision) {
      apexes = {
        revision: this.#revision,
        own: new ZoneApex(this.#domain, this.nameServer, this.#revision),
        loopback: new ZoneApex(loopbackOrigin, this.nameServer, this.#revision),
      }
      this.#apexes = apexes
    }
    return apexes
  }

  /** Name of the name server of all our zones. */
  get nameServer(): string {
    return `${nameServerLabel}.${this.#domain}`
  }

  get #domain(): string {
    return this.#zone?.domain.text ?? 'localhost'
  }
}
