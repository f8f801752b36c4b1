import { join } from 'node:path'
import { type Follower, followTable } from '@standin/follower'
import type { Logger } from 'pino'
import type { DnsConfig } from './config.ts'
import { type DnsServer, hostPort } from './server/dns-server.ts'
import type { Forwarder } from './upstream/forwarder.ts'
import type { RecordTable } from './zones/record-table.ts'

export interface AppParts {
  readonly config: DnsConfig
  readonly log: Logger
  readonly table: RecordTable
  readonly forwarder: Forwarder
  readonly server: DnsServer
}

/** The resolver as a process: starts its parts in order, stops them in reverse. */
export class App {
  readonly #parts: AppParts
  #follower: Follower | undefined

  constructor(parts: AppParts) {
    this.#parts = parts
  }

  /**
   * The table of last time is read first, so that no query meets an empty one; control need not be there.
   * @returns where it listens, `127.0.0.1:5354`
   * @throws StandinError `port_taken`, `invalid`
   */
  async start(): Promise<{ readonly dns: string }> {
    const { config, log, table, server } = this.#parts
    this.#follower = await followTable({
      kind: 'records',
      home: config.home,
      tokenName: 'dns',
      control: config.control,
      tokenFile: config.tokenFile,
      cacheFile: join(config.home, 'dns', 'records.json'),
      onSnapshot: (snapshot) => table.load(snapshot),
      onDelta: (delta) => table.apply(delta),
      log,
    })
    try {
      const port = await server.listen(config.listen)
      return { dns: hostPort({ address: config.listen.address, port }) }
    } catch (cause) {
      await this.stop()
      throw cause
    }
  }

  async stop(): Promise<void> {
    const { forwarder, server } = this.#parts
    forwarder.close()
    await server.close()
    await this.#follower?.close()
  }
}
