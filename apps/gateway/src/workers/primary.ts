import type { AdminServer } from '@standin/serving/admin-server'
import type { Logger } from 'pino'
import type { RunningGateway, StartedGateway } from '../app.ts'
import type { GatewayConfig } from '../gateway-config.ts'
import type { PlatformAddresses } from '../platform-addresses.ts'
import type { TableSource } from '../table-source.ts'
import type { ActivityOutbox } from '../wake/activity-outbox.ts'
import type { Fleet } from './fleet.ts'
import { HeldRoutes } from './held-routes.ts'

export interface PrimaryParts {
  readonly config: GatewayConfig
  readonly log: Logger
  readonly source: TableSource
  readonly platform: PlatformAddresses
  readonly fleet: Fleet
  readonly activity: ActivityOutbox
  readonly admin: AdminServer
}

/** The gateway as several processes: this one follows the table, and serves nobody itself. */
export class Primary implements RunningGateway {
  readonly #parts: PrimaryParts

  constructor(parts: PrimaryParts) {
    this.#parts = parts
  }

  async start(): Promise<StartedGateway> {
    const { config, log, source, platform, fleet, activity, admin } = this.#parts
    await platform.refresh()
    await source.start(new HeldRoutes(fleet.table))
    try {
      const at = await fleet.start()
      const adminAt = config.admin === null ? null : await admin.listen(config.admin, { takesOver: config.takeOver })
      fleet.set(
        'the gateway',
        [at.http, at.https, adminAt].filter((address) => address !== null),
      )
      activity.start()
      log.info({ ...at, admin: adminAt, workers: config.workers, environments: fleet.table.size }, 'the gateway listens')
      return { ...at, admin: adminAt }
    } catch (error) {
      fleet.kill()
      await source.close()
      platform.stop()
      throw error
    }
  }

  async stop(): Promise<void> {
    const { config, log, source, platform, fleet, activity, admin } = this.#parts
    log.info({}, 'the gateway drains')
    await fleet.drain(config.drainMs)
    await activity.stop()
    await source.close()
    platform.stop()
    await admin.close()
    log.info({}, 'the gateway has stopped')
  }

  /** Without a word to anybody. */
  endNow(): void {
    this.#parts.fleet.kill()
  }
}
