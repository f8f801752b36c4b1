import type { LineWriter } from '@standin/serving/line-writer'
import type { Logger } from 'pino'
import type { Gateway } from './exchange/gateway.ts'
import type { FaultDesk } from './faults/fault-desk.ts'
import type { GatewayConfig, ListenAddress } from './gateway-config.ts'
import type { Listeners } from './listen/listeners.ts'
import type { Counts } from './observe/counts.ts'
import { briefly, describeEnvironment, type EnvironmentView } from './observe/environment-view.ts'
import { samplePools } from './observe/sample-pools.ts'
import type { UpstreamRegistry } from './pool/upstream-registry.ts'
import type { RefusedEndpoints } from './refused-endpoints.ts'
import type { Router } from './routing/router.ts'
import type { RouteSnapshot, TableSink } from './table-source.ts'
import type { CertificateSource } from './tls/certificate-source.ts'
import { openCertificates } from './tls/open-certificates.ts'
import type { Activity } from './wake/activity.ts'
import type { StateWatchers } from './wake/state-watchers.ts'
import type { WakeDesk } from './wake/wake-desk.ts'

export interface EngineParts {
  readonly config: GatewayConfig
  readonly log: Logger
  readonly gateway: Gateway
  readonly router: Router
  readonly upstreams: UpstreamRegistry
  readonly refused: RefusedEndpoints
  readonly wake: WakeDesk
  readonly watchers: StateWatchers
  readonly faults: FaultDesk
  readonly activity: Activity
  readonly listeners: Listeners
  readonly counts: Counts
  readonly lines: LineWriter
}

/** `127.0.0.1:8080`; null where there is no such listener. */
export interface ListeningAt {
  readonly http: string | null
  readonly https: string | null
}

export interface EngineListenOptions {
  readonly http: ListenAddress | null
  readonly https: ListenAddress | null
  /** Others may listen there as well. */
  readonly shared: boolean
}

/** What serves requests, in one process: listeners, chain, pools. The table comes from elsewhere. */
export class Engine implements TableSink {
  readonly #parts: EngineParts
  readonly #domain = Promise.withResolvers<string>()
  #certificates: CertificateSource | null = null
  #certificateFault: string | null = null
  #isStopped = false

  constructor(parts: EngineParts) {
    this.#parts = parts
  }

  get hasTable(): boolean {
    return this.#parts.router.isReady
  }

  get size(): number {
    return this.#parts.router.size
  }

  reset(snapshot: RouteSnapshot, source: 'control' | 'file' = 'control'): void {
    this.#parts.router.reset(snapshot, source)
    this.#domain.resolve(this.#parts.router.domain)
  }

  put(entry: RouteSnapshot['items'][number]): void {
    this.#parts.router.put(entry)
  }

  remove(environment: number): void {
    this.#parts.router.remove(environment)
  }

  /** Listens on all addresses, or on none. @throws StandinError `port_taken`, `invalid` */
  async listen({ http, https, shared }: EngineListenOptions): Promise<ListeningAt> {
    const { config, gateway, listeners, refused, activity } = this.#parts
    if (https !== null) await this.#openCertificates()
    const at = { http: null as string | null, https: null as string | null }
    try {
      if (https !== null) at.https = await listeners.listenHttps({ ...https, flag: '--https', shared })
      if (http !== null) at.http = await listeners.listenHttp({ ...http, flag: '--http', shared })
    } catch (error) {
      await listeners.drain(0)
      throw error
    }
    if (config.redirect && at.https !== null) gateway.redirectPort = Number(at.https.slice(at.https.lastIndexOf(':') + 1))
    refused.set(
      'the gateway',
      [at.http, at.https].filter((address) => address !== null),
    )
    activity.start()
    return at
  }

  /** Null: it takes traffic. Else why it doesn't. */
  notReady(): string | null {
    if (this.#parts.gateway.draining) return 'the gateway drains'
    if (!this.hasTable) return 'there is no table of routes yet'
    return this.#certificateFault
  }

  /** Lets what is under way end, for `ms` at most; then reports who was active. */
  async stop(ms: number): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    const { wake, watchers, faults, listeners, activity, upstreams } = this.#parts
    wake.close()
    watchers.close()
    await listeners.drain(ms)
    faults.close()
    await activity.stop()
    await upstreams.destroy()
    this.#certificates?.close()
  }

  /** The numbers of this moment. */
  sample(): number[] {
    const { counts, listeners, wake, router, upstreams, lines } = this.#parts
    listeners.sample()
    counts.set('heldRequests', wake.waiting)
    counts.set('environments', router.size)
    samplePools(upstreams, counts)
    counts.set('droppedLines', lines.dropped)
    return counts.values
  }

  /** @returns null: there is no such environment */
  describe(environment: number): EnvironmentView | null {
    const found = this.#parts.router.environment(environment)
    return found === undefined ? null : describeEnvironment(found)
  }

  /** All environments in brief. */
  summary(): ReturnType<typeof briefly>[] {
    return [...this.#parts.router.environments()].map(({ entry }) => briefly(entry))
  }

  async #openCertificates(): Promise<void> {
    const { config, log, router, listeners } = this.#parts
    const { source } = await openCertificates({
      files: config.tls,
      home: config.home,
      domain: this.#domain.promise,
      isRouted: (host) => router.holder(host) !== undefined,
      log,
    })
    const use = (certificates: CertificateSource) => {
      if (this.#isStopped) return certificates.close()
      this.#certificates = certificates
      listeners.useCertificates(certificates)
    }
    source.then(use, (error: Error) => {
      this.#certificateFault = `there is no certificate: ${error.message}`
      log.error({ err: error }, 'the gateway has no certificate: nothing is served over TLS')
    })
  }
}
