import 'reflect-metadata'
import { ControlLink } from '@standin/follower'
import { type DestinationStream, type Logger, pino } from 'pino'
import { type DependencyContainer, type InjectionToken, instanceCachingFactory, container as root } from 'tsyringe'
import { JsonAccessLog } from './access-log.ts'
import { App } from './app.ts'
import { goOn } from './chain.ts'
import type { GatewayConfig } from './config.ts'
import type { AccessLog, Gateway } from './exchange/gateway.ts'
import { Listener } from './listener.ts'
import { PlatformAddresses } from './platform-addresses.ts'
import { logChange } from './pool/log-change.ts'
import { readStickyKey } from './pool/sticky-key.ts'
import { UpstreamRegistry } from './pool/upstream-registry.ts'
import { RefusedEndpoints } from './refused-endpoints.ts'
import { Router } from './routing/router.ts'
import { Activity } from './wake/activity.ts'
import { WakeDesk } from './wake/wake-desk.ts'

const token = <T>(name: string): InjectionToken<T> => Symbol(name)

export const Tokens = {
  app: token<App>('app'),
  logStream: token<DestinationStream & { flushSync(): void }>('logStream'),
  log: token<Logger>('log'),
  accessLog: token<AccessLog>('accessLog'),
  control: token<ControlLink>('control'),
  refused: token<RefusedEndpoints>('refused'),
  upstreams: token<UpstreamRegistry>('upstreams'),
  activity: token<Activity>('activity'),
  wake: token<WakeDesk>('wake'),
  router: token<Router>('router'),
  gateway: token<Gateway>('gateway'),
  listener: token<Listener>('listener'),
}

/** How long control may take to accept a report of activity, ms. */
const reportTimeoutMs = 2_000

/** The gateway's parts and what each is made of. Nothing starts here. */
export const buildContainer = (config: GatewayConfig): DependencyContainer => {
  const container = root.createChildContainer()
  const provide = <T>(name: InjectionToken<T>, make: (get: <P>(part: InjectionToken<P>) => P) => T) =>
    container.register(name, { useFactory: instanceCachingFactory(() => make((part) => container.resolve(part))) })

  // Lines are gathered: one write to the standard error for each would cost more than the request.
  provide(Tokens.logStream, () =>
    pino.destination({ dest: 2, sync: false, minLength: 32 * 1024, maxWrite: 64 * 1024, maxLength: 8 * 1024 * 1024, periodicFlush: 250 }),
  )
  provide(Tokens.log, (get) => pino({ base: null }, get(Tokens.logStream)))
  provide(Tokens.accessLog, (get) => new JsonAccessLog(get(Tokens.logStream)))
  provide(Tokens.control, () => new ControlLink({ ...config, tokenName: 'gateway' }))
  provide(Tokens.refused, () => new RefusedEndpoints())
  provide(Tokens.upstreams, (get) => {
    const log = get(Tokens.log)
    return new UpstreamRegistry(get(Tokens.refused), {
      stickyKey: () => readStickyKey(config.home, log),
      onChange: logChange(log),
    })
  })
  provide(Tokens.activity, (get) => {
    const control = get(Tokens.control)
    const log = get(Tokens.log)
    return new Activity(
      (items) => control.reportActivity(items, AbortSignal.timeout(reportTimeoutMs)),
      (error) => log.warn({ err: error }, 'control did not take the report of activity: it is kept'),
    )
  })
  provide(Tokens.wake, (get) => {
    const control = get(Tokens.control)
    return new WakeDesk((id, reason, signal) => control.wake(id, reason, signal), goOn)
  })
  provide(Tokens.router, (get) => {
    const router = new Router(get(Tokens.upstreams), get(Tokens.activity))
    const wake = get(Tokens.wake)
    router.onChange((id, environment) => wake.settle(id, environment))
    return router
  })
  provide(Tokens.gateway, (get) => ({
    router: get(Tokens.router),
    wake: get(Tokens.wake),
    activity: get(Tokens.activity),
    accessLog: get(Tokens.accessLog),
    trusted: { has: () => false },
    goOn,
    pseudonym: `standin-${process.pid.toString(36)}${Math.floor(Math.random() * 36 ** 6).toString(36)}`,
    draining: false,
  }))
  provide(Tokens.listener, (get) => new Listener(get(Tokens.gateway)))
  provide(
    Tokens.app,
    (get) =>
      new App({
        config,
        log: get(Tokens.log),
        router: get(Tokens.router),
        upstreams: get(Tokens.upstreams),
        refused: get(Tokens.refused),
        platform: new PlatformAddresses(config, get(Tokens.refused)),
        wake: get(Tokens.wake),
        activity: get(Tokens.activity),
        listener: get(Tokens.listener),
      }),
  )
  return container
}
