import { rmSync } from 'node:fs'
import { StandinError } from '@standin/client'
import type { Logger } from '@standin/core'
import type { FastifyInstance } from 'fastify'
import { endForbiddenStreams } from './api/end-forbidden-streams.ts'
import type { OpenStreams } from './api/open-streams.ts'
import type { Feeds } from './api/routes/tables.ts'
import type { ControlConfig } from './config.ts'
import { type Listening, urlOf } from './listening.ts'
import type { Metrics } from './metrics.ts'
import type { OpenedHome } from './open-home.ts'
import type { PluginHost } from './plugins/plugin-host.ts'
import type { Deadlines } from './reconcile/deadlines.ts'
import type { ProviderRegistry } from './reconcile/provider-registry.ts'
import type { Reconciler } from './reconcile/reconciler.ts'
import type { EventLog } from './store/events.ts'
import { writeFileAtomically } from './store/home.ts'
import { ensureTokenFiles } from './store/token-files.ts'
import type { Tokens } from './store/tokens.ts'

export interface ControlParts extends OpenedHome {
  readonly config: ControlConfig
  readonly log: Logger
  readonly tokens: Tokens
  readonly events: EventLog
  readonly providers: ProviderRegistry
  readonly reconciler: Reconciler
  readonly deadlines: Deadlines
  readonly feeds: Feeds
  readonly streams: OpenStreams
  readonly metrics: Metrics
  readonly listening: Listening
  /** What else runs beside the API: the builder. Started in order, stopped in reverse. */
  readonly services: readonly { start(): void | Promise<void>; close(): Promise<void> }[]
  readonly plugins: PluginHost
  readonly buildServer: (ready: Promise<void>) => Promise<FastifyInstance>
}

/** What `main.ts` prints once it is ready. */
export interface Ready {
  readonly api: string
  readonly tokenFile: string
}

/** Answers that are under way may take so long when control is stopped, ms. */
const drainMs = 2_000

/** The control plane: starts its parts in order, stops them in reverse. */
export class Control {
  readonly #parts: ControlParts
  /** What was started, the last one first. */
  readonly #stops: (() => void | Promise<void>)[] = []
  /** Before all of these. */
  #closeServer: () => Promise<void> = async () => {}

  constructor(parts: ControlParts) {
    this.#parts = parts
  }

  /** @throws StandinError `port_taken`, `disk_full`, what a provider throws; nothing is left running then */
  async start(): Promise<Ready> {
    try {
      return await this.#start()
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** The plugins first, which need the API; then the API. Environments run on. */
  async stop(): Promise<void> {
    for (const stop of [() => this.#parts.plugins.close(), this.#closeServer, ...this.#stops.splice(0)]) {
      try {
        await stop()
      } catch (error) {
        this.#parts.log.error({ err: error }, 'a part can not be stopped')
      }
    }
  }

  async #start(): Promise<Ready> {
    const { home, lock, database, config, tokens, providers, reconciler, deadlines, feeds, metrics, listening, services, plugins } =
      this.#parts
    const ready = Promise.withResolvers<void>()
    ready.promise.catch(() => {})
    this.#onStop(() => lock.release())
    this.#onStop(() => database.close())
    ensureTokenFiles(home, tokens)
    metrics.start()
    this.#onStop(() => metrics.close())

    await plugins.read()
    const server = await this.#parts.buildServer(ready.promise)
    this.#closeServer = () => {
      ready.reject(new StandinError('interrupted', 'control is shutting down'))
      return this.#drain(server)
    }
    const address = await this.#listen(server)
    listening.at(address)

    this.#onStop(() => providers.close())
    await providers.open()
    this.#onStop(endForbiddenStreams(this.#parts.events, this.#parts.streams))
    feeds.routes.start()
    this.#onStop(() => feeds.routes.close())
    feeds.records.start()
    this.#onStop(() => feeds.records.close())
    await reconciler.start()
    this.#onStop(() => reconciler.close())
    deadlines.start()
    this.#onStop(() => deadlines.close())
    for (const service of services) {
      await service.start()
      this.#onStop(() => service.close())
    }
    ready.resolve()
    plugins.start()
    const api = urlOf(config.api.host, address.port)
    writeFileAtomically(home.runFile, `${JSON.stringify({ api, pid: process.pid })}\n`)
    this.#onStop(() => rmSync(home.runFile, { force: true }))
    return { api, tokenFile: home.tokenFile('admin') }
  }

  async #listen(server: FastifyInstance): Promise<{ address: string; port: number }> {
    const { host, port } = this.#parts.config.api
    try {
      await server.listen({ host, port })
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'EADDRINUSE') {
        throw new StandinError('port_taken', `${host}:${port} is taken: the API can not listen there`, {
          hint: 'Choose another address with --api; port 0 takes any that is free',
          cause,
        })
      }
      throw new StandinError('invalid', `the API can not listen on ${host}:${port}: ${(cause as Error).message}`, {
        hint: 'Choose an address of this machine with --api',
        cause,
      })
    }
    const bound = server.server.address()
    if (bound === null || typeof bound === 'string') throw new StandinError('internal', 'the API has no address')
    return bound
  }

  /** Nothing new comes in, streams end, answers that are under way are given. */
  async #drain(server: FastifyInstance): Promise<void> {
    this.#parts.streams.endAll()
    const impatience = setTimeout(() => server.server.closeAllConnections(), drainMs)
    await server.close()
    clearTimeout(impatience)
  }

  #onStop(stop: () => void | Promise<void>): void {
    this.#stops.unshift(stop)
  }
}
