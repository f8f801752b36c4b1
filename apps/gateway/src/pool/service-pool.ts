import type { RouteEntry } from '@standin/client'
import { type FailedAttempt, mayRetry } from './may-retry.ts'
import { isFailure } from './passive-health.ts'
import { PendingQueue, type Waiter } from './pending-queue.ts'
import { defaultPolicy, type PoolPolicy, poolPolicy } from './pool-policy.ts'
import { RetryBudget } from './retry-budget.ts'
import { Roster } from './roster.ts'
import type { Swept } from './sweep.ts'
import type { Upstream } from './upstream.ts'
import type { UpstreamRegistry } from './upstream-registry.ts'
import { isUsable } from './upstream-state.ts'

/** One published service, as the table has it. */
export type ServiceRoute = RouteEntry['routes'][number]

/**
 * The endpoints behind one service, and who of them gets the next request. It lives as long as its route is in the table:
 * `update` takes over what has changed.
 *
 * A request passes it in this order: `enter`, or `wait` until `onPlace`; `choose`; then `failed`, after which
 * `retry` may give it another endpoint, or `answered` and then `completed` or `cut`; and `leave`, once for every place that it had.
 */
export class ServicePool implements Swept {
  readonly #registry: UpstreamRegistry
  readonly #roster: Roster
  #policy: PoolPolicy = defaultPolicy
  #active = 0
  #queue: PendingQueue | null = null
  #isPumping = false
  #budget: RetryBudget | null = null

  constructor(registry: UpstreamRegistry) {
    this.#registry = registry
    this.#roster = new Roster(registry)
  }

  get upstreams(): readonly Upstream[] {
    return this.#roster.upstreams
  }

  get policy(): PoolPolicy {
    return this.#policy
  }

  /** Requests and WebSockets that have a place. */
  get active(): number {
    return this.#active
  }

  /** Requests that wait for one. */
  get pending(): number {
    return this.#queue === null ? 0 : this.#queue.size
  }

  /** Cookies say which instance a client goes to. */
  get isSticky(): boolean {
    return this.#policy.balance === 'sticky'
  }

  /**
   * Takes over what the table says. Endpoints that stay keep their place, their turn and their connections.
   * Who waits hears of it with the next sweep, when the table is complete.
   * @param isServing the environment runs; otherwise the endpoints are let go
   */
  update(route: Pick<ServiceRoute, 'host' | 'endpoints' | 'policy'>, isServing: boolean): void {
    this.#policy = poolPolicy(route.policy)
    this.#roster.replace(isServing ? route.endpoints : [], this.#policy, route.host)
  }

  /** The route is gone. Who waits goes on, and finds that out by itself; what is in flight may end. */
  close(): void {
    this.#roster.replace([], this.#policy, '')
  }

