import type { Endpoint, RoutePolicy } from '@standin/client'
import { ServicePool } from '../pool/service-pool.ts'
import type { Upstream } from '../pool/upstream.ts'
import { type RegistryOptions, UpstreamRegistry } from '../pool/upstream-registry.ts'
import { RefusedEndpoints } from '../refused-endpoints.ts'

/** Numbers in [0, 1), the same ones for the same seed. */
export const seededRandom = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}

/** Endpoints at ports 1, 2, … */
export const endpointsOf = (weights: readonly number[], generation = 1): Endpoint[] =>
  weights.map((weight, index) => ({ address: '127.0.0.1', port: index + 1, generation, instance: `web-${index + 1}`, weight }))

/** A pool of endpoints that nobody connects to, in a registry of its own. */
export const poolOf = (weights: readonly number[], policy: RoutePolicy = {}, options: RegistryOptions = {}) => {
  const registry = new UpstreamRegistry(new RefusedEndpoints(), { random: seededRandom(1), ...options })
  const pool = new ServicePool(registry)
  const replace = (next: readonly number[] | Endpoint[], nextPolicy = policy, isServing = true) => {
    const endpoints = typeof next[0] === 'number' ? endpointsOf(next as number[]) : (next as Endpoint[])
    pool.update({ host: 'www-1001.test-envs.localhost', endpoints, policy: nextPolicy }, isServing)
  }
  replace(weights)
  const at = (port: number): Upstream => {
    const upstream = pool.upstreams.find(({ endpoint }) => endpoint.port === port)
    if (upstream === undefined) throw new Error(`The pool has no endpoint at port ${port}`)
    return upstream
  }
  /** A request that is answered at once. @returns the port that it went to; 0: nobody took it */
  const send = (cookies: readonly string[] | null = null): number => {
    if (!pool.enter(performance.now())) throw new Error('The pool is full')
    const chosen = pool.choose(cookies)
    if (chosen !== undefined) pool.answered(chosen, 200)
    pool.leave(chosen ?? null)
    return chosen?.endpoint.port ?? 0
  }
  /** How many of so many requests went to each port; the first number is of those that nobody took. */
  const sharesOf = (requests: number): number[] => {
    const shares = new Array<number>(weights.length + 1).fill(0)
    for (let i = 0; i < requests; i++) {
      const port = send()
      shares[port] = (shares[port] ?? 0) + 1
    }
    return shares
  }
  const fail = (port: number, times: number, why = 'connection refused') => {
    for (let i = 0; i < times; i++) pool.failed(at(port), why)
  }
  return { registry, pool, replace, at, send, sharesOf, fail }
}
