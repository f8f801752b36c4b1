import 'reflect-metadata'
import { join } from 'node:path'
import type { ActivityReport } from '@standin/client'
import { ControlLink } from '@standin/follower'
import { AdminServer } from '@standin/serving/admin-server'
import { LineWriter } from '@standin/serving/line-writer'
import { type Logger, pino } from 'pino'
import { type DependencyContainer, type InjectionToken, instanceCachingFactory, container as root } from 'tsyringe'
import { App, type RunningGateway } from './app.ts'
import { goOn } from './chain.ts'
import { type ControlPort, NoControl } from './control-port.ts'
import { Engine } from './engine.ts'
import type { AccessLog, Gateway } from './exchange/gateway.ts'
import { FaultDesk } from './faults/fault-desk.ts'
import type { GatewayConfig } from './gateway-config.ts'
import { Listeners } from './listen/listeners.ts'
import { Networks } from './listen/networks.ts'
import { EngineView, FleetView } from './observe/admin-views.ts'
import { Counts } from './observe/counts.ts'
import { JsonAccessLog } from './observe/json-access-log.ts'
import { PlatformAddresses } from './platform-addresses.ts'
import { logChange } from './pool/log-change.ts'
import { readStickyKey } from './pool/sticky-key.ts'
import { UpstreamRegistry } from './pool/upstream-registry.ts'
import { RefusedEndpoints } from './refused-endpoints.ts'
import { compileProbes } from './routing/probes.ts'
import { Router } from './routing/router.ts'
import type { RoutedEnvironment } from './routing/target.ts'
import { ControlTable, FileTable, type TableSource } from './table-source.ts'
import { TicketKeys } from './tls/ticket-keys.ts'
import { Activity } from './wake/activity.ts'
import { ActivityFile } from './wake/activity-file.ts'
import { ActivityOutbox } from './wake/activity-outbox.ts'
import { StateWatchers } from './wake/state-watchers.ts'
import { WakeDesk } from './wake/wake-desk.ts'
import { Fleet } from './workers/fleet.ts'
import { Primary } from './workers/primary.ts'
import { WakeOnce } from './workers/wake-once.ts'

const token = <T>(name: string): InjectionToken<T> => Symbol(name)

export const Tokens = {
  app: token<RunningGateway>('app'),
  lines: token<LineWriter>('lines'),
  log: token<Logger>('log'),
  counts: token<Counts>('counts'),
  accessLog: token<AccessLog>('accessLog'),
  control: token<ControlPort>('control'),
  source: token<TableSource>('source'),
  platform: token<PlatformAddresses>('platform'),
  refused: token<RefusedEndpoints>('refused'),
  upstreams: token<UpstreamRegistry>('upstreams'),
  activity: token<Activity>('activity'),
  outbox: token<ActivityOutbox>('outbox'),
  wake: token<WakeDesk>('wake'),
  watchers: token<StateWatchers>('watchers'),
  faults: token<FaultDesk>('faults'),
  router: token<Router>('router'),
  gateway: token<Gateway>('gateway'),
  trusted: token<Networks>('trusted'),
  listeners: token<Listeners>('listeners'),
  engine: token<Engine>('engine'),
  fleet: token<Fleet>('fleet'),
}

/** What a worker is given by its primary, in place of what it would make by itself. */
export interface WorkerParts {
  readonly control: ControlPort
  readonly ticketKeys: { readonly seed: string; readonly period: number }
  readonly pseudonym: string
}

