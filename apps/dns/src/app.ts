import type { AdminServer } from '@standin/serving/admin-server'
import type { Logger } from 'pino'
import type { DnsConfig } from './dns-config.ts'
import type { Engine } from './engine.ts'
import type { ControlTable } from './table-source.ts'

/** Where a resolver listens: `127.0.0.1:5354`. */
export interface StartedResolver {
  readonly dns: string
  /** Null: nowhere. */
  readonly admin: string | null
}

/** A resolver as its `main.ts` sees it: one process, or several. */
export interface RunningResolver {
  /** @throws StandinError `port_taken`, `invalid`; then nothing is left running */
  start(): Promise<StartedResolver>
  /** Reads the configuration file again. */
  reload(): void
  stop(): Promise<void>
}

export interface AppParts {
  readonly config: DnsConfig
  readonly log: Logger
  readonly source: ControlTable
  readonly engine: Engine
  readonly admin: AdminServer
}

/** The resolver as one process: starts its parts in order, stops them in reverse. */
export class App implements RunningResolver {
  readonly #parts: AppParts

  constructor(parts: AppParts) {
    this.#parts = parts
  }

  /** The table of last time is read first, so that no query meets an empty one; control need not be there. */
  async start(): Promise<StartedResolver> {
    const { config, log, source, engine, admin } = this.#parts
    await source.start()
    try {
      const dns = await engine.listen(config.listen)
      const adminAt = config.admin === null ? null : await admin.listen(config.admin)
      log.info({ dns, admin: adminAt, environments: engine.size }, 'the resolver listens')
      return { dns, admin: adminAt }
    } catch (cause) {
      await this.stop()
      throw cause
    }
  }

  reload(): void {
    this.#parts.engine.reload()
  }

  async stop(): Promise<void> {
    const { source, engine, admin } = this.#parts
    await engine.stop()
    await source.close()
    await admin.close()
  }
}