  /**
   * Takes a place. False: there is none, or others wait for one already.
   * @param now ms, as `performance.now()`
   */
  enter(now: number): boolean {
    this.#budget ??= new RetryBudget(now)
    this.#budget.count(now)
    if (this.pending > 0 || !this.#hasRoom()) return false
    this.#take()
    return true
  }

  /** Waits for a place. False: too many do already. */
  wait(waiter: Waiter, now: number): boolean {
    const { counters, sweep } = this.#registry
    if (this.pending >= this.#policy.pending) {
      counters.overloaded++
      return false
    }
    this.#queue ??= new PendingQueue()
    this.#queue.push(waiter, now + this.#policy.pendingMs)
    counters.queued++
    counters.pending++
    sweep.add(this)
    return true
  }

  /** It waits no longer. */
  forget(waiter: Waiter): void {
    if (this.#queue?.remove(waiter) === true) this.#registry.counters.pending--
  }

  /**
   * The endpoint for a request that has a place.
   * @param cookies what the client's sticky cookies say; null: nothing
   * @returns undefined where nobody takes traffic
   */
  choose(cookies: readonly string[] | null = null): Upstream | undefined {
    const chosen = this.#roster.pick(cookies, null)
    if (chosen !== undefined) this.#begin(chosen)
    return chosen
  }

  /** It answered with this status, whatever becomes of the body. */
  answered(upstream: Upstream, status: number): void {
    if (isFailure(status)) this.failed(upstream, `it answered ${status}`)
    else if (upstream.failures !== 0 || upstream.state !== 'well') this.#registry.noteAnswer(upstream)
  }

  /** Its answer came to its end. */
  completed(upstream: Upstream): void {
    if (upstream.cuts !== 0) upstream.cuts = 0
  }

  /** It broke its answer off. */
  cut(upstream: Upstream, why: string): void {
    this.#registry.noteCut(upstream, this.#policy, why)
  }

  /** It took no connection, or closed it before it had answered; not: a connection that had served others and died idle. */
  failed(upstream: Upstream, why: string): void {
    this.#registry.noteFailure(upstream, this.#policy, why)
  }

  /**
   * The endpoint for one more attempt, which takes the place of the failed one; undefined where there is none, or where
   * the request may not be sent again.
   */
  retry(failed: Upstream, attempt: FailedAttempt): Upstream | undefined {
    const verdict = mayRetry(attempt)
    if (verdict === 'no') return undefined
    // That an idle connection was closed says nothing against an instance: its clients stay with it.
    const stays = verdict === 'anywhere' && this.isSticky && isUsable(failed.state)
    const other = stays ? failed : (this.#roster.pick(null, failed) ?? (verdict === 'anywhere' ? failed : undefined))
    if (other === undefined) return undefined
    const { counters } = this.#registry
    const now = performance.now()
    this.#budget ??= new RetryBudget(now)
    if (!this.#budget.spend(this.#policy.retryBudgetPercent, now)) {
      counters.retriesRefused++
      return undefined
    }
    counters.retries++
    this.#finish(failed)
    this.#begin(other)
    return other
  }

  /** A request is over. @param upstream the last one that was chosen for it; null: none was */
  leave(upstream: Upstream | null): void {
    this.#active--
    this.#registry.counters.active--
    if (upstream !== null) this.#finish(upstream)
    if (this.#queue !== null && this.#queue.size > 0) this.#pump()
  }

  /** What the client is to be told to come back to this endpoint; null: nothing, its cookie says so already. */
  newCookie(upstream: Upstream, cookies: readonly string[] | null): string | null {
    const name = this.#registry.nameInCookies(upstream)
    return cookies?.includes(name) === true ? null : name
  }

  sweep(now: number): boolean {
    const queue = this.#queue
    if (queue === null) return false
    // An endpoint may have become well, or another pool may have left it.
    this.#pump()
    for (let late = queue.shiftLate(now); late !== undefined; late = queue.shiftLate(now)) {
      const { counters } = this.#registry
      counters.pending--
      counters.overloaded++
      late.onNoPlace()
    }
    return queue.size > 0
  }

  #take(): void {
    this.#active++
    this.#registry.counters.active++
  }

  #begin(upstream: Upstream): void {
    upstream.active++
    if (upstream.state === 'returning') upstream.isOnTrial = true
    if (this.#roster.panics) this.#registry.counters.panicked++
  }

  #finish(upstream: Upstream): void {
    upstream.active--
    upstream.isOnTrial = false
  }

  /** Gives places to those who wait, in their order. */
  #pump(): void {
    const queue = this.#queue
    if (queue === null || this.#isPumping) return
    this.#isPumping = true
    try {
      while (this.#hasRoom()) {
        const waiter = queue.shift()
        if (waiter === undefined) break
        this.#registry.counters.pending--
        this.#take()
        waiter.onPlace()
      }
    } finally {
      this.#isPumping = false
    }
  }

  #hasRoom(): boolean {
    return this.#active < this.#policy.requests && this.#roster.hasRoom()
  }
}
