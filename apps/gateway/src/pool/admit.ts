import { StandinError } from '@standin/client/errors'
import type { Abortable, Exchange } from '../exchange/exchange.ts'
import type { Waiter } from './pending-queue.ts'
import type { ServicePool } from './service-pool.ts'

/** Gives the exchange a place in its pool, lets it wait for one, or refuses it where too many wait already. */
export const admit = (exchange: Exchange): boolean => {
  const pool = exchange.target?.pool
  if (pool === undefined) return false
  // It has waited, and its route is still the same.
  if (exchange.pool === pool) return true
  exchange.leavePool()
  const now = exchange.heldMs > 0 ? performance.now() : exchange.startedAt
  if (pool.enter(now)) {
    exchange.pool = pool
    return true
  }
  const wait = new Wait(exchange, pool, now)
  if (pool.wait(wait, now)) {
    exchange.phase = 'queued'
    exchange.pending = wait
  } else exchange.refuse(overloaded(exchange), { retryAfterSeconds: 1 })
  return false
}

/** An exchange that waits for a place. */
class Wait implements Waiter, Abortable {
  readonly #exchange: Exchange
  readonly #pool: ServicePool
  readonly #since: number

  constructor(exchange: Exchange, pool: ServicePool, now: number) {
    this.#exchange = exchange
    this.#pool = pool
    this.#since = now
  }

  abort(): void {
    this.#pool.forget(this)
  }

  onPlace(): void {
    const exchange = this.#exchange
    this.#finish()
    exchange.pool = this.#pool
    exchange.gateway.goOn(exchange)
    // Its environment has gone to sleep meanwhile: others may have its place until it wakes.
    if (exchange.phase === 'held') exchange.leavePool()
  }

  onNoPlace(): void {
    this.#finish()
    this.#exchange.refuse(overloaded(this.#exchange), { retryAfterSeconds: 1 })
  }

  #finish(): void {
    const exchange = this.#exchange
    exchange.pending = null
    exchange.phase = 'routing'
    exchange.queuedMs += performance.now() - this.#since
  }
}

const overloaded = (exchange: Exchange): StandinError =>
  new StandinError('overloaded', `${exchange.host} has more requests than it is set to take, and too many wait already`, {
    hint: 'Try again in a moment; `requests`, `connections` and `pending` of its policy are the limits',
  })
