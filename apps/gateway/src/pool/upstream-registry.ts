import { createHmac, randomBytes } from 'node:crypto'
import type { Endpoint } from '@standin/client'
import type { UpstreamTransport } from '../http/upstream-stream.ts'
import type { RefusedEndpoints } from '../refused-endpoints.ts'
import { H2cSeparateTransport } from '../upstream/h2c-separate-transport.ts'
import { openTransport as openTransportTo } from '../upstream/open-transport.ts'
import { HealthChecks } from './health-checks.ts'
import { ejectFor, Returns } from './passive-health.ts'
import { PoolCounters } from './pool-counters.ts'
import type { PoolPolicy } from './pool-policy.ts'
import { Sweep } from './sweep.ts'
import { Upstream, type UpstreamOrigin } from './upstream.ts'
import { isUsable, nextState, type UpstreamEvent, type UpstreamState } from './upstream-state.ts'

/** How long what is in flight to an endpoint that left its last pool may go on, in ms. WebSockets are no exception. */
const defaultDrainMs = 30_000

/** Told of every change of an endpoint's state, with its reason. */
export type UpstreamObserver = (upstream: Upstream, from: UpstreamState, why: string) => void

export interface RegistryOptions {
  openTransport?: (upstream: Upstream) => UpstreamTransport
  onChange?: UpstreamObserver
  /** In [0, 1). Tests give a seeded one. */
  random?: () => number
  /** Keeps sticky cookies from telling addresses; the same one for all gateways that share them. */
  stickyKey?: () => Buffer
  drainMs?: number
}

/**
 * All endpoints that some pool has, each as one upstream: what is known of an endpoint and the connections to it are the
 * same for all pools that have it, and stay when the table changes.
 */
export class UpstreamRegistry implements UpstreamOrigin {
  readonly counters = new PoolCounters()
  readonly random: () => number
  readonly sweep = new Sweep()
  readonly checks: HealthChecks
  /** Counts up when somebody's health changes: who gets requests has to be looked at anew. */
  version = 0
  readonly #upstreams = new Map<string, Upstream>()
  readonly #draining = new Set<Upstream>()
  readonly #returns: Returns
  readonly #refused: RefusedEndpoints
  readonly #options: RegistryOptions
  #stickyKey: Buffer | undefined

  constructor(refused: RefusedEndpoints, options: RegistryOptions = {}) {
    this.#refused = refused
    this.#options = options
    this.random = options.random ?? Math.random
    this.checks = new HealthChecks(this.random, (upstream, event, why) => this.#advance(upstream, event, why))
    this.#returns = new Returns((upstream) => this.#advance(upstream, 'ejection over', 'it gets one request to show that it is well'))
  }

  get size(): number {
    return this.#upstreams.size
  }

  /** Endpoints that have left and still have something in flight. */
  get draining(): number {
    return this.#draining.size
  }

  /** The endpoint's upstream, which has one more place in a pool from now on. */
  acquire(endpoint: Endpoint, policy: PoolPolicy): Upstream {
    const { protocol, sendProxy, connections } = policy
    const { address, port, generation } = endpoint
    const key = `${address}:${port}#${generation}${protocol === 'h2c' ? '/h2c' : ''}${sendProxy === null ? '' : `/proxy-${sendProxy}`}`
    let upstream = this.#upstreams.get(key)
    if (upstream === undefined) {
      upstream = new Upstream(key, endpoint, policy, performance.now(), this)
      this.#upstreams.set(key, upstream)
      this.counters.states.new++
    }
    upstream.references++
    upstream.connectionsAtMost = connections
    return upstream
  }

  /** One place less; with the last one, what is in flight may go on for a while and nothing new comes. */
  release(upstream: Upstream): void {
    if (--upstream.references > 0) return
    this.#upstreams.delete(upstream.key)
    this.#advance(upstream, 'released', 'no pool has it any more')
    if (upstream.isUnused) {
      this.counters.states.draining--
      return
    }
    this.#draining.add(upstream)
    void upstream.drain(this.#options.drainMs ?? defaultDrainMs).finally(() => {
      this.#draining.delete(upstream)
      this.counters.states.draining--
    })
  }

  /** It answered, which it had not done of late. */
  noteAnswer(upstream: Upstream): void {
    upstream.failures = 0
    if (upstream.state === 'returning' && upstream.ejection !== null) upstream.ejection.returnedAt = performance.now()
    this.#advance(upstream, 'answered', 'it answered')
  }

  /** It did not answer, or only that it can not. */
  noteFailure(upstream: Upstream, policy: PoolPolicy, why: string): void {
    upstream.failures++
    const { state } = upstream
    if (state !== 'returning' && (!isUsable(state) || upstream.failures < policy.ejectAfter)) return
    upstream.failures = 0
    this.#eject(upstream, policy, why)
  }

  /**
   * It began to answer, and broke off. Counted apart from requests that it did not answer at all: for those the beginning
   * of an answer is the end of a row.
   */
  noteCut(upstream: Upstream, policy: PoolPolicy, why: string): void {
    upstream.cuts++
    if (!isUsable(upstream.state) || upstream.cuts < policy.ejectAfter) return
    // Until it has answered in full, one more is enough.
    upstream.cuts = policy.ejectAfter - 1
    this.#eject(upstream, policy, why)
  }

  /** What names an upstream in a sticky cookie: tells nothing, and can not be made up. */
  nameInCookies(upstream: Upstream): string {
    this.#stickyKey ??= this.#options.stickyKey?.() ?? randomBytes(32)
    if (upstream.stickyName === '') {
      upstream.stickyName = createHmac('sha256', this.#stickyKey).update(upstream.key).digest('base64url').slice(0, 22)
    }
    return upstream.stickyName
  }

  openTransport(upstream: Upstream): UpstreamTransport {
    const { openTransport } = this.#options
    if (openTransport !== undefined) return openTransport(upstream)
    const { endpoint, protocol, sendProxy, connectionsAtMost } = upstream
    if (protocol === 'h2c' && sendProxy !== null) return new H2cSeparateTransport(this.#refused, endpoint)
    // Pools keep count of requests, each of which has a connection of its own in HTTP/1.1: there is no second limit for them.
    return openTransportTo(this.#refused, endpoint, protocol, protocol === 'h2c' ? connectionsAtMost : Number.POSITIVE_INFINITY)
  }

  /** Closes every connection at once. */
  async destroy(): Promise<void> {
    this.sweep.stop()
    this.checks.stop()
    await Promise.all([...this.#upstreams.values(), ...this.#draining].map((upstream) => upstream.destroy()))
  }

  #eject(upstream: Upstream, policy: PoolPolicy, why: string): void {
    upstream.ejection = ejectFor(upstream.ejection, policy, performance.now())
    this.counters.ejections++
    this.#advance(upstream, 'requests failed', why)
    this.#returns.add(upstream)
    this.sweep.add(this.#returns)
  }

  #advance(upstream: Upstream, event: UpstreamEvent, why: string): void {
    const from = upstream.state
    const to = nextState(from, event)
    if (to === from) return
    upstream.state = to
    upstream.isOnTrial = false
    const { states } = this.counters
    states[from]--
    states[to]++
    if (to === 'well') {
      upstream.failures = 0
      // Who comes back starts as slowly as who is new.
      if (from !== 'new') upstream.usableSince = performance.now()
    }
    if (from !== 'new' || to !== 'well') this.version++
    this.#options.onChange?.(upstream, from, why)
  }
}
