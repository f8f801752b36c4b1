import type { Endpoint, EnvironmentState, Host, Instance, Stack } from '@standin/client'
import type { InstanceStatus } from '@standin/core'
import type { EnvironmentRecord } from '../store/environment-record.ts'

/** The platform's own names: what host names end in, and how a browser reaches the gateway. */
export interface Place {
  readonly domain: string
  readonly gateway: { readonly scheme: 'http' | 'https'; readonly port: number; readonly addresses: readonly string[] }
}

export interface ServicePool {
  readonly name: string
  readonly hostname: string
  readonly endpoints: Endpoint[]
}

/** States in which the instances that took traffic last are still there: frozen ones serve again as soon as they are thawed. */
const holdsPool: ReadonlySet<EnvironmentState> = new Set(['running', 'suspending', 'suspended', 'resuming'] as const)

/** Every published service with its pool: instances that run and are healthy, or have no health check. */
export function servicePools(record: EnvironmentRecord, stack: Stack, domain: string): ServicePool[] {
  const inPool = holdsPool.has(record.state) ? record.instances.filter(takesTraffic) : []
  const pool = (name: string, endpoints: Endpoint[]) => ({ name, hostname: `${name}-${record.id}.${domain}`, endpoints })
  if (record.source?.kind === 'attachment') {
    const names = new Set(inPool.map((instance) => instance.name))
    return record.source.services.map(({ name, endpoints }) =>
      pool(
        name,
        endpoints.filter((endpoint) => names.has(endpoint.instance)),
      ),
    )
  }
  return stack.publish.map(({ service, host, port }) =>
    pool(
      service,
      inPool
        .filter((instance) => instance.host === host)
        .map(({ address, generation, name }) => ({ address, port, generation, instance: name })),
    ),
  )
}

/** Every host with its instances, in the order of the stack. */
export function hostsOf(record: EnvironmentRecord, stack: Stack, domain: string): Host[] {
  const specs =
    record.source?.kind === 'attachment'
      ? record.source.services.map(({ name, endpoints }) => ({ name, ports: [...new Set(endpoints.map((endpoint) => endpoint.port))] }))
      : stack.hosts
  return specs.map(({ name, ports }) => ({
    name,
    fqdn: `${name}.${record.id}.${domain}`,
    ports: [...ports],
    instances: record.instances.filter((instance) => instance.host === name).map(withoutHost),
  }))
}

function takesTraffic(instance: InstanceStatus): boolean {
  return (instance.state === 'running' || instance.state === 'suspended') && (instance.health === 'healthy' || instance.health === 'none')
}

function withoutHost({ host: _, ...instance }: InstanceStatus): Instance {
  return instance
}
