import type { Endpoint, EnvironmentState, Host, Instance, Publish, RoutePolicy, Stack } from '@standin/client'
import type { AttachedService, InstanceStatus } from '@standin/core'
import { allEndpoints } from '@standin/providers/attach'
import type { EnvironmentRecord } from '../store/environment-record.ts'

/** The platform's own names: what host names end in, and how a browser reaches the gateway. */
export interface Place {
  readonly domain: string
  readonly gateway: {
    readonly scheme: 'http' | 'https'
    readonly port: number
    /** Where the same is served over TLS; null: nowhere. */
    readonly httpsPort: number | null
    readonly addresses: readonly string[]
  }
}

export interface ServicePool {
  readonly name: string
  readonly hostname: string
  readonly endpoints: Endpoint[]
  readonly policy: RoutePolicy | undefined
  /** Paths that others answer. */
  readonly paths: readonly { readonly path: string; readonly endpoints: Endpoint[]; readonly policy: RoutePolicy | undefined }[]
}

/** States in which the instances that took traffic last are still there: frozen ones serve again as soon as they are thawed. */
const holdsPool: ReadonlySet<EnvironmentState> = new Set(['running', 'suspending', 'suspended', 'resuming'] as const)

/** Every published service with its pool: instances that run and are healthy, or have no health check. */
export function servicePools(record: EnvironmentRecord, stack: Stack, domain: string): ServicePool[] {
  const inPool = holdsPool.has(record.state) ? record.instances.filter(takesTraffic) : []
  const hostnameOf = (name: string) => `${name}-${record.id}.${domain}`
  if (record.source?.kind === 'attachment') return record.source.services.map((each) => attachedPool(each, hostnameOf(each.name), inPool))
  return stack.publish.map((each) => publishedPool(each, hostnameOf(each.service), inPool))
}

function attachedPool(service: AttachedService, hostname: string, inPool: readonly InstanceStatus[]): ServicePool {
  const names = new Set(inPool.map((instance) => instance.name))
  const present = (endpoints: readonly Endpoint[]) => endpoints.filter((endpoint) => names.has(endpoint.instance))
  const { name, policy, paths = [] } = service
  return {
    name,
    hostname,
    endpoints: present(service.endpoints),
    policy,
    paths: paths.map((each) => ({ path: each.path, endpoints: present(each.endpoints), policy: each.policy ?? policy })),
  }
}

function publishedPool(publish: Publish, hostname: string, inPool: readonly InstanceStatus[]): ServicePool {
  const endpointsOf = (host: string, port: number): Endpoint[] =>
    inPool
      .filter((instance) => instance.host === host)
      .map(({ address, generation, name }) => ({ address, port, generation, instance: name }))
  const { service, host, port, policy, paths = [] } = publish
  return {
    name: service,
    hostname,
    endpoints: endpointsOf(host, port),
    policy,
    paths: paths.map((each) => ({ path: each.path, endpoints: endpointsOf(each.host, each.port), policy: each.policy ?? policy })),
  }
}

/** The service that is meant where none is named: `www`, or the first one. */
export function mainService(services: readonly ServicePool[]): ServicePool | undefined {
  return services.find(({ name }) => name === 'www') ?? services[0]
}

/** Every host with its instances, in the order of the stack. */
export function hostsOf(record: EnvironmentRecord, stack: Stack, domain: string): Host[] {
  const specs =
    record.source?.kind === 'attachment'
      ? record.source.services.map((each) => ({
          name: each.name,
          resources: { cpus: null, memoryBytes: null },
          ports: [...new Set(allEndpoints(each).map((endpoint) => endpoint.port))],
        }))
      : stack.hosts
  return specs.map(({ name, ports, resources }) => ({
    name,
    fqdn: `${name}.${record.id}.${domain}`,
    ports: [...ports],
    resources: { ...resources },
    instances: record.instances.filter((instance) => instance.host === name).map(withoutHost),
  }))
}

function takesTraffic(instance: InstanceStatus): boolean {
  return (instance.state === 'running' || instance.state === 'suspended') && (instance.health === 'healthy' || instance.health === 'none')
}

function withoutHost({ host: _, ...instance }: InstanceStatus): Instance {
  return instance
}
