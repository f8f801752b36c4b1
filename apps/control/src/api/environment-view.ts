import type { Environment, Stack } from '@standin/client'
import type { EnvironmentRecord } from '../store/environment-record.ts'
import { hostsOf, type Place, servicePools } from '../tables/pool.ts'

/** An environment as the API shows it. */
export function viewEnvironment(record: EnvironmentRecord, stack: Stack, place: Place): Environment {
  return {
    id: record.id,
    name: record.name,
    kind: record.kind,
    provider: record.provider,
    template: record.template,
    owner: record.owner,
    ownerId: record.ownerId,
    orphanedAt: instantOrNull(record.orphanedAt),
    labels: record.labels,
    state: record.state,
    desired: record.desired,
    reason: record.reason,
    services: servicePools(record, stack, place.domain).map(({ name, hostname, endpoints, paths }) => ({
      name,
      url: urlOf(hostname, place),
      hostname,
      endpoints,
      ...(paths.length === 0 ? {} : { paths: paths.map((each) => ({ path: each.path, endpoints: each.endpoints })) }),
    })),
    hosts: hostsOf(record, stack, place.domain),
    createdAt: instant(record.createdAt),
    stateChangedAt: instant(record.stateChangedAt),
    lastActivity: record.lastActivity === null ? null : { ...record.lastActivity, at: instant(record.lastActivity.at) },
    suspendAfterMs: record.suspendAfterMs,
    expiresAt: instantOrNull(record.expiresAt),
    purgeAt: instantOrNull(record.purgeAt),
    storageBytes: record.storageBytes,
    revision: record.revision,
  }
}

/** How a browser reaches a host name. */
export function urlOf(host: string, place: Place): string {
  return `${place.gateway.scheme}://${host}${portOf(place)}/`
}

function portOf({ gateway }: Place): string {
  return gateway.port === (gateway.scheme === 'https' ? 443 : 80) ? '' : `:${gateway.port}`
}

function instant(at: number): string {
  return new Date(at).toISOString()
}

function instantOrNull(at: number | null): string | null {
  return at === null ? null : instant(at)
}
