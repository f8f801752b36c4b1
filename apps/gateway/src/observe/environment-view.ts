import type { RouteEntry } from '@standin/client'
import type { RoutedEnvironment } from '../routing/target.ts'

/** One endpoint as this process sees it. */
interface EndpointView {
  readonly endpoint: string
  readonly instance: string
  readonly state: string
  readonly active: number
  readonly connections: number
}

/** One environment of the table, and how its endpoints are: one list for each process that serves it. */
export interface EnvironmentView {
  readonly entry: RouteEntry
  readonly endpoints: readonly EndpointView[]
}

export const describeEnvironment = ({ entry, targets }: RoutedEnvironment): EnvironmentView => {
  const seen = new Map<string, EndpointView>()
  for (const { pool } of targets) {
    for (const { key, endpoint, state, active, connections } of pool.upstreams) {
      seen.set(key, { endpoint: key, instance: endpoint.instance, state, active, connections })
    }
  }
  return { entry, endpoints: [...seen.values()] }
}

/** One of many. */
export const briefly = ({ environment, name, state, revision, routes }: RouteEntry) => ({
  environment,
  name,
  state,
  revision,
  hosts: [...new Set(routes.map(({ host }) => host))],
})
