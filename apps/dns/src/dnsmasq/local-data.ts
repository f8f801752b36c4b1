import { reverseName } from '../wire/address.ts'
import type { Answer } from '../wire/answer.ts'
import { type WireName, wireName } from '../wire/name.ts'
import { rrType } from '../wire/protocol.ts'
import type { Configuration } from './configuration.ts'
import type { HostLine, Lease } from './host-files.ts'
import { isShort, readDhcpHosts, within } from './host-files.ts'
import { type HostPlace, hostPlaceText } from './host-place.ts'
import { type Follow, LocalNode } from './local-node.ts'

/** What was read of the files that a configuration names. */
export interface HostSources {
  readonly hostsFiles: readonly string[]
  /** Gives each line of the hosts files, in the order in which they count: the first name of an address is what its PTR says. */
  readonly eachHost: (take: (line: HostLine, place: HostPlace) => void) => void
  /** Texts of `dhcp-hostsfile`. */
  readonly dhcpHosts: readonly string[]
  readonly leases: readonly Lease[]
}

/** All names that a configuration and its files give records to, and those above them. Complete when it is made. */
export class LocalData {
  readonly #nodes = new Map<WireName, LocalNode>()
  /** Of names that only have names below them. */
  readonly #nothing = new LocalNode()
  readonly #follow: Follow
  readonly #hostsFiles: readonly string[]
  readonly #configuration: Configuration

  /**
   * @param now Unix time in seconds: leases that ended before it are none
   * @param literal what the rules say of the end of an alias
   */
  constructor(configuration: Configuration, sources: HostSources, now: number, literal: Follow) {
    this.#configuration = configuration
    this.#follow = (name, type) => {
      const node = this.#nodes.get(name)
      if (node?.alias !== undefined) return { alias: node.alias, records: [] }
      return node?.has(type) === true ? { alias: undefined, records: node.recordsOf(type) } : literal(name, type)
    }
    this.#addRecords()
    for (const { names, addresses, ttl } of configuration.hosts) {
      for (const address of addresses) this.#addHost(address, names, ttl ?? configuration.localTtl, names[0])
    }
    this.#hostsFiles = sources.hostsFiles
    sources.eachHost((line, place) => this.#addHostLine(line, place))
    this.#addMachines(sources, now)
  }

  get size(): number {
    return this.#nodes.size
  }

  /** Lines of hosts files that give records to a name, for people. */
  placesOf(name: WireName): string[] {
    return this.#nodes.get(name)?.places.map((place) => hostPlaceText(this.#hostsFiles, place)) ?? []
  }

  find(name: WireName): LocalNode | undefined {
    return this.#nodes.get(name)
  }

  /** Undefined: `node` has nothing of that type. */
  answer(node: LocalNode, type: number): Answer | undefined {
    return node.answer(type, this.#follow)
  }

  #addRecords(): void {
    const { records, services, aliases, domain, localTtl } = this.#configuration
    for (const { owner, type, data } of records) this.#node(owner).add({ type, ttl: localTtl, data })
    for (const { owner, type, data } of services)
      this.#node(domain === undefined ? owner : within(owner, domain)).add({ type, ttl: localTtl, data })
    for (const [name, { target, ttl }] of aliases) this.#node(name).setAlias({ target, ttl: ttl ?? localTtl })
  }

  /** `canonical`: what the address is called in turn, unless it has a name already. */
  #addHost(address: Buffer, names: readonly WireName[], ttl: number, canonical: WireName | undefined, place?: HostPlace): void {
    const type = address.length === 4 ? rrType.A : rrType.AAAA
    const data = address.toString('latin1')
    for (const name of names) this.#node(name).add({ type, ttl, data, place })
    if (canonical === undefined) return
    const reverse = this.#node(reverseName(address))
    if (!reverse.has(rrType.PTR)) reverse.add({ type: rrType.PTR, ttl, data: canonical, place })
  }

  #addHostLine({ address, names }: HostLine, place: HostPlace): void {
    const { localTtl, expandHosts } = this.#configuration
    const domain = expandHosts ? this.#domainOf(address) : undefined
    const all = domain === undefined ? names : names.flatMap((name) => (isShort(name) ? [name, within(name, domain)] : [name]))
    const [first] = names
    const canonical = first !== undefined && domain !== undefined && isShort(first) ? within(first, domain) : first
    this.#addHost(address, all, localTtl, canonical, place)
  }

  /** Leases first, then fixed addresses. A name that has addresses already keeps them. */
  #addMachines({ dhcpHosts, leases }: HostSources, now: number): void {
    const fixed = [...this.#configuration.dhcpHosts, ...dhcpHosts.flatMap((text) => readDhcpHosts(text))]
    const machines = [
      ...leases.filter(({ expires }) => expires === 0 || expires > now),
      ...fixed.flatMap(({ name, addresses }) => addresses.map((address) => ({ address, names: [wireName(name) ?? '\0'] }))),
    ]
    const taken = new Set<WireName>()
    const added = machines.map(({ address, names: [name = '\0'] }) => ({ address, name, all: this.#namesOfMachine(name, address) }))
    for (const { all } of added) for (const name of all) if (this.#hasAddress(name)) taken.add(name)
    const given = new Set<string>()
    for (const { address, all } of added) {
      const free = all.filter((name) => !taken.has(name) && !given.has(`${address.length} ${name}`))
      this.#addHost(address, free, this.#configuration.dhcpTtl, free.at(-1))
      for (const name of free) given.add(`${address.length} ${name}`)
    }
  }

  #namesOfMachine(name: WireName, address: Buffer): WireName[] {
    const domain = isShort(name) ? this.#domainOf(address) : undefined
    if (domain === undefined) return [name]
    return this.#configuration.onlyWholeNames ? [within(name, domain)] : [name, within(name, domain)]
  }

  #hasAddress(name: WireName): boolean {
    const node = this.#nodes.get(name)
    return node !== undefined && (node.alias !== undefined || node.has(rrType.A) || node.has(rrType.AAAA))
  }

  #domainOf(address: Buffer): WireName | undefined {
    const { rangedDomains, domain } = this.#configuration
    const ranged = rangedDomains.find(
      ({ first, last }) => first.length === address.length && first.compare(address) <= 0 && last.compare(address) >= 0,
    )
    return ranged?.name ?? domain
  }

  #node(name: WireName): LocalNode {
    const known = this.#nodes.get(name)
    if (known !== undefined && known !== this.#nothing) return known
    const node = new LocalNode()
    this.#nodes.set(name, node)
    if (known === undefined) this.#addNamesAbove(name)
    return node
  }

  /** A name with something below it exists: RFC 8020, section 2. What is above a name that is there, is there. */
  #addNamesAbove(name: WireName): void {
    for (let at = name.charCodeAt(0) + 1; at < name.length - 1; at += name.charCodeAt(at) + 1) {
      const above = name.slice(at)
      if (this.#nodes.has(above)) return
      this.#nodes.set(above, this.#nothing)
    }
  }
}
