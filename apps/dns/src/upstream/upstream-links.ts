import type { UpstreamGroup, UpstreamServer } from '../dnsmasq/settings.ts'
import type { RandomOctets } from './random-octets.ts'
import { upstreamLabel } from './upstream-address.ts'
import type { HealthState } from './upstream-health.ts'
import { UpstreamLink } from './upstream-link.ts'

export interface UpstreamLinksOptions {
  /** Milliseconds after which a connection that nobody uses is closed. */
  readonly idleMs?: number | undefined
  readonly onHealth?: ((upstream: UpstreamServer, state: HealthState, reason: string) => void) | undefined
}

/** All upstreams that were ever asked. One that is in several groups is one. */
export class UpstreamLinks {
  readonly #random: RandomOctets
  readonly #options: UpstreamLinksOptions
  readonly #links = new Map<string, UpstreamLink>()
  readonly #byGroup = new WeakMap<UpstreamGroup, readonly UpstreamLink[]>()

  constructor(random: RandomOctets, options: UpstreamLinksOptions) {
    this.#random = random
    this.#options = options
  }

  get all(): readonly UpstreamLink[] {
    return [...this.#links.values()]
  }

  /** In the order of the group. */
  of(group: UpstreamGroup): readonly UpstreamLink[] {
    const known = this.#byGroup.get(group)
    if (known !== undefined) return known
    const links = group.servers.map((server) => this.#link(server))
    this.#byGroup.set(group, links)
    return links
  }

  sweep(now: number): void {
    for (const link of this.#links.values()) link.sweep(now)
  }

  /** Whether any has sockets or connections that have to be looked after. */
  get areOpen(): boolean {
    for (const link of this.#links.values()) if (link.isOpen) return true
    return false
  }

  close(): void {
    for (const link of this.#links.values()) link.close()
  }

  #link(server: UpstreamServer): UpstreamLink {
    const label = upstreamLabel(server)
    const known = this.#links.get(label)
    if (known !== undefined) return known
    const onChange = (state: HealthState, reason: string) => this.#options.onHealth?.(server, state, reason)
    const link = new UpstreamLink(server, this.#random, { onChange, idleMs: this.#options.idleMs })
    this.#links.set(label, link)
    return link
  }
}
