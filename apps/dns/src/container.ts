import 'reflect-metadata'
import { readFileSync } from 'node:fs'
import pino, { type Logger } from 'pino'
import { type DependencyContainer, type InjectionToken, instanceCachingFactory, container as root } from 'tsyringe'
import { App } from './app.ts'
import { chain, standaloneChain } from './chain.ts'
import type { DnsConfig } from './config.ts'
import { DnsmasqRules } from './dnsmasq/dnsmasq-rules.ts'
import type { UpstreamServer } from './dnsmasq/settings.ts'
import { Resolver } from './resolver.ts'
import { AccessList } from './server/access-list.ts'
import { DnsServer } from './server/dns-server.ts'
import { RateLimit } from './server/rate-limit.ts'
import { Forwarder } from './upstream/forwarder.ts'
import { isOurselves } from './upstream/own-addresses.ts'
import { nameserversOf } from './upstream/resolv-conf.ts'
import { upstreamLabel } from './upstream/upstream-address.ts'
import { displayName, type WireName } from './wire/name.ts'
import { RecordTable } from './zones/record-table.ts'

const token = <T>(name: string): InjectionToken<T> => Symbol(name)

const tokens = {
  log: token<Logger>('log'),
  table: token<RecordTable>('table'),
  rules: token<DnsmasqRules | undefined>('rules'),
  access: token<AccessList>('access'),
  forwarder: token<Forwarder>('forwarder'),
  resolver: token<Resolver>('resolver'),
  server: token<DnsServer>('server'),
  app: token<App>('app'),
}

/** The composition root: what the resolver is made of, from the log to the app. Nothing is started here. */
export function createApp(config: DnsConfig): App {
  const container = root.createChildContainer()
  const provide = <T>(name: InjectionToken<T>, make: (from: DependencyContainer) => T) =>
    container.register(name, { useFactory: instanceCachingFactory(make) })

  provide(tokens.log, () => pino({ name: 'dns' }, pino.destination(2)))
  provide(tokens.table, () => new RecordTable(/^(0\.0\.0\.0|::)$/.test(config.listen.address) ? [] : [config.listen.address]))
  provide(tokens.rules, (from) => {
    if (config.confFile === undefined) return undefined
    const { changes } = from.resolve(tokens.table)
    const log = from.resolve(tokens.log)
    return new DnsmasqRules(config.confFile, {
      onChange: () => changes.bump(),
      onNotice: (text) => log.warn(text),
      isSelf: (server) => isOurselves(server, config.listen),
    })
  })
  provide(tokens.access, () => new AccessList())
  provide(tokens.forwarder, (from) => {
    const log = from.resolve(tokens.log)
    const rules = from.resolve(tokens.rules)
    const upstreams =
      rules === undefined
        ? (config.upstreams ?? systemUpstreams(config))
        : (name: WireName, labels: readonly number[]) => rules.current.upstreamsFor(name, labels)
    return new Forwarder(upstreams, {
      ...(rules === undefined ? {} : { settings: rules.configuration.forwarding }),
      onHealth: (upstream, state, reason) =>
        log.info({ upstream: upstreamLabel(upstream), state, reason }, 'an upstream changed its state'),
      onRebind: (name, upstream) =>
        log.warn({ name: displayName(name), upstream: upstreamLabel(upstream) }, 'an upstream gave a private address for a public name'),
    })
  })
  provide(tokens.resolver, (from) => {
    const log = from.resolve(tokens.log)
    const forwarder = from.resolve(tokens.forwarder)
    const table = from.resolve(tokens.table)
    const access = from.resolve(tokens.access)
    const rules = from.resolve(tokens.rules)
    const handlers =
      rules !== undefined && config.control === undefined
        ? standaloneChain({ access, table, forwarder, rules })
        : chain({ access, table, forwarder, ...(rules === undefined ? {} : { rules }) })
    return new Resolver(handlers, {
      access,
      revision: table.changes,
      rateLimit: new RateLimit(),
      recursionAvailable: forwarder.hasUpstreams,
      onFault: (cause) => log.error({ err: cause }, 'a query met a fault of ours'),
    })
  })
  provide(tokens.server, (from) => {
    const log = from.resolve(tokens.log)
    return new DnsServer(from.resolve(tokens.resolver), (cause) => log.error({ err: cause }, 'a socket failed'))
  })
  provide(
    tokens.app,
    (from) =>
      new App({
        config,
        log: from.resolve(tokens.log),
        table: from.resolve(tokens.table),
        forwarder: from.resolve(tokens.forwarder),
        server: from.resolve(tokens.server),
        rules: from.resolve(tokens.rules),
      }),
  )
  return container.resolve(tokens.app)
}

/** Those of /etc/resolv.conf but for ourselves: a machine may be set up to ask us. */
function systemUpstreams(config: DnsConfig): UpstreamServer[] {
  try {
    return nameserversOf(readFileSync('/etc/resolv.conf', 'utf8')).filter((upstream) => !isOurselves(upstream, config.listen))
  } catch {
    return []
  }
}
