import type { RouteEntry, Stack } from '@standin/client'
import type { EnvironmentRecord } from '../store/environment-record.ts'
import { servicePools } from './pool.ts'

/** What the gateway has to know of an environment; null: nothing, it was deleted. The revision is added when it is sent. */
export function routeEntry(record: EnvironmentRecord, stack: Stack, domain: string): Omit<RouteEntry, 'revision'> | null {
  if (record.state === 'deleted') return null
  return {
    environment: record.id,
    name: record.name,
    state: record.state,
    reason: record.reason.message,
    routes: servicePools(record, stack, domain).map(({ name, hostname, endpoints }) => ({ host: hostname, service: name, endpoints })),
  }
}