/** The gateway's parts and what each is made of. Nothing starts here. @param worker undefined: this process is nobody's worker */
export const buildContainer = (config: GatewayConfig, worker?: WorkerParts): DependencyContainer => {
  const container = root.createChildContainer()
  const provide = <T>(name: InjectionToken<T>, make: (get: <P>(part: InjectionToken<P>) => P) => T) =>
    container.register(name, { useFactory: instanceCachingFactory(() => make((part) => container.resolve(part))) })

  const pseudonym = worker?.pseudonym ?? `standin-${process.pid.toString(36)}${Math.floor(Math.random() * 36 ** 6).toString(36)}`
  const ticketKeys = new TicketKeys(worker?.ticketKeys)

  // Lines are gathered: one write to the standard error for each would cost more than the request.
  provide(Tokens.lines, () => new LineWriter(2, config.workers > 1))
  provide(Tokens.log, (get) => pino({ base: null }, get(Tokens.lines)))
  provide(Tokens.counts, () => new Counts())
  provide(Tokens.accessLog, (get) => new JsonAccessLog(get(Tokens.lines), get(Tokens.counts)))
  provide(
    Tokens.control,
    () => worker?.control ?? (config.routes === null ? new ControlLink({ ...config, tokenName: 'gateway' }) : new NoControl()),
  )
  provide(Tokens.source, (get) => {
    const { routes } = config
    if (routes !== null) return new FileTable(routes, get(Tokens.log))
    const onFollowing = () => {
      void get(Tokens.platform).refresh()
      void get(Tokens.outbox).flush()
    }
    return new ControlTable(config, get(Tokens.log), onFollowing)
  })
  provide(Tokens.refused, () => new RefusedEndpoints())
  provide(Tokens.upstreams, (get) => {
    const log = get(Tokens.log)
    return new UpstreamRegistry(get(Tokens.refused), {
      stickyKey: () => readStickyKey(config.home, log),
      onChange: logChange(log),
    })
  })
  provide(Tokens.outbox, (get) => {
    const file = config.routes === null ? new ActivityFile(join(config.home, 'gateway', 'activity.json')) : null
    return new ActivityOutbox(get(Tokens.control), (error, message) => get(Tokens.log).warn({ err: error }, message), file)
  })
  provide(Tokens.activity, (get) => {
    // The primary keeps that of its workers.
    const report = worker === undefined ? async (items: ActivityReport['items']) => get(Tokens.outbox).add(items) : undefined
    return new Activity(report ?? ((items) => get(Tokens.control).reportActivity(items)))
  })
  provide(Tokens.wake, (get) => {
    const control = get(Tokens.control)
    const onTrouble = (id: number, environment: RoutedEnvironment) => get(Tokens.watchers).change(id, environment)
    const counts = get(Tokens.counts)
    const resume = async (id: number, reason: string, signal: AbortSignal) => {
      const accepted = control.wake(id, reason, signal)
      accepted.then(
        () => counts.add('wakes', 0),
        () => counts.add('wakes', 1),
      )
      await accepted
    }
    return new WakeDesk(resume, goOn, {}, onTrouble)
  })
  provide(Tokens.watchers, (get) => new StateWatchers((id) => get(Tokens.wake).troubleOf(id)))
  provide(Tokens.faults, () => new FaultDesk())
  provide(Tokens.router, (get) => {
    const router = new Router(get(Tokens.upstreams), get(Tokens.activity))
    const wake = get(Tokens.wake)
    const [watchers, activity] = [get(Tokens.watchers), get(Tokens.activity)]
    router.onChange((id, environment) => {
      activity.settle(id)
      wake.settle(id, environment)
      watchers.change(id, environment)
    })
    return router
  })
  provide(Tokens.gateway, (get) => ({
    router: get(Tokens.router),
    wake: get(Tokens.wake),
    watchers: get(Tokens.watchers),
    faults: get(Tokens.faults),
    probes: compileProbes(config.probes),
    activity: get(Tokens.activity),
    accessLog: get(Tokens.accessLog),
    trusted: get(Tokens.trusted),
    onFault: (error, { id, host }) => get(Tokens.log).error({ err: error, id, host }, 'a request could not be handled'),
    goOn,
    pseudonym,
    draining: false,
  }))
  provide(Tokens.trusted, () => new Networks(config.trusted))
  provide(
    Tokens.listeners,
    (get) =>
      new Listeners(get(Tokens.gateway), {
        limits: config.limits,
        clientLimits: config.clientLimits,
        trusted: get(Tokens.trusted),
        proxies: new Networks(config.proxyProtocol),
        counts: get(Tokens.counts),
        ticketKeys,
        log: get(Tokens.log),
      }),
  )
  provide(
    Tokens.engine,
    (get) =>
      new Engine({
        config,
        log: get(Tokens.log),
        gateway: get(Tokens.gateway),
        router: get(Tokens.router),
        upstreams: get(Tokens.upstreams),
        refused: get(Tokens.refused),
        wake: get(Tokens.wake),
        watchers: get(Tokens.watchers),
        faults: get(Tokens.faults),
        activity: get(Tokens.activity),
        listeners: get(Tokens.listeners),
        counts: get(Tokens.counts),
        lines: get(Tokens.lines),
      }),
  )
  provide(Tokens.fleet, (get) => {
    const wakes = new WakeOnce(get(Tokens.control))
    return new Fleet({ config, log: get(Tokens.log), ticketKeys, pseudonym, wakes, activity: get(Tokens.outbox) })
  })
  provide(Tokens.platform, (get) => new PlatformAddresses(config, config.workers > 1 ? get(Tokens.fleet) : get(Tokens.refused)))
  provide(Tokens.app, (get) => (config.workers > 1 ? primary(config, get) : single(config, get)))
  return container
}

type Get = <P>(part: InjectionToken<P>) => P

/** One process that does it all. */
const single = (config: GatewayConfig, get: Get): App => {
  const [engine, source] = [get(Tokens.engine), get(Tokens.source)]
  return new App({
    config,
    log: get(Tokens.log),
    source,
    engine,
    activity: get(Tokens.outbox),
    refused: get(Tokens.refused),
    platform: get(Tokens.platform),
    admin: new AdminServer(new EngineView(engine, source), config.adminTokenFile),
  })
}

/** The process that others work for. */
const primary = (config: GatewayConfig, get: Get): Primary => {
  const [fleet, source] = [get(Tokens.fleet), get(Tokens.source)]
  return new Primary({
    config,
    log: get(Tokens.log),
    source,
    platform: get(Tokens.platform),
    fleet,
    activity: get(Tokens.outbox),
    admin: new AdminServer(new FleetView(fleet, source), config.adminTokenFile),
  })
}
