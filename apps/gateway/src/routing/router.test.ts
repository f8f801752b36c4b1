import { describe, expect, it } from 'vitest'
import { UpstreamRegistry } from '../pool.ts'
import { RefusedEndpoints } from '../refused-endpoints.ts'
import { domain, routeEntry } from '../testing/start-gateway.ts'
import { Activity } from '../wake/activity.ts'
import { Router, type Target } from './router.ts'

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
})
