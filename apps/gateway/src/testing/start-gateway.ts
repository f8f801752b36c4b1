import type { ActivityReport, EnvironmentState, Probe, RouteEntry, RoutePolicy } from '@standin/client'
import { goOn } from '../chain.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { AccessLog, Gateway } from '../exchange/gateway.ts'
import { FaultDesk } from '../faults/fault-desk.ts'
import { type ClientLimits, defaultClientLimits } from '../gateway-config.ts'
import { Listeners } from '../listen/listeners.ts'
import { Networks } from '../listen/networks.ts'
import { Counts } from '../observe/counts.ts'
import { type RegistryOptions, UpstreamRegistry } from '../pool/upstream-registry.ts'
import { RefusedEndpoints } from '../refused-endpoints.ts'
import { compileProbes } from '../routing/probes.ts'
import { Router } from '../routing/router.ts'
import { TicketKeys } from '../tls/ticket-keys.ts'
import { Activity } from '../wake/activity.ts'
import { StateWatchers, type WatcherLimits } from '../wake/state-watchers.ts'
import { type ResumeEnvironment, WakeDesk, type WakeLimits } from '../wake/wake-desk.ts'

export const domain = 'test-envs.localhost'

/** A gateway on port 0 whose table a test fills by hand. */
export interface StartedGateway extends AsyncDisposable {
  readonly port: number
  readonly address: string
  readonly router: Router
  readonly refused: RefusedEndpoints
  readonly upstreams: UpstreamRegistry
  readonly wake: WakeDesk
  readonly watchers: StateWatchers
  readonly faults: FaultDesk
  readonly activity: Activity
  readonly listener: Listeners
  /** Exchanges that have ended, as the access log saw them. */
  readonly ended: Exchange[]
  readonly reports: ActivityReport['items']
}

export const startGateway = async (
  options: {
    resume?: ResumeEnvironment
    limits?: Partial<WakeLimits>
    accessLog?: AccessLog
    pseudonym?: string
    trusted?: string[]
    /** Who begins with a PROXY header. */
    proxies?: string[]
    clientLimits?: Partial<ClientLimits>
    redirectPort?: number
    pools?: RegistryOptions
    probes?: Probe[]
    watcherLimits?: Partial<WatcherLimits>
    /** Which requests get an injected fault. */
    random?: () => number
  } = {},
): Promise<StartedGateway> => {
  const ended: Exchange[] = []
  const reports: ActivityReport['items'] = []
  const faulted: unknown[] = []
  const refused = new RefusedEndpoints()
  const upstreams = new UpstreamRegistry(refused, options.pools)
  const activity = new Activity(async (items) => {
    reports.push(...items)
  })
  const router = new Router(upstreams, activity)
  const wake = new WakeDesk(options.resume ?? (() => new Promise(() => {})), goOn, options.limits, (id, environment) =>
    watchers.change(id, environment),
  )
  const watchers = new StateWatchers((id) => wake.troubleOf(id), options.watcherLimits)
  const faults = new FaultDesk(options.random)
  router.onChange((id, environment) => {
    activity.settle(id)
    wake.settle(id, environment)
    watchers.change(id, environment)
  })
  const accessLog = options.accessLog ?? { write: (exchange: Exchange) => void ended.push(exchange) }
  const gateway: Gateway = {
    router,
    wake,
    watchers,
    faults,
    probes: compileProbes(options.probes),
    activity,
    accessLog,
    trusted: { has: (address) => options.trusted?.includes(address) === true },
    onFault: (error) => void faulted.push(error),
    goOn,
    pseudonym: options.pseudonym ?? 'standin-test',
    draining: false,
    ...(options.redirectPort === undefined ? {} : { redirectPort: options.redirectPort }),
  }
  router.reset({ epoch: 'test', domain, nextId: 1001, items: [] })
  const listener = new Listeners(gateway, {
    limits: { connections: 100_000, connectionsPerClient: null },
    clientLimits: { ...defaultClientLimits, ...options.clientLimits },
    trusted: new Networks([]),
    proxies: new Networks(options.proxies ?? []),
    counts: new Counts(),
    ticketKeys: new TicketKeys(),
    log: { error: () => {} },
  })
  const address = await listener.listenHttp({ host: '127.0.0.1', port: 0, flag: '--http', shared: false })
  refused.set('the gateway', [address])
  return {
    port: Number(address.split(':')[1]),
    address,
    router,
    refused,
    upstreams,
    wake,
    watchers,
    faults,
    activity,
    listener,
    ended,
    reports,
    [Symbol.asyncDispose]: async () => {
      wake.close()
      watchers.close()
      faults.close()
      await listener.drain(0)
      await upstreams.destroy()
      // No test is right that meets a fault of ours.
      if (faulted.length > 0) throw faulted[0]
    },
  }
}

/** The entry of an environment with one service, `www`. */
export const routeEntry = (
  environment: number,
  ports: readonly number[],
  more: {
    state?: EnvironmentState
    reason?: string
    revision?: number
    generation?: number
    address?: string
    policy?: RoutePolicy
    weights?: readonly number[]
  } = {},
): RouteEntry => ({
  environment,
  name: `shop-${environment}`,
  state: more.state ?? 'running',
  reason: more.reason ?? 'started by a test',
  revision: more.revision ?? 1,
  routes: [
    {
      host: `www-${environment}.${domain}`,
      service: 'www',
      endpoints: ports.map((port, index) => ({
        address: more.address ?? '127.0.0.1',
        port,
        generation: more.generation ?? 1,
        instance: `web-${index + 1}`,
        weight: more.weights?.[index] ?? 1,
      })),
      ...(more.policy === undefined ? {} : { policy: more.policy }),
    },
  ],
})
