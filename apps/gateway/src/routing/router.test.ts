import type { RouteEntry } from '@standin/client'
import { describe, expect, it } from 'vitest'
import { UpstreamRegistry } from '../pool/upstream-registry.ts'
import { RefusedEndpoints } from '../refused-endpoints.ts'
import { domain, routeEntry } from '../testing/start-gateway.ts'
import { Activity } from '../wake/activity.ts'
import { Router } from './router.ts'
import type { Target } from './target.ts'

/** A map that counts what is done to it. */
class CountedMap<K, V> extends Map<K, V> {
  operations = 0
  override get(key: K) {
    this.operations++
    return super.get(key)
  }
  override set(key: K, value: V) {
    this.operations++
    return super.set(key, value)
  }
  override delete(key: K) {
    this.operations++
    return super.delete(key)
  }
  override entries() {
    this.operations += this.size
    return super.entries()
  }
  override keys() {
    this.operations += this.size
    return super.keys()
  }
  override values() {
    this.operations += this.size
    return super.values()
  }
  override forEach(visit: (value: V, key: K, map: Map<K, V>) => void) {
    this.operations += this.size
    super.forEach(visit)
  }
  override [Symbol.iterator]() {
    return this.entries()
  }
}

const setUp = (hosts = new CountedMap<string, Target>()) => {
  const upstreams = new UpstreamRegistry(new RefusedEndpoints())
  const router = new Router(upstreams, new Activity(async () => {}), hosts)
  return { router, upstreams, hosts }
}
/** One environment whose main host has a service for each of these paths. */
const withRoutes = (id: number, paths: readonly (string | undefined)[]): RouteEntry => ({
  ...routeEntry(id, []),
  routes: paths.map((path, index) => ({ host: www(id), service: `s${index}`, endpoints: [], ...(path === undefined ? {} : { path }) })),
})
const www = (id: number) => `www-${id}.${domain}`

