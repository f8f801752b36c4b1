import type { RouteEntry, TableSnapshot } from '@standin/client'
import type { StandinError } from '@standin/client/errors'
import { closePools, poolsOfEntry } from '../pool/pools-of-entry.ts'
import type { ServicePool } from '../pool/service-pool.ts'
import type { UpstreamRegistry } from '../pool/upstream-registry.ts'
import type { Activity } from '../wake/activity.ts'
import { explainMiss, type Table } from './explain-miss.ts'
import { HostTargets } from './host-targets.ts'
import { toPrefix } from './path-prefix.ts'
import { compileFaults } from './planned-fault.ts'
import { compileProbes } from './probes.ts'
import type { RoutedEnvironment, Target } from './target.ts'

/** Told after an environment was replaced, or (undefined) taken out. */
export type EnvironmentListener = (id: number, environment: RoutedEnvironment | undefined) => void

type Snapshot = Pick<TableSnapshot<RouteEntry>, 'epoch' | 'domain' | 'nextId' | 'items'>

/**
 * Host name and path → target. Follows the table of control, or of a routes file: a change of one environment touches
 * that environment's host names and nothing else, however many there are.
 */
export class Router implements Table {
  readonly #targets: HostTargets
  readonly #environments = new Map<number, RoutedEnvironment>()
  readonly #upstreams: UpstreamRegistry
  readonly #activity: Activity
  readonly #listeners: EnvironmentListener[] = []
  #epoch = ''
  domain = ''
  nextId = 0
  source: Table['source'] = 'none'

  /** @param hosts the map to keep the host names in; tests count what is done to it */
  constructor(upstreams: UpstreamRegistry, activity: Activity, hosts = new Map<string, Target>()) {
    this.#upstreams = upstreams
    this.#activity = activity
    this.#targets = new HostTargets(hosts)
  }

  get size(): number {
    return this.#environments.size
  }

  /** There is a table: requests can be told where they lead. */
  get isReady(): boolean {
    return this.source !== 'none'
  }

  onChange(listener: EnvironmentListener): void {
    this.#listeners.push(listener)
  }

  /**
   * @param host as `normaliseHost` returns it
   * @param path as it came, with its query; the longest path of a route that it is below wins
   */
  find(host: string, path = '/'): Target | undefined {
    return this.#targets.find(host, path)
  }

  /** Who has this name, whatever the path. */
  holder(host: string): Target | undefined {
    return this.#targets.first(host)
  }

  environment(id: number): RoutedEnvironment | undefined {
    return this.#environments.get(id)
  }

  /** All of them, for whoever shows the table. */
  environments(): IterableIterator<RoutedEnvironment> {
    return this.#environments.values()
  }

  /** Makes the table this snapshot. Of the same store, what has the same revision stays untouched. */
  reset(snapshot: Snapshot, source: 'control' | 'file' = 'control'): void {
    const sameStore = snapshot.epoch === this.#epoch
    this.#epoch = snapshot.epoch
    this.domain = snapshot.domain.toLowerCase()
    this.nextId = snapshot.nextId
    this.source = source
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
    const targets: Target[] = []
    const environment: RoutedEnvironment = { entry, targets, probes: compileProbes(entry.probes), since: sinceWhen(entry, before) }
    const activity = this.#activity.record(id)
    const pools = poolsOfEntry(this.#upstreams, entry, before?.targets ?? [])
    for (const [index, route] of entry.routes.entries()) {
      const target: Target = {
        environment,
        route,
        pool: pools[index] as ServicePool,
        activity,
        host: route.host.toLowerCase(),
        prefix: toPrefix(route.path),
        faults: compileFaults(route.faults),
        next: null,
      }
      targets.push(target)
      this.#targets.add(target)
    }
    this.#environments.set(id, environment)
    if (id >= this.nextId) this.nextId = id + 1
    if (before !== undefined) this.#release(before, targets)
    for (const listener of this.#listeners) listener(id, environment)
  }

  remove(id: number): void {
    if (id >= this.nextId) this.nextId = id + 1
    const before = this.#environments.get(id)
    if (before === undefined) return
    this.#environments.delete(id)
    this.#release(before, [])
    this.#activity.forget(id)
    for (const listener of this.#listeners) listener(id, undefined)
  }

  /** Why a host name and path lead nowhere. */
  explainMiss(host: string, path = '/'): StandinError {
    return explainMiss(this, host, path)
  }

  #release(before: RoutedEnvironment, now: readonly Target[]): void {
    for (const target of before.targets) this.#targets.remove(target)
    closePools(before.targets, now)
  }
}

const sinceWhen = ({ state }: RouteEntry, before: RoutedEnvironment | undefined): number => {
  if (before === undefined) return 0
  return before.entry.state === state ? before.since : Date.now()
}
