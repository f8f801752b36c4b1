import type { RouteEntry } from '@standin/client'
import type { ServicePool, ServiceRoute } from '../pool/service-pool.ts'
import type { ActivityRecord } from '../wake/activity.ts'
import type { PlannedFault } from './planned-fault.ts'
import type { CompiledProbe } from './probes.ts'

/** One environment as the router holds it. It is never changed, only replaced as a whole. */
export interface RoutedEnvironment {
  readonly entry: RouteEntry
  readonly targets: readonly Target[]
  /** Null: it has none, as most. */
  readonly probes: readonly CompiledProbe[] | null
  /** When it was seen to come into its state, milliseconds since the epoch; 0: before we knew it. */
  readonly since: number
}

/** Where a host name leads, or a part of its paths. */
export interface Target {
  readonly environment: RoutedEnvironment
  readonly route: ServiceRoute
  readonly pool: ServicePool
  readonly activity: ActivityRecord
  /** As `normaliseHost` returns it. */
  readonly host: string
  /** Only paths below it; empty: all. */
  readonly prefix: string
  /** Null: it has none, as most. */
  readonly faults: readonly PlannedFault[] | null
  /** What the same host leads to where the path isn't below `prefix`. `HostTargets` alone writes it. */
  next: Target | null
}
