import { join } from 'node:path'
import { type Follower, followTable } from '@standin/follower'
import type { Logger } from 'pino'
import type { DnsConfig } from './config.ts'
import type { DnsmasqRules } from './dnsmasq/dnsmasq-rules.ts'
import { type DnsServer, hostPort } from './server/dns-server.ts'
import type { Forwarder } from './upstream/forwarder.ts'
import type { RecordTable } from './zones/record-table.ts'

export interface AppParts {
  readonly config: DnsConfig
  readonly log: Logger
  readonly table: RecordTable
  readonly forwarder: Forwarder
  readonly server: DnsServer
  /** Of `--conf-file`. */
  readonly rules: DnsmasqRules | undefined
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
    const { config, server, rules } = this.#parts
    rules?.start()
    if (rules === undefined || config.control !== undefined) this.#follower = await this.#follow()
    try {
      const port = await server.listen(config.listen)
      return { dns: hostPort({ address: config.listen.address, port }) }
    } catch (cause) {
      await this.stop()
      throw cause
    }
  }

  /** Reads the configuration file again. One with a fault changes nothing, and is told to the log. */
  reload(): void {
    const { rules, log, forwarder } = this.#parts
    if (rules === undefined) return
    try {
      rules.reload()
      forwarder.reload(rules.configuration.forwarding)
      log.info('the configuration was read again')
    } catch (cause) {
      log.error({ err: cause }, 'the configuration has a fault: everything stays as it was')
    }
  }

  async stop(): Promise<void> {
    const { forwarder, server } = this.#parts
    this.#parts.rules?.close()
    forwarder.close()
    await server.close()
    await this.#follower?.close()
  }

  #follow(): Promise<Follower> {
    const { config, log, table } = this.#parts
    return followTable({
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
  }
}
