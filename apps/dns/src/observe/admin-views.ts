import type { RecordEntry } from '@standin/client'
import type { AdminSource } from '@standin/serving/admin-server'
import type { Exposition } from '@standin/serving/exposition'
import type { DnsConfig } from '../dns-config.ts'
import type { ControlTable } from '../table-source.ts'
import type { ResolverScrape } from './exposition.ts'

/** What the admin listener shows of a resolver, of one process or of several. */
export interface Observed {
  notReady(): string | null
  scrape(): Promise<Omit<ResolverScrape, 'isFollowing' | 'revision'>>
}

/** Health, metrics and the table of a resolver. */
export class ResolverView implements AdminSource {
  readonly name = 'resolver'
  readonly tablePath = '/records'
  readonly #config: DnsConfig
  readonly #source: ControlTable
  readonly #observed: Observed
  #exposition: Promise<Exposition<ResolverScrape>> | undefined

  constructor(config: DnsConfig, source: ControlTable, observed: Observed) {
    this.#config = config
    this.#source = source
    this.#observed = observed
  }

  notReady(): string | null {
    return this.#observed.notReady()
  }

  /** The library that writes it takes 4 MiB, which a resolver that nobody asks has no use for. */
  async metrics(): Promise<{ contentType: string; text: string }> {
    this.#exposition ??= import('./exposition.ts').then(({ resolverExposition }) => resolverExposition(() => this.#scrape()))
    return await (await this.#exposition).page()
  }

  async table(environment: number | undefined): Promise<object | null> {
    const { table, status } = this.#source
    if (environment !== undefined) return table.entry(environment) ?? null
    const { upstreams } = await this.#observed.scrape()
    return {
      ...status,
      file: this.#config.confFile ?? null,
      domain: table.head?.domain ?? null,
      upstreams: upstreams.map(({ label, state, reason, roundTripMs, counters }) => ({
        upstream: label,
        state,
        reason,
        roundTripMs,
        ...counters,
      })),
      environments: [...table.entries()].map(briefly),
    }
  }

  async #scrape(): Promise<ResolverScrape> {
    const { isFollowing, revision } = this.#source.status
    return { ...(await this.#observed.scrape()), isFollowing, revision }
  }
}

/** One of many. */
const briefly = ({ environment, state, owner, revision, services, aliases = [], records }: RecordEntry) => ({
  environment,
  state,
  owner,
  revision,
  services,
  aliases,
  names: records.length,
})
