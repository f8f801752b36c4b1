import { join } from 'node:path'
import type { RouteEntry, TableSnapshot } from '@standin/client'
import { type Follower, followTable } from '@standin/follower'
import type { Logger } from 'pino'
import type { GatewayConfig } from './gateway-config.ts'
import type { RoutesFileSource } from './standalone/routes-file-source.ts'

export type RouteSnapshot = Pick<TableSnapshot<RouteEntry>, 'epoch' | 'domain' | 'nextId' | 'items'>

/** Who holds the table: the router, or whoever hands it to workers. */
export interface TableSink {
  /** Everything that was known before is void. */
  reset(snapshot: RouteSnapshot, source?: 'control' | 'file'): void
  put(entry: RouteEntry): void
  remove(environment: number): void
  /** How many environments there are. */
  readonly size: number
}

export interface TableStatus {
  /** Changes arrive. */
  readonly isFollowing: boolean
  readonly revision: number
  /** Why they don't; null where they do. */
  readonly reason: string | null
}

/** Where the table comes from. */
export interface TableSource {
  readonly status: TableStatus
  /** Hands over what there is at once, then every change, until `close`. */
  start(sink: TableSink): Promise<void>
  close(): Promise<void>
}

/** The table of control: the last good one from disk first, then the one that control has, whenever it is there. */
export class ControlTable implements TableSource {
  readonly #config: GatewayConfig
  readonly #log: Logger
  readonly #onFollowing: () => void
  #follower: Follower | undefined

  /** @param onFollowing control was found (again) */
  constructor(config: GatewayConfig, log: Logger, onFollowing: () => void) {
    this.#config = config
    this.#log = log
    this.#onFollowing = onFollowing
  }

  get status(): TableStatus {
    const status = this.#follower?.status
    if (status === undefined) return { isFollowing: false, revision: 0, reason: 'it was not started' }
    const isFollowing = status.link === 'following'
    return {
      isFollowing,
      revision: status.revision,
      reason: isFollowing ? null : (status.reason ?? `the link to control is ${status.link}`),
    }
  }

  async start(sink: TableSink): Promise<void> {
    this.#follower = await followTable({
      ...this.#config,
      kind: 'routes',
      tokenName: 'gateway',
      cacheFile: join(this.#config.home, 'gateway', 'routes.json'),
      onSnapshot: (snapshot) => sink.reset(snapshot),
      onDelta: ({ put, remove }) => {
        if (put !== null) sink.put(put)
        if (remove !== null) sink.remove(remove)
      },
      onStatus: ({ link }) => {
        if (link === 'following') this.#onFollowing()
      },
      log: this.#log,
    })
  }

  async close(): Promise<void> {
    await this.#follower?.close()
  }
}

/** The table of a routes file, for a gateway without a control plane. */
export class FileTable implements TableSource {
  readonly #path: string
  readonly #log: Logger
  #source: RoutesFileSource | undefined

  constructor(path: string, log: Logger) {
    this.#path = path
    this.#log = log
  }

  get status(): TableStatus {
    const { loads = 0, fault = null } = this.#source ?? {}
    return { isFollowing: fault === null, revision: loads, reason: fault === null ? null : fault.message }
  }

  /** @throws StandinError `invalid` where the file can't be read or is no valid one */
  async start(sink: TableSink): Promise<void> {
    // Reading YAML and checking it by schema takes 30 MiB of memory that a gateway under control has no use for.
    const { RoutesFileSource } = await import('./standalone/routes-file-source.ts')
    this.#source = new RoutesFileSource(this.#path, sink, this.#log)
    await this.#source.start()
  }

  async close(): Promise<void> {
    this.#source?.stop()
  }
}
