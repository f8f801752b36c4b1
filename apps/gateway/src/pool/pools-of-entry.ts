import type { RouteEntry } from '@standin/client'
import { ServicePool, type ServiceRoute } from './service-pool.ts'
import type { UpstreamRegistry } from './upstream-registry.ts'

/** A route with the pool that it leads to. */
export interface PooledRoute {
  readonly route: ServiceRoute
  readonly pool: ServicePool
}

/**
 * The pools of an environment's routes, in their order. A service keeps the pool that it had in `before`, and with it whose
 * turn it is, who waits, and what is under way. Routes that say the same of one service, like an alias, share its pool.
 * Pools that are no longer used are closed by `closePools` once the table has changed.
 */
export const poolsOfEntry = (registry: UpstreamRegistry, entry: RouteEntry, before: readonly PooledRoute[]): ServicePool[] => {
  const isServing = entry.state === 'running'
  const pools: ServicePool[] = []
  for (const route of entry.routes) {
    const twin = entry.routes.findIndex((other, index) => index < pools.length && isAlike(other, route))
    if (twin !== -1) {
      pools.push(pools[twin] as ServicePool)
      continue
    }
    const previous = before.find(({ route: other, pool }) => keepsPool(other, route) && !pools.includes(pool))
    const pool = previous?.pool ?? new ServicePool(registry)
    pool.update(route, isServing)
    pools.push(pool)
  }
  return pools
}

/** Closes the pools of a former entry that its successor has not taken over. */
export const closePools = (before: readonly PooledRoute[], now: readonly PooledRoute[]): void => {
  const kept = new Set(now.map(({ pool }) => pool))
  for (const { pool } of before) if (!kept.has(pool)) pool.close()
}

const keepsPool = (before: ServiceRoute, now: ServiceRoute) =>
  before.service === now.service && before.host === now.host && before.path === now.path

const isAlike = (one: ServiceRoute, other: ServiceRoute): boolean =>
  one.service === other.service &&
  one.path === other.path &&
  JSON.stringify([one.endpoints, one.policy]) === JSON.stringify([other.endpoints, other.policy])