describe('Router', () => {
  it('changes one of ten thousand environments in a handful of steps, and none of the others', () => {
    const { router, hosts } = setUp()
    const items = Array.from({ length: 10_000 }, (_, index) => routeEntry(1001 + index, [1024 + index]))
    router.reset({ epoch: 'a', domain, nextId: 11_001, items })
    const others = items.filter(({ environment }) => environment !== 5000).map(({ environment }) => router.find(www(environment)))

    hosts.operations = 0
    router.put(routeEntry(5000, [80, 81], { revision: 2 }))
    expect(hosts.operations).toBeLessThanOrEqual(3)
    hosts.operations = 0
    router.remove(5001)
    expect(hosts.operations).toBeLessThanOrEqual(3)

    const after = items.filter(({ environment }) => environment !== 5000).map(({ environment }) => router.find(www(environment)))
    expect(after.filter((target, index) => target !== others[index])).toEqual([undefined])
    expect(router.find(www(5000))?.pool.upstreams.map(({ endpoint }) => endpoint.port)).toEqual([80, 81])
    expect(router.size).toBe(9_999)
  })

  it('takes no more steps for a change among five thousand environments with aliases and paths than among five', () => {
    const stepsAmong = (count: number): number[] => {
      const { router, hosts } = setUp()
      const entry = (id: number, revision = 1): RouteEntry => ({
        ...routeEntry(id, [1024]),
        revision,
        routes: [
          ...withRoutes(id, [undefined, '/api', '/assets']).routes,
          { host: `demo-${id}.${domain}`, service: 'www', endpoints: [], alias: true },
        ],
      })
      router.reset({ epoch: 'a', domain, nextId: 9_000, items: Array.from({ length: count }, (_, index) => entry(1001 + index)) })
      const steps = (change: () => void) => {
        hosts.operations = 0
        change()
        return hosts.operations
      }
      return [
        steps(() => router.put(entry(1002, 2))),
        steps(() => router.put(routeEntry(1002, [80], { revision: 3 }))),
        steps(() => router.put(entry(8_500))),
        steps(() => router.remove(1003)),
      ]
    }
    const steps = stepsAmong(5_000)
    expect(steps).toEqual(stepsAmong(5))
    expect(Math.max(...steps)).toBeLessThan(30)
  })

  it('keeps what a snapshot of the same store repeats, and takes all of another store anew', () => {
    const { router } = setUp()
    router.reset({ epoch: 'a', domain, nextId: 1004, items: [routeEntry(1001, [80]), routeEntry(1002, [80]), routeEntry(1003, [80])] })
    const [first, second] = [router.find(www(1001)), router.find(www(1002))]
    router.reset({ epoch: 'a', domain, nextId: 1004, items: [routeEntry(1001, [80]), routeEntry(1002, [81], { revision: 2 })] })
    expect(router.find(www(1001))).toBe(first)
    expect(router.find(www(1002))).not.toBe(second)
    expect(router.find(www(1003))).toBeUndefined()
    router.reset({ epoch: 'b', domain, nextId: 1002, items: [routeEntry(1001, [82])] })
    expect(router.find(www(1001))?.pool.upstreams[0]?.endpoint.port).toBe(82)
    expect(router.size).toBe(1)
  })

  it('shares one upstream between all who have the endpoint, and lets go of it with the last', () => {
    const { router, upstreams } = setUp()
    router.put(routeEntry(1001, [80, 81]))
    router.put(routeEntry(1002, [81, 82]))
    expect(upstreams.size).toBe(3)
    expect(router.find(www(1001))?.pool.upstreams[1]).toBe(router.find(www(1002))?.pool.upstreams[0])
    router.remove(1001)
    expect(upstreams.size).toBe(2)
    router.put(routeEntry(1002, [], { revision: 2 }))
    expect(upstreams.size).toBe(0)
  })

  it('drops the names that an environment no longer publishes, but not one that another has taken over', () => {
    const { router } = setUp()
    const entry = routeEntry(1001, [80])
    const alias = { host: `demo.${domain}`, service: 'www', endpoints: [] }
    router.put({ ...entry, routes: [...entry.routes, alias] })
    const other = routeEntry(1002, [80])
    router.put({ ...other, routes: [...other.routes, alias] })
    router.put({ ...entry, revision: 2 })
    expect(router.find(`demo.${domain}`)?.environment.entry.environment).toBe(1002)
    router.put({ ...other, revision: 2 })
    expect(router.find(`demo.${domain}`)).toBeUndefined()
  })

  it('gives a path to the longest prefix that it is below, and the rest of the host to the route without one', () => {
    const { router } = setUp()
    router.reset({ epoch: 'a', domain, nextId: 1001, items: [] })
    router.put(withRoutes(1001, [undefined, '/api', '/api/v2/', '/assets']))
    const serviceAt = (path: string) => router.find(www(1001), path)?.route.service
    expect(['/', '/api', '/api/x', '/apix', '/api/v2', '/api/v2?x', '/api/v20', '//api', '/assets/a/b'].map(serviceAt)).toEqual([
      's0',
      's1',
      's1',
      's0',
      's2',
      's2',
      's1',
      's0',
      's3',
    ])
    router.put({ ...withRoutes(1001, ['/api']), revision: 2 })
    expect(serviceAt('/api/v2')).toBe('s0')
    expect(router.find(www(1001), '/')).toBeUndefined()
    expect(router.explainMiss(www(1001), '/x?secret=1')).toMatchObject({
      code: 'route_not_found',
      message: `${www(1001)} publishes nothing at /x`,
      hint: 'It publishes what is below /api',
    })
    router.remove(1001)
    expect(router.holder(www(1001))).toBeUndefined()
  })

  it('lets environments share a host by path, and each of them go without the others', () => {
    const { router } = setUp()
    const shared = (id: number, path?: string): RouteEntry => ({
      ...routeEntry(id, []),
      routes: [{ host: `demo.${domain}`, service: 'www', endpoints: [], ...(path === undefined ? {} : { path }) }],
    })
    const owner = (path: string) => router.find(`demo.${domain}`, path)?.environment.entry.environment
    for (const order of [
      [1001, 1002, 1003],
      [1003, 1001, 1002],
    ]) {
      for (const id of order) router.put(shared(id, { 1001: '/a', 1002: '/a/b' }[id]))
      expect([owner('/a/b/c'), owner('/a/c'), owner('/c')]).toEqual([1002, 1001, 1003])
      router.remove(1001)
      expect([owner('/a/b/c'), owner('/a/c'), owner('/c')]).toEqual([1002, 1003, 1003])
      for (const id of order) router.remove(id)
      expect(owner('/c')).toBeUndefined()
    }
  })

  it('always leads an alias that moves to one of the two, in whichever order they change', () => {
    const alias = `demo.${domain}`
    const entryWith = (id: number, has: boolean): RouteEntry => ({
      ...routeEntry(id, []),
      routes: [...routeEntry(id, []).routes, ...(has ? [{ host: alias, service: 'www', endpoints: [], alias: true }] : [])],
    })
    const owner = (router: Router) => router.find(alias)?.environment.entry.environment
    const { router } = setUp()
    router.put(entryWith(1001, true))
    // B takes it before A lets go, and has it then, whatever becomes of A.
    router.put(entryWith(1002, true))
    expect(owner(router)).toBe(1002)
    router.put(entryWith(1001, false))
    expect(owner(router)).toBe(1002)
    router.remove(1001)
    expect(owner(router)).toBe(1002)
    router.put(entryWith(1003, true))
    router.remove(1003)
    expect(owner(router)).toBe(1002)
    router.remove(1002)
    expect(owner(router)).toBeUndefined()
  })

  it('moves an alias that a snapshot gives to another one', () => {
    const { router } = setUp()
    const entryWith = (id: number, has: boolean, revision: number): RouteEntry => ({
      ...routeEntry(id, [], { revision }),
      routes: has ? [{ host: `demo.${domain}`, service: 'www', endpoints: [], alias: true }] : [],
    })
    router.reset({ epoch: 'a', domain, nextId: 1003, items: [entryWith(1001, true, 1), entryWith(1002, false, 1)] })
    router.reset({ epoch: 'a', domain, nextId: 1003, items: [entryWith(1001, false, 2), entryWith(1002, true, 2)] })
    expect(router.find(`demo.${domain}`)?.environment.entry.environment).toBe(1002)
    router.reset({ epoch: 'a', domain, nextId: 1003, items: [entryWith(1001, true, 3), entryWith(1002, false, 3)] })
    expect(router.find(`demo.${domain}`)?.environment.entry.environment).toBe(1001)
  })

  it('knows since when an environment is in its state, from the first change on', () => {
    const { router } = setUp()
    router.put(routeEntry(1001, [], { state: 'suspended' }))
    expect(router.environment(1001)?.since).toBe(0)
    const before = Date.now()
    router.put(routeEntry(1001, [], { state: 'resuming', revision: 2 }))
    const since = router.environment(1001)?.since as number
    expect(since).toBeGreaterThanOrEqual(before)
    router.put(routeEntry(1001, [], { state: 'resuming', revision: 3 }))
    expect(router.environment(1001)?.since).toBe(since)
  })
})
