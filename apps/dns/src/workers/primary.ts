import type { AdminServer } from '@standin/serving/admin-server'
import type { Logger } from 'pino'
import type { RunningResolver, StartedResolver } from '../app.ts'
import { AccessList } from '../clients/access-list.ts'
import type { DnsConfig } from '../dns-config.ts'
import { readConfiguration } from '../dnsmasq/read-configuration.ts'
import { tellFault } from '../dnsmasq/tell-fault.ts'
import { drop } from '../handlers/handler.ts'
import { Resolver } from '../resolver.ts'
import { DnsServer, type ListenAddress } from '../server/dns-server.ts'
import type { ControlTable } from '../table-source.ts'
import type { Fleet } from './fleet.ts'

export interface PrimaryParts {
  readonly config: DnsConfig
  readonly log: Logger
  readonly source: ControlTable
  readonly fleet: Fleet
  readonly admin: AdminServer
}

/** The resolver as several processes: this one follows the table, and answers nobody itself. */
export class Primary implements RunningResolver {
  readonly #parts: PrimaryParts

  constructor(parts: PrimaryParts) {
    this.#parts = parts
  }

  async start(): Promise<StartedResolver> {
    const { config, log, source, fleet, admin } = this.#parts
    // Told once, and not by each worker.
    if (config.confFile !== undefined) readConfiguration(config.confFile)
    const listen = await freeAddress(config.listen)
    await source.start()
    try {
      const dns = await fleet.start(source.table, listen)
      const adminAt = config.admin === null ? null : await admin.listen(config.admin)
      log.info({ dns, admin: adminAt, workers: config.workers, environments: source.table.size }, 'the resolver listens')
      return { dns, admin: adminAt }
    } catch (cause) {
      fleet.kill()
      await source.close()
      throw cause
    }
  }

  /** A file with a fault is told once, and no worker gets to see it. */
  reload(): void {
    const { config, log, fleet } = this.#parts
    try {
      if (config.confFile !== undefined) readConfiguration(config.confFile)
      fleet.reload()
    } catch (cause) {
      tellFault(cause, log)
    }
  }

  async stop(): Promise<void> {
    const { source, fleet, admin } = this.#parts
    await fleet.stop()
    await source.close()
    await admin.close()
  }
}

/**
 * A port that is shared can be listened on by anybody's second resolver, by mistake: it has to be free at first.
 * @throws StandinError `port_taken`, `invalid`
 */
async function freeAddress(listen: ListenAddress): Promise<ListenAddress> {
  const nobody = new Resolver([{ rule: 'noise', handle: () => drop }], {
    access: new AccessList(),
    recursionAvailable: false,
    onFault: () => {},
  })
  const probe = new DnsServer(nobody, () => {})
  const port = await probe.listen(listen)
  await probe.close()
  return { address: listen.address, port }
}
