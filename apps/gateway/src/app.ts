import { join } from 'node:path'
import { type Follower, followTable } from '@standin/follower'
import type { Logger } from 'pino'
import type { GatewayConfig } from './config.ts'
import type { Listener } from './listener.ts'
import type { PlatformAddresses } from './platform-addresses.ts'
import type { UpstreamRegistry } from './pool/upstream-registry.ts'
import type { RefusedEndpoints } from './refused-endpoints.ts'
import type { Router } from './routing/router.ts'
import type { Activity } from './wake/activity.ts'
import type { WakeDesk } from './wake/wake-desk.ts'

/** How long exchanges may go on once the gateway was told to stop, ms. */
const drainMs = 10_000

export interface AppParts {
  readonly config: GatewayConfig
  readonly log: Logger
  readonly router: Router
  readonly upstreams: UpstreamRegistry
  readonly refused: RefusedEndpoints
  readonly platform: PlatformAddresses
  readonly wake: WakeDesk
  readonly activity: Activity
  readonly listener: Listener
}

/** The gateway as a process: starts its parts in order and stops them in reverse. */
export class App {
  readonly #parts: AppParts
  #follower: Follower | undefined

  constructor(parts: AppParts) {
    this.#parts = parts
  }

  /**
   * Serves the last good table from disk, then listens, then follows control whenever it is there.
   * Returns the address, `127.0.0.1:8080`. Errors: `port_taken`.
   */
  async start(): Promise<string> {
    const { config, log, router, refused, platform, activity, listener } = this.#parts
    await platform.refresh()
    this.#follower = await followTable({
      ...config,
      kind: 'routes',
      tokenName: 'gateway',
      cacheFile: join(config.home, 'gateway', 'routes.json'),
      onSnapshot: (snapshot) => router.reset(snapshot),
      onDelta: ({ put, remove }) => {
        if (put !== null) router.put(put)
        if (remove !== null) router.remove(remove)
      },
      onStatus: ({ link }) => {
        if (link === 'following') void platform.refresh()
      },
      log,
    })
    try {
      const address = await listener.listen(config.http?.host ?? '127.0.0.1', config.http?.port ?? 0)
      refused.set('the gateway', [address])
      activity.start()
      log.info({ http: address, environments: router.size }, 'the gateway listens')
      return address
    } catch (error) {
      await this.#follower.close()
      throw error
    }
  }

  /** Lets what is under way end, for ten seconds at most; then tells control who was active, and keeps the table. */
  async stop(): Promise<void> {
    const { log, platform, wake, listener, activity, upstreams } = this.#parts
    log.info({}, 'the gateway drains')
    wake.close()
    await listener.drain(drainMs)
    await activity.stop()
    await this.#follower?.close()
    platform.stop()
    await upstreams.destroy()
    log.info({}, 'the gateway has stopped')
  }
}
