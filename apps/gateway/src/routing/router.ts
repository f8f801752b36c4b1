import type { RouteEntry, TableSnapshot } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import { ServicePool, type UpstreamRegistry } from '../pool.ts'
import type { Activity, ActivityRecord } from '../wake/activity.ts'

/** One environment as the router holds it. It is never changed, only replaced as a whole. */
export interface RoutedEnvironment {
  readonly entry: RouteEntry
  readonly targets: readonly Target[]
}

/** One published service, as control's table has it. */
type ServiceRoute = RouteEntry['routes'][number]

/** Where a host name leads. */
export interface Target {
  readonly environment: RoutedEnvironment
  readonly route: ServiceRoute
  readonly pool: ServicePool
  readonly activity: ActivityRecord
}

/** Told after an environment was replaced, or (undefined) taken out. */
export type EnvironmentListener = (id: number, environment: RoutedEnvironment | undefined) => void

/**
 * Host name → target. Follows the table of control: a change of one environment touches that environment's host names
 * and nothing else, however many there are.
 */
export class Router {
  readonly #hosts: Map<string, Target>
  readonly #environments = new Map<number, RoutedEnvironment>()
  readonly #upstreams: UpstreamRegistry
  readonly #activity: Activity
  readonly #listeners: EnvironmentListener[] = []
  #epoch = ''
  #domain = ''
  #nextId = 0
  #hasTable = false

  /** @param hosts the map to keep the host names in; tests count what is done to it */
  constructor(upstreams: UpstreamRegistry, activity: Activity, hosts = new Map<string, Target>()) {
    this.#upstreams = upstreams
    this.#activity = activity
    this.#hosts = hosts
  }

  get size(): number {
    return this.#environments.size
  }

  onChange(listener: EnvironmentListener): void {
    this.#listeners.push(listener)
  }

  /** @param host as `normaliseHost` returns it */
  find(host: string): Target | undefined {
    return this.#hosts.get(host)
  }

  environment(id: number): RoutedEnvironment | undefined {
    return this.#environments.get(id)
  }

  /** Makes the table this snapshot. Of the same store, what has the same revision stays untouched. */
  reset(snapshot: Pick<TableSnapshot<RouteEntry>, 'epoch' | 'domain' | 'nextId' | 'items'>): void {
    const sameStore = snapshot.epoch === this.#epoch
    this.#epoch = snapshot.epoch
    this.#domain = snapshot.domain.toLowerCase()
    this.#nextId = snapshot.nextId
    this.#hasTable = true
    const gone = new Set(this.#environments.keys())
    for (const entry of snapshot.items) {
      gone.delete(entry.environment)
      if (!sameStore || this.#environments.get(entry.environment)?.entry.revision !== entry.revision) this.put(entry)
    }
    for (const id of gone) this.remove(id)
  }

  put(entry: RouteEntry): void {
    const id = entry.environment
    const before = this.#environments.get(id)
    const activity = this.#activity.record(id)
    const targets: Target[] = []
    const environment: RoutedEnvironment = { entry, targets }
    for (const route of entry.routes) {
      const target: Target = { environment, route, activity, pool: new ServicePool(this.#upstreams.acquireAll(route.endpoints)) }
      targets.push(target)
      this.#hosts.set(route.host.toLowerCase(), target)
    }
    this.#environments.set(id, environment)
    if (id >= this.#nextId) this.#nextId = id + 1
    if (before !== undefined) this.#release(before)
    for (const listener of this.#listeners) listener(id, environment)
  }

  remove(id: number): void {
    if (id >= this.#nextId) this.#nextId = id + 1
    const before = this.#environments.get(id)
    if (before === undefined) return
    this.#environments.delete(id)
    this.#release(before)
    this.#activity.forget(id)
    for (const listener of this.#listeners) listener(id, undefined)
  }

  /** Why a host name leads nowhere: `unreachable` before the first table, `environment_deleted` or `route_not_found`. */
  explainMiss(host: string): StandinError {
    if (!this.#hasTable) {
      return new StandinError('unreachable', `The gateway has no routes yet, so it can not tell where ${host} leads`, {
        hint: 'Start the control plane; the gateway follows it as soon as it answers',
      })
    }
    const id = this.#environmentOf(host)
    if (id === null) {
      return new StandinError('route_not_found', `No environment publishes ${host}`, {
        hint: `Names look like www-1002.${this.#domain}; \`standin list\` shows what there is`,
      })
    }
    const environment = this.#environments.get(id)
    if (environment !== undefined) {
      const names = environment.entry.routes.map((route) => route.host).join(', ')
      return new StandinError('route_not_found', `Environment ${id} (${environment.entry.name}) does not publish ${host}`, {
        hint: names === '' ? 'It publishes no service' : `It publishes ${names}`,
      })
    }
    if (id < this.#nextId) {
      return new StandinError('environment_deleted', `Environment ${id} was deleted`, {
        hint: `\`standin show ${id}\` tells why; \`standin undelete ${id}\` brings it back if it is still in the trash`,
      })
    }
    return new StandinError('route_not_found', `There is no environment ${id} yet`, { hint: '`standin list` shows what there is' })
  }

  /** configId in `<service>-<id>.<domain>` or `<host>.<id>.<domain>`; null where the name is not of that form. */
  #environmentOf(host: string): number | null {
    if (!host.endsWith(`.${this.#domain}`)) return null
    const match = /(?:^|[-.])([1-9][0-9]{3,14})$/.exec(host.slice(0, -this.#domain.length - 1))
    return match === null ? null : Number(match[1])
  }

  /** Endpoints that the environment's successor has taken over keep their connections: they were acquired before. */
  #release(environment: RoutedEnvironment): void {
    for (const target of environment.targets) {
      const host = target.route.host.toLowerCase()
      if (this.#hosts.get(host) === target) this.#hosts.delete(host)
      this.#upstreams.releaseAll(target.pool.upstreams)
    }
  }
}
