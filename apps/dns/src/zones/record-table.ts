import type { RecordEntry, TableDelta, TableSnapshot } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import { Revision } from '../revision.ts'
import { AddressNode } from './address-node.ts'
import { AliasIndex } from './alias-index.ts'
import { EnvironmentZone, type EnvironmentZoneSetting } from './environment-zone.ts'
import { KeptNode } from './kept-node.ts'
import { usualTtl } from './lifetime.ts'
import { originOf } from './origin.ts'
import { ReverseIndex } from './reverse-index.ts'
import { ZoneApex } from './zone-apex.ts'

/** The label of the name server's own name, `ns.<domain>`: no service or environment can be called so. */
export const nameServerLabel = 'ns'

/** What the whole table has in common, until the next snapshot. */
export interface Zone extends EnvironmentZoneSetting {
  /** What leads to the gateway, with the time to live of a steady and of a changing environment. */
  readonly gateway: { readonly steady: KeptNode; readonly changing: KeptNode }
  readonly nameServer: KeptNode
}

export interface RecordTableOptions {
  /** Bumped with every change. */
  readonly changes?: Revision
  /** Seconds that an address may be kept by who asked. Default: 5. */
  readonly ttl?: number
}

/**
 * All records that control has told us of: one immutable zone per environment, replaced as a whole. A delta costs what its
 * own entry costs, however many there are.
 */
export class RecordTable {
  /** Bumped with every change. */
  readonly changes: Revision
  readonly #nameServerAddresses: readonly string[]
  readonly #ttl: number
  #environments = new Map<number, EnvironmentZone>()
  #reverse = new ReverseIndex()
  #aliases: AliasIndex | undefined
  #zone: Zone | undefined
  #revision = 0
  #nextId = 0
  readonly #apexes = new Map<string, ZoneApex>()
  #apexesAt = -1

  /** `nameServerAddresses`: where this resolver listens; empty where that is every address. */
  constructor(nameServerAddresses: readonly string[], { changes = new Revision(), ttl = usualTtl }: RecordTableOptions = {}) {
    this.changes = changes
    this.#ttl = ttl
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
    const ttl = this.#ttl
    const nameServers = this.#nameServerAddresses.length === 0 ? snapshot.gateway : this.#nameServerAddresses
    const setting: EnvironmentZoneSetting = { domain, ttl, gatewayPort: snapshot.gatewayPort }
    const environments = new Map<number, EnvironmentZone>()
    const reverse = new ReverseIndex()
    const aliases = new AliasIndex(domain)
    for (const entry of snapshot.items) {
      const zone = new EnvironmentZone(entry, setting)
      environments.set(entry.environment, zone)
      reverse.add(zone)
      aliases.add(zone)
    }
    this.#zone = {
      ...setting,
      gateway: { steady: kept(snapshot.gateway, ttl), changing: kept(snapshot.gateway, 0) },
      nameServer: kept(nameServers, ttl),
    }
    this.#environments = environments
    this.#reverse = reverse
    this.#aliases = aliases
    this.#revision = snapshot.revision
    this.#nextId = snapshot.nextId
    this.#apexesAt = -1
    this.changes.bump()
  }

  apply(delta: TableDelta<RecordEntry>): void {
    const id = delta.put?.environment ?? delta.remove
    const zone = this.#zone
    if (zone === undefined) throw new StandinError('internal', 'a delta came before the first snapshot of the record table')
    this.#revision = delta.revision
    this.changes.bump()
    if (id === null) return
    this.#nextId = Math.max(this.#nextId, id + 1)
    const before = this.#environments.get(id)
    if (before !== undefined) {
      this.#reverse.remove(before)
      this.#aliases?.remove(before)
    }
    if (delta.put === null) {
      this.#environments.delete(id)
      return
    }
    const after = new EnvironmentZone(delta.put, zone)
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

  /** The first configId that was never given out. */
  get nextId(): number {
    return this.#nextId
  }

  get size(): number {
    return this.#environments.size
  }

  environment(id: number): EnvironmentZone | undefined {
    return this.#environments.get(id)
  }

  /** What is said at the beginning of the domain, and of what it doesn't have, at the table's revision. */
  get apex(): ZoneApex {
    return this.apexOf(this.#domain)
  }

  /** The same of another zone of ours; not of one that somebody who asks can think of, as they are kept until the next change. */
  apexOf(origin: string): ZoneApex {
    if (this.#apexesAt !== this.#revision) {
      this.#apexes.clear()
      this.#apexesAt = this.#revision
    }
    let apex = this.#apexes.get(origin)
    if (apex === undefined) {
      apex = new ZoneApex(origin, this.nameServer, this.#revision, this.#ttl)
      this.#apexes.set(origin, apex)
    }
    return apex
  }

  /** Name of the name server of all our zones. */
  get nameServer(): string {
    return `${nameServerLabel}.${this.#domain}`
  }

  get #domain(): string {
    return this.#zone?.domain.text ?? 'localhost'
  }
}

function kept(addresses: readonly string[], ttl: number): KeptNode {
  return new KeptNode(new AddressNode(addresses, ttl))
}
