import type { Endpoint, FaultInFile, InjectedFault, RouteEntry, RouteInFile, RoutesFile } from '@standin/client'
import { endpointOf } from './endpoint-in-file.ts'
import { hostOf } from './read-routes-file.ts'

type Route = RouteEntry['routes'][number]

/** Where a file says nothing, a fault stays as long as it is written there. */
const forEver = '9999-12-31T23:59:59.999Z'

/**
 * Makes the entries of the router's table from a routes file, again and again: what is the same keeps its revision, so
 * that the router leaves it alone. A host without environment is one of its own, with a negative id that stays.
 */
export class RoutesTable {
  readonly #ids = new Map<string, number>()
  readonly #known = new Map<number, { readonly text: string; readonly entry: RouteEntry }>()
  #revision = 0

  entries(file: RoutesFile): RouteEntry[] {
    const routes = new Map<number, Route[]>()
    const names = new Map<number, string>()
    for (const written of file.routes) {
      const host = hostOf(written, file.domain) as string
      const id = written.environment ?? this.#idOf(host)
      routes.set(id, [...(routes.get(id) ?? []), routeOf(written, host)])
      if (!names.has(id)) names.set(id, written.environment === undefined ? host : `environment-${id}`)
    }
    const entries = [...routes].map(([id, its]) => this.#entry(id, names.get(id) ?? '', its, file.probes))
    const ids = new Set(routes.keys())
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id)
    return entries
  }

  #entry(id: number, name: string, routes: Route[], probes: RoutesFile['probes']): RouteEntry {
    const content: Omit<RouteEntry, 'revision'> = {
      environment: id,
      name,
      state: 'running',
      reason: '',
      routes,
      ...(probes === undefined ? {} : { probes }),
    }
    const text = JSON.stringify(content)
    const before = this.#known.get(id)
    if (before?.text === text) return before.entry
    const entry: RouteEntry = { ...content, revision: ++this.#revision }
    this.#known.set(id, { text, entry })
    return entry
  }

  #idOf(host: string): number {
    let id = this.#ids.get(host)
    if (id === undefined) {
      id = -1 - this.#ids.size
      this.#ids.set(host, id)
    }
    return id
  }
}

const routeOf = ({ environment, host: ownHost, service = 'www', path, endpoints, policy, faults }: RouteInFile, host: string): Route => ({
  host,
  service,
  endpoints: endpoints.map((endpoint) => endpointOf(endpoint) as Endpoint),
  ...(path === undefined ? {} : { path }),
  ...(ownHost !== undefined && environment !== undefined ? { alias: true } : {}),
  ...(policy === undefined ? {} : { policy }),
  ...(faults === undefined ? {} : { faults: faults.map(faultOf) }),
})

const faultOf = (fault: FaultInFile): InjectedFault => ({
  ...fault,
  id: fault.id ?? fault.kind,
  percent: fault.percent ?? 100,
  expiresAt: fault.expiresAt ?? forEver,
})
