import type { Endpoint } from '@standin/client'
import { evenTurn, leastBusy, lessBusyOfTwo, weightedTurn } from './balance.ts'
import { defaultPolicy, type PoolPolicy } from './pool-policy.ts'
import { canTake, type Lineup, lineUp, Slot } from './slot.ts'
import type { Upstream } from './upstream.ts'
import type { UpstreamRegistry } from './upstream-registry.ts'
import { isUsable } from './upstream-state.ts'

/** While somebody starts slowly, shares are looked at again after this time, ms. */
const rampStepMs = 50

const nobody: Lineup = { slots: [], panics: false, isEven: true, totalShare: 0, isRamping: false }

/** The endpoints of a pool and whose turn it is. Choosing allocates nothing. */
export class Roster {
  readonly #registry: UpstreamRegistry
  #policy: PoolPolicy = defaultPolicy
  #slots: readonly Slot[] = []
  #lineup = nobody
  #linedUpAt = 0
  #seenVersion = -1
  #next = 0

  constructor(registry: UpstreamRegistry) {
    this.#registry = registry
  }

  get upstreams(): readonly Upstream[] {
    return this.#slots.map((slot) => slot.upstream)
  }

  /** Most endpoints are unwell, so all are used. */
  get panics(): boolean {
    return this.#lineup.panics
  }

  /**
   * Takes these endpoints in place of the former ones. Who stays keeps its place and its turn.
   * @param host what their health checks are asked with
   */
  replace(endpoints: readonly Endpoint[], policy: PoolPolicy, host: string): void {
    const registry = this.#registry
    const before = this.#slots
    const wasChecked = this.#policy.health !== null
    this.#policy = policy
    this.#slots = endpoints.map((endpoint) => this.#slot(endpoint, before))
    this.#watch(host)
    // Last, so that who stays is never without a place.
    for (const { upstream } of before) {
      if (wasChecked) registry.checks.unwatch(upstream)
      registry.release(upstream)
    }
    if (before.length === 0 && this.#slots.length > 1) this.#next = Math.floor(registry.random() * this.#slots.length)
    this.#seenVersion = -1
  }

  /** Somebody may have one more request. Where there is nobody at all, there is room to be told so at once. */
  hasRoom(): boolean {
    const lineup = this.#current()
    const { slots } = lineup
    for (let i = 0; i < slots.length; i++) {
      if (canTake((slots[i] as Slot).upstream, lineup, this.#policy.perEndpoint)) return true
    }
    return slots.length === 0
  }

  /**
   * Who is next.
   * @param cookies what the client's sticky cookies say; null: nothing
   * @param except who has just failed; null: nobody has
   */
  pick(cookies: readonly string[] | null, except: Upstream | null): Upstream | undefined {
    const lineup = this.#current()
    const limit = this.#policy.perEndpoint
    if (cookies !== null) {
      const named = this.#named(cookies, lineup, limit)
      if (named !== undefined) return named
    }
    switch (this.#policy.balance) {
      case 'least-connections':
        return leastBusy(lineup, limit, except)?.upstream
      case 'two-choices':
        return lessBusyOfTwo(lineup, this.#registry.random, limit, except)?.upstream
      default: {
        if (!lineup.isEven) return weightedTurn(lineup, limit, except)?.upstream
        const index = evenTurn(lineup, this.#next, limit, except)
        if (index === -1) return undefined
        // Who stands in for another takes nobody's turn: the next request would go to the failed one again.
        if (except === null) this.#next = index + 1
        return lineup.slots[index]?.upstream
      }
    }
  }

  /** The endpoint that a cookie names, if it takes requests; also one that is drained. */
  #named(cookies: readonly string[], lineup: Lineup, limit: number): Upstream | undefined {
    for (const cookie of cookies) {
      for (const { upstream } of this.#slots) {
        if (upstream.stickyName !== cookie) continue
        return (lineup.panics || isUsable(upstream.state)) && canTake(upstream, lineup, limit) ? upstream : undefined
      }
    }
    return undefined
  }

  #watch(host: string): void {
    const { checks, sweep } = this.#registry
    const { health } = this.#policy
    if (health === null || this.#slots.length === 0) return
    const now = performance.now()
    for (const { upstream } of this.#slots) checks.watch(upstream, { policy: health, host }, now)
    sweep.add(checks)
  }

  #slot(endpoint: Endpoint, before: readonly Slot[]): Slot {
    const upstream = this.#registry.acquire(endpoint, this.#policy)
    const weight = endpoint.weight ?? 1
    for (const slot of before) {
      if (slot.upstream !== upstream) continue
      slot.weight = weight
      return slot
    }
    return new Slot(upstream, weight)
  }

  #current(): Lineup {
    if (this.#seenVersion !== this.#registry.version) this.#lineUp()
    else if (this.#lineup.isRamping && performance.now() - this.#linedUpAt >= rampStepMs) this.#lineUp()
    return this.#lineup
  }

  #lineUp(): void {
    const { balance, panicBelowPercent, slowStartMs } = this.#policy
    this.#linedUpAt = performance.now()
    this.#seenVersion = this.#registry.version
    this.#lineup = lineUp(this.#slots, panicBelowPercent, slowStartMs, this.#linedUpAt)
    if (balance === 'sticky') for (const { upstream } of this.#slots) this.#registry.nameInCookies(upstream)
  }
}
