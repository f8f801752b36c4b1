import type { AdminServer } from '@standin/serving/admin-server'
import type { Logger } from 'pino'
import type { Engine, ListeningAt } from './engine.ts'
import type { GatewayConfig } from './gateway-config.ts'
import type { PlatformAddresses } from './platform-addresses.ts'
import type { RefusedEndpoints } from './refused-endpoints.ts'
import type { TableSource } from './table-source.ts'
import type { ActivityOutbox } from './wake/activity-outbox.ts'

/** Where a gateway listens: `127.0.0.1:8080`; null where it doesn't. */
export interface StartedGateway extends ListeningAt {
  readonly admin: string | null
}

/** A gateway as its `main.ts` sees it: one process, or several. */
export interface RunningGateway {
  /** @throws StandinError `port_taken`, `invalid`; then nothing is left running */
  start(): Promise<StartedGateway>
  /** Lets what is under way end, within the time that the command line gives. */
  stop(): Promise<void>
  /** Ends at once what would outlive this process. */
  endNow(): void
}

export interface AppParts {
  readonly config: GatewayConfig
  readonly log: Logger
  readonly source: TableSource
  readonly engine: Engine
  readonly activity: ActivityOutbox
  readonly refused: RefusedEndpoints
  readonly platform: PlatformAddresses
  readonly admin: AdminServer
}

/** The gateway as one process: starts its parts in order and stops them in reverse. */
export class App implements RunningGateway {
  readonly #parts: AppParts

  constructor(parts: AppParts) {
    this.#parts = parts
  }

  /** Serves the last good table from disk, then listens, then follows control whenever it is there. */
  async start(): Promise<StartedGateway> {
    const { config, log, source, engine, activity, refused, platform, admin } = this.#parts
    await platform.refresh()
    await source.start(engine)
    try {
      const at = await engine.listen({ http: config.http, https: config.https, shared: config.takeOver })
      const adminAt = config.admin === null ? null : await admin.listen(config.admin, { takesOver: config.takeOver })
      if (adminAt !== null) refused.set('the admin listener', [adminAt])
      activity.start()
      log.info({ ...at, admin: adminAt, environments: engine.size }, 'the gateway listens')
      return { ...at, admin: adminAt }
    } catch (error) {
      await engine.stop(0)
      await source.close()
      platform.stop()
      throw error
    }
  }

  /** Then it tells control who was active, and keeps the table. */
  async stop(): Promise<void> {
    const { config, log, source, engine, activity, platform, admin } = this.#parts
    log.info({}, 'the gateway drains')
    await engine.stop(config.drainMs)
    await activity.stop()
    await source.close()
    platform.stop()
    await admin.close()
    log.info({}, 'the gateway has stopped')
  }

  endNow(): void {}
}
