import { StandinError } from '@standin/client/errors'
import type { Abortable, Exchange } from '../exchange/exchange.ts'
import type { Random } from './choose-faults.ts'
import { Pacer } from './pacer.ts'

/** Requests that wait at once because of a delay; beyond it they are refused, so that a fault costs bounded memory. */
const mostDelayed = 10_000

/** Where requests wait that are delayed on purpose. */
export class FaultDesk {
  readonly random: Random
  readonly pacer = new Pacer()
  readonly #mostDelayed: number
  readonly #delayed = new Set<Delay>()

  constructor(random: Random = Math.random, limit = mostDelayed) {
    this.random = random
    this.#mostDelayed = limit
  }

  /** How many requests are delayed now. */
  get delayed(): number {
    return this.#delayed.size
  }

  /** Lets the exchange go on from routing after this time, unless its client goes away. */
  delay(exchange: Exchange, ms: number): void {
    if (this.#delayed.size >= this.#mostDelayed) {
      const error = new StandinError('overloaded', `An injected delay holds ${this.#delayed.size} requests already`)
      exchange.refuse(error, { retryAfterSeconds: 1 })
      return
    }
    const delay = new Delay(exchange, this.#delayed)
    this.#delayed.add(delay)
    exchange.phase = 'held'
    exchange.pending = delay
    // Timers of one length share one of the process: a fault's delay is the same for all its requests.
    delay.timer = setTimeout(() => delay.finish(), ms)
  }

  /** Nobody is delayed any longer: the gateway stops, and what is under way goes on at once. */
  close(): void {
    for (const delay of this.#delayed) delay.finish()
  }
}

class Delay implements Abortable {
  timer: NodeJS.Timeout | undefined
  readonly #exchange: Exchange
  readonly #all: Set<Delay>
  readonly #since = performance.now()

  constructor(exchange: Exchange, all: Set<Delay>) {
    this.#exchange = exchange
    this.#all = all
  }

  /** The client went away. */
  abort(): void {
    clearTimeout(this.timer)
    this.#all.delete(this)
  }

  finish(): void {
    const exchange = this.#exchange
    this.abort()
    exchange.pending = null
    exchange.heldMs += performance.now() - this.#since
    exchange.phase = 'routing'
    exchange.gateway.goOn(exchange)
  }
}
