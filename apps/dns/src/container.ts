import 'reflect-metadata'
import { readFileSync } from 'node:fs'
import { AdminServer } from '@standin/serving/admin-server'
import type { TableWatcher } from '@standin/serving/held-table'
import { LineWriter } from '@standin/serving/line-writer'
import { type Logger, pino } from 'pino'
import { type InjectionToken, instanceCachingFactory, container as root } from 'tsyringe'
import { App, type RunningResolver } from './app.ts'
import { chain, standaloneChain } from './chain.ts'
import { AccessList, privateNetworks } from './clients/access-list.ts'
import { RateLimit } from './clients/rate-limit.ts'
import type { DnsConfig } from './dns-config.ts'
import { DnsmasqRules } from './dnsmasq/dnsmasq-rules.ts'
import { nameserversOf } from './dnsmasq/resolv-conf.ts'
import type { UpstreamServer } from './dnsmasq/settings.ts'
import { Engine } from './engine.ts'
import { ResolverView } from './observe/admin-views.ts'
import { Counts } from './observe/counts.ts'
import { QueryLog } from './observe/query-log.ts'
import { Resolver } from './resolver.ts'
import { DnsServer } from './server/dns-server.ts'
import { isWildcard } from './server/machine-addresses.ts'
import { ControlTable } from './table-source.ts'
import { Forwarder } from './upstream/forwarder.ts'
import { isOurselves } from './upstream/own-addresses.ts'
import { upstreamLabel } from './upstream/upstream-address.ts'
import { displayName, type WireName } from './wire/name.ts'
import { addressText } from './wire/source.ts'
import { Fleet } from './workers/fleet.ts'
import { Primary } from './workers/primary.ts'
import { RecordTable } from './zones/record-table.ts'

const token = <T>(name: string): InjectionToken<T> => Symbol(name)

const tokens = {
  lines: token<LineWriter>('lines'),
  log: token<Logger>('log'),
  queryLog: token<QueryLog>('queryLog'),
  counts: token<Counts>('counts'),
  table: token<RecordTable>('table'),
  rules: token<DnsmasqRules | undefined>('rules'),
  access: token<AccessList>('access'),
  forwarder: token<Forwarder>('forwarder'),
  resolver: token<Resolver>('resolver'),
  server: token<DnsServer>('server'),
  engine: token<Engine>('engine'),
}

export interface WorkerParts {
  readonly engine: Engine
  readonly lines: LineWriter
}

/** The resolver as its first process has it. Nothing is started here. */
export function createResolver(config: DnsConfig): { readonly app: RunningResolver; readonly lines: LineWriter } {
  const get = compose(config)
  const [lines, log] = [get(tokens.lines), get(tokens.log)]
  if (config.workers > 1) {
    const fleet = new Fleet(config, log)
    const source = new ControlTable(config, log, fleet)
    const admin = new AdminServer(new ResolverView(config, source, fleet), config.adminTokenFile)
    return { app: new Primary({ config, log, source, fleet, admin }), lines }
  }
  const engine = get(tokens.engine)
  const source: ControlTable = new ControlTable(
    config,
    log,
    handTo(engine, () => source),
  )
  const observed = { notReady: () => engine.notReady(), scrape: async () => ({ ...engine.sample(), workers: [] }) }
  const admin = new AdminServer(new ResolverView(config, source, observed), config.adminTokenFile)
  return { app: new App({ config, log, source, engine, admin }), lines }
}

/** What a worker runs. `identity`: of its fleet, to upstreams. Nothing is started here. */
export function createWorker(config: DnsConfig, identity: Buffer): WorkerParts {
  const get = compose(config, identity)
  return { engine: get(tokens.engine), lines: get(tokens.lines) }
}

/** Hands every change of the table to the engine of the same process. */
function handTo(engine: Engine, source: () => ControlTable): TableWatcher {
  return {
    onReset: () => {
      const snapshot = source().table.snapshot()
      if (snapshot !== null) engine.reset(snapshot)
    },
    onChange: (environment) => {
      const { table } = source()
      const entry = table.entry(environment)
      const revision = table.head?.revision ?? 0
      if (entry === undefined) engine.remove(environment, revision)
      else engine.put(entry, revision)
    },
  }
}

