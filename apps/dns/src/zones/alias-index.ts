import { labelOffsets, type WireName, wireName } from '../wire/name.ts'
import type { EnvironmentZone } from './environment-zone.ts'
import { labelsBelow, type Origin } from './origin.ts'

/**
 * Names that were given to environments. One that moves is claimed by two environments for the moment between their
 * changes. Adding or removing an environment costs what it has of aliases, however many others there are.
 */
export class AliasIndex {
  readonly #domain: Origin
  readonly #claims = new Map<WireName, Map<number, EnvironmentZone>>()
  /** How many claims there are below a name of the domain: above zero it is an empty non-terminal. */
  readonly #below = new Map<WireName, number>()

  constructor(domain: Origin) {
    this.#domain = domain
  }

  add(zone: EnvironmentZone): void {
    for (const name of namesOf(zone)) {
      const claims = this.#claims.get(name) ?? new Map<number, EnvironmentZone>()
      this.#claims.set(name, claims)
      if (!claims.has(zone.entry.environment)) for (const above of this.#between(name)) this.#count(above, 1)
      claims.set(zone.entry.environment, zone)
    }
  }

  remove(zone: EnvironmentZone): void {
    for (const name of namesOf(zone)) {
      const claims = this.#claims.get(name)
      if (claims?.delete(zone.entry.environment) !== true) continue
      if (claims.size === 0) this.#claims.delete(name)
      for (const above of this.#between(name)) this.#count(above, -1)
    }
  }

  /** The environment that a name was given to. */
  find(name: WireName): EnvironmentZone | undefined {
    if (this.#claims.size === 0) return undefined
    return this.#claims.get(name)?.values().next().value
  }

  /** Whether a name of the domain exists because of one below it: RFC 8020, section 2. */
  hasBelow(name: WireName): boolean {
    return this.#below.has(name)
  }

  get size(): number {
    return this.#claims.size
  }

  /** The names between an alias of the domain and the domain, both left out. */
  #between(name: WireName): WireName[] {
    const offsets = labelOffsets(name)
    const depth = labelsBelow(this.#domain, name, offsets)
    return offsets.slice(1, Math.max(1, depth)).map((offset) => name.slice(offset))
  }

  #count(name: WireName, change: number): void {
    const count = (this.#below.get(name) ?? 0) + change
    if (count === 0) this.#below.delete(name)
    else this.#below.set(name, count)
  }
}

function namesOf({ entry }: EnvironmentZone): WireName[] {
  return (entry.aliases ?? []).map(wireName).filter((name) => name !== undefined)
}
