import type { AdminSource } from '@standin/serving/admin-server'
import type { Exposition, Scrape } from '@standin/serving/exposition'
import type { Engine } from '../engine.ts'
import type { TableSource } from '../table-source.ts'
import type { Fleet } from '../workers/fleet.ts'
import { briefly } from './environment-view.ts'
import { metrics } from './metric-list.ts'

/** The library that writes it takes 4 MiB, which a gateway that nobody asks has no use for. */
class MetricsPage {
  readonly #scrape: () => Promise<Scrape>
  #exposition: Promise<Exposition<Scrape>> | undefined

  constructor(scrape: () => Promise<Scrape>) {
    this.#scrape = scrape
  }

  async take(): Promise<{ contentType: string; text: string }> {
    this.#exposition ??= import('./exposition.ts').then(({ gatewayExposition }) => gatewayExposition(this.#scrape))
    return await (await this.#exposition).page()
  }
}

/** A gateway of one process. */
export class EngineView implements AdminSource {
  readonly name = 'gateway'
  readonly tablePath = '/routes'
  readonly #engine: Engine
  readonly #source: TableSource
  readonly #page: MetricsPage

  constructor(engine: Engine, source: TableSource) {
    this.#engine = engine
    this.#source = source
    this.#page = new MetricsPage(async () => ({
      values: engine.sample(),
      workers: [],
      isFollowing: source.status.isFollowing,
      revision: source.status.revision,
    }))
  }

  notReady(): string | null {
    return this.#engine.notReady()
  }

  metrics(): Promise<{ contentType: string; text: string }> {
    return this.#page.take()
  }

  async table(environment: number | undefined): Promise<object | null> {
    if (environment !== undefined) return this.#engine.describe(environment)
    return { ...this.#source.status, environments: this.#engine.summary() }
  }
}

/** A gateway of several processes. */
export class FleetView implements AdminSource {
  readonly name = 'gateway'
  readonly tablePath = '/routes'
  readonly #fleet: Fleet
  readonly #source: TableSource
  readonly #page: MetricsPage

  constructor(fleet: Fleet, source: TableSource) {
    this.#fleet = fleet
    this.#source = source
    this.#page = new MetricsPage(async () => {
      const { values, workers } = await fleet.count()
      return { values: metrics.sum(values), workers, isFollowing: source.status.isFollowing, revision: source.status.revision }
    })
  }

  notReady(): string | null {
    return this.#fleet.notReady()
  }

  metrics(): Promise<{ contentType: string; text: string }> {
    return this.#page.take()
  }

  /** Each worker has found out for itself how the endpoints are. */
  async table(environment: number | undefined): Promise<object | null> {
    const { table } = this.#fleet
    if (environment === undefined) return { ...this.#source.status, environments: [...table.entries()].map(briefly) }
    const entry = table.entry(environment)
    if (entry === undefined) return null
    const views = await this.#fleet.describe(environment)
    return { entry, workers: views.map(({ worker, view }) => ({ worker, endpoints: view?.endpoints ?? [] })) }
  }
}
