import type { InjectedFault, Probe, RouteEntry, ServiceFault, Stack } from '@standin/client'
import type { AliasRecord } from '../store/aliases.ts'
import type { EnvironmentRecord } from '../store/environment-record.ts'
import { mainService, type ServicePool, servicePools } from './pool.ts'
import { hostProgress } from './progress.ts'

type ServiceRoute = RouteEntry['routes'][number]

/** What belongs to an environment and is kept beside it. */
export interface Belongings {
  readonly aliases: readonly AliasRecord[]
  readonly faults: readonly ServiceFault[]
}

/** What followers hold of an environment; null: nothing. */
export type EntryOf<E> = (record: EnvironmentRecord, stack: Stack, domain: string, belongings: Belongings) => E | null

/** What the gateway has to know of an environment; null: nothing, it was deleted. The revision is added when it is sent. */
export function routeEntry(
  record: EnvironmentRecord,
  stack: Stack,
  domain: string,
  { aliases, faults }: Belongings,
): Omit<RouteEntry, 'revision'> | null {
  if (record.state === 'deleted') return null
  const services = servicePools(record, stack, domain)
  const probes = probesOf(record, stack)
  return {
    environment: record.id,
    name: record.name,
    state: record.state,
    reason: record.reason.message,
    routes: [
      ...services.flatMap((service) => routesOf(service, service.hostname, faults)),
      ...aliases.flatMap((alias) => aliasRoutes(alias, services, faults)),
    ],
    // While it runs, an instance that restarts would be a change that nobody waits for.
    ...(record.state === 'running' ? {} : { hosts: hostProgress(record, stack) }),
    ...(probes.length === 0 ? {} : { probes: [...probes] }),
  }
}

function routesOf(service: ServicePool, host: string, faults: readonly ServiceFault[], more: Partial<ServiceRoute> = {}): ServiceRoute[] {
  const injected = faults.filter((fault) => fault.service === service.name).map(toInjectedFault)
  const common = { ...more, ...(injected.length === 0 ? {} : { faults: injected }) }
  const route = ({ endpoints, policy }: Pick<ServicePool, 'endpoints' | 'policy'>, path?: string): ServiceRoute => ({
    host,
    service: service.name,
    endpoints,
    ...(path === undefined ? {} : { path }),
    ...(policy === undefined ? {} : { policy }),
    ...common,
  })
  return [route(service), ...service.paths.map((each) => route(each, each.path))]
}

/** A name that was given stays one of the environment's, also where it doesn't publish the service any more. */
function aliasRoutes({ host, service }: AliasRecord, services: readonly ServicePool[], faults: readonly ServiceFault[]): ServiceRoute[] {
  const pool = service === null ? mainService(services) : services.find(({ name }) => name === service)
  if (pool === undefined) return [{ host, service: service ?? 'www', endpoints: [], alias: true }]
  return routesOf(pool, host, faults, { alias: true })
}

/** Only what the gateway needs. */
function toInjectedFault({ environment: _, service: __, actor: ___, createdAt: ____, ...fault }: ServiceFault): InjectedFault {
  return fault
}

function probesOf(record: EnvironmentRecord, stack: Stack): readonly Probe[] {
  return (record.source?.kind === 'attachment' ? record.source.probes : stack.probes) ?? []
}