type Get = <T>(part: InjectionToken<T>) => T

/** The composition root: what answers queries, from the log to the engine. */
function compose(config: DnsConfig, identity?: Buffer): Get {
  const container = root.createChildContainer()
  const get: Get = (part) => container.resolve(part)
  const provide = <T>(name: InjectionToken<T>, make: () => T) => container.register(name, { useFactory: instanceCachingFactory(make) })

  provide(tokens.lines, () => new LineWriter(2, config.workers > 1))
  provide(tokens.log, () => pino({ base: null }, get(tokens.lines)))
  provide(tokens.queryLog, () => new QueryLog(get(tokens.lines), config.queryLog || get(tokens.rules)?.configuration.logQueries === true))
  provide(tokens.counts, () => new Counts(get(tokens.queryLog)))
  provide(tokens.table, () => {
    const { address } = config.listen
    return new RecordTable(isWildcard(address) ? [] : [address], config.ttl === undefined ? {} : { ttl: config.ttl })
  })
  provide(tokens.rules, () => {
    if (config.confFile === undefined) return undefined
    const { changes } = get(tokens.table)
    const log = get(tokens.log)
    return new DnsmasqRules(config.confFile, {
      onChange: () => changes.bump(),
      onNotice: (text) => log.warn(text),
      isSelf: (server) => isOurselves(server, config.listen),
    })
  })
  provide(tokens.access, () => new AccessList(config.allow.length === 0 ? privateNetworks : config.allow))
  provide(tokens.forwarder, () => {
    const log = get(tokens.log)
    const rules = get(tokens.rules)
    const upstreams =
      rules === undefined
        ? (config.upstreams ?? systemUpstreams(config))
        : (name: WireName, labels: readonly number[]) => rules.current.upstreamsFor(name, labels)
    return new Forwarder(upstreams, {
      identity,
      ...(rules === undefined ? {} : { settings: rules.configuration.forwarding }),
      onHealth: (upstream, state, reason) =>
        log.info({ upstream: upstreamLabel(upstream), state, reason }, 'an upstream changed its state'),
      onLoop: (name, source) =>
        log.warn({ name: displayName(name), from: addressText(source) }, 'a question to an upstream came back: forwarding loop'),
      onRebind: (name, upstream) =>
        log.warn({ name: displayName(name), upstream: upstreamLabel(upstream) }, 'an upstream gave a private address for a public name'),
    })
  })
  provide(tokens.resolver, () => {
    const log = get(tokens.log)
    const [access, table, forwarder, rules] = [get(tokens.access), get(tokens.table), get(tokens.forwarder), get(tokens.rules)]
    const links =
      rules !== undefined && config.isAlone
        ? standaloneChain({ access, table, forwarder, rules })
        : chain({ access, table, forwarder, ...(rules === undefined ? {} : { rules }) })
    return new Resolver(links, {
      access,
      revision: table.changes,
      rateLimit: new RateLimit(config.rateLimit === undefined ? {} : { perSecond: config.rateLimit }),
      recursionAvailable: forwarder.hasUpstreams,
      observer: get(tokens.counts),
      onFault: (cause) => log.error({ err: cause }, 'a query met a fault of ours'),
    })
  })
  provide(tokens.server, () => {
    const log = get(tokens.log)
    return new DnsServer(get(tokens.resolver), (cause) => log.error({ err: cause }, 'a socket failed'), { reusePort: config.workers > 1 })
  })
  provide(
    tokens.engine,
    () =>
      new Engine({
        config,
        log: get(tokens.log),
        lines: get(tokens.lines),
        table: get(tokens.table),
        forwarder: get(tokens.forwarder),
        server: get(tokens.server),
        counts: get(tokens.counts),
        queryLog: get(tokens.queryLog),
        rules: get(tokens.rules),
      }),
  )
  return get
}

/** Those of /etc/resolv.conf but for ourselves: a machine may be set up to ask us. */
function systemUpstreams(config: DnsConfig): UpstreamServer[] {
  try {
    return nameserversOf(readFileSync('/etc/resolv.conf', 'utf8')).filter((upstream) => !isOurselves(upstream, config.listen))
  } catch {
    return []
  }
}
