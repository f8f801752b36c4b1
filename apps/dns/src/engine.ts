import type { RecordEntry } from '@standin/client'
import type { HeldSnapshot } from '@standin/serving/held-table'
import type { LineWriter } from '@standin/serving/line-writer'
import type { Logger } from 'pino'
import type { DnsConfig } from './dns-config.ts'
import type { DnsmasqRules } from './dnsmasq/dnsmasq-rules.ts'
import { tellFault } from './dnsmasq/tell-fault.ts'
import type { Counts } from './observe/counts.ts'
import type { QueryLog } from './observe/query-log.ts'
import { numbersOf, type UpstreamNumbers } from './observe/upstream-numbers.ts'
import { type DnsServer, hostPort, type ListenAddress } from './server/dns-server.ts'
import type { RecordsHead } from './table-source.ts'
import type { Forwarder } from './upstream/forwarder.ts'
import type { RecordTable } from './zones/record-table.ts'

export interface EngineParts {
  readonly config: DnsConfig
  readonly log: Logger
  readonly lines: LineWriter
  readonly table: RecordTable
  readonly forwarder: Forwarder
  readonly server: DnsServer
  readonly counts: Counts
  readonly queryLog: QueryLog
  /** Of `--conf-file`. */
  readonly rules: DnsmasqRules | undefined
}

/** What one process has counted, in the layout of `metrics`, and what it knows of upstreams. */
export interface Sample {
  readonly values: readonly number[]
  readonly upstreams: readonly UpstreamNumbers[]
}

/** All that answers queries, of one process: table, rules, upstreams, sockets. */
export class Engine {
  readonly #parts: EngineParts
  #isStopping = false

  constructor(parts: EngineParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#parts.table.size
  }

  /** From now on the files of the configuration are followed. Gives where it listens. @throws StandinError `port_taken`, `invalid` */
  async listen(at: ListenAddress): Promise<string> {
    const { server, rules } = this.#parts
    rules?.start()
    return hostPort({ address: at.address, port: await server.listen(at) })
  }

  reset(snapshot: HeldSnapshot<RecordEntry, RecordsHead>): void {
    this.#parts.table.load(snapshot)
  }

  put(entry: RecordEntry, revision: number): void {
    this.#parts.table.apply({ revision, put: entry, remove: null })
  }

  remove(environment: number, revision: number): void {
    this.#parts.table.apply({ revision, put: null, remove: environment })
  }

  /** Reads the configuration file again. One with a fault changes nothing, and is told to the log. */
  reload(): void {
    const { rules, log, forwarder, queryLog, config } = this.#parts
    if (rules === undefined) {
      log.info({}, 'there is no --conf-file to read again')
      return
    }
    try {
      rules.reload()
      forwarder.reload(rules.configuration.forwarding)
      queryLog.isOn = config.queryLog || rules.configuration.logQueries
      log.info({ file: rules.path }, 'the configuration was read again')
    } catch (cause) {
      tellFault(cause, log)
    }
  }

  /** Null: it answers for all names. */
  notReady(): string | null {
    if (this.#isStopping) return 'the resolver stops'
    const { config, table } = this.#parts
    return config.isAlone || table.zone !== undefined ? null : 'there is no table of records yet'
  }

  sample(): Sample {
    const { counts, forwarder, table, lines } = this.#parts
    const { cache, counters, links } = forwarder
    counts.set('cacheHits', cache.counters.hits)
    counts.set('cacheMisses', cache.counters.misses)
    counts.set('cacheStale', cache.counters.stale)
    counts.set('cacheEvicted', cache.counters.evicted)
    counts.set('cacheEntries', cache.counters.entries)
    counts.set('cacheBytes', cache.counters.bytes)
    counts.set('joined', counters.joined)
    counts.set('failed', counters.failed)
    counts.set('overloaded', counters.overloaded)
    counts.set('looped', counters.looped)
    counts.set('rebinds', counters.rebinds)
    counts.set('waiting', counters.waiting)
    counts.set('environments', table.size)
    counts.set('droppedLines', lines.dropped)
    return { values: counts.values, upstreams: links.map(numbersOf) }
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    const { forwarder, server, rules } = this.#parts
    rules?.close()
    forwarder.close()
    await server.close()
  }
}
