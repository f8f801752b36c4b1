import type { HostProgress, Stack } from '@standin/client'
import type { InstanceStatus } from '@standin/core'
import type { EnvironmentRecord } from '../store/environment-record.ts'

/** How far each host is, for who waits; those without instances are left out. */
export function hostProgress(record: EnvironmentRecord, stack: Stack): HostProgress[] {
  const wanted: readonly (readonly [string, number])[] =
    record.source?.kind === 'attachment'
      ? [...Map.groupBy(record.instances, (instance) => instance.host)].map(([name, instances]) => [name, instances.length])
      : stack.hosts.map(({ name, replicas }) => [name, replicas])
  return wanted
    .filter(([, count]) => count > 0)
    .map(([name, count]) => ({
      name,
      ready: record.instances.filter((instance) => instance.host === name && isReady(instance)).length,
      wanted: count,
    }))
}

/** A host that was to run to its end and did is as ready as it will be. */
function isReady({ state, health, exitCode }: InstanceStatus): boolean {
  return state === 'exited' ? exitCode === 0 : state === 'running' && (health === 'none' || health === 'healthy')
}
