import type { StandinError } from '@standin/client/errors'
import type { Abortable, Exchange } from '../exchange/exchange.ts'
import type { RoutedEnvironment } from '../routing/target.ts'

/** All who wait for one environment. */
export class WaitingRoom {
  readonly holds = new Set<Hold>()
  environment: RoutedEnvironment
  /** Control was asked, or is being asked. */
  asked = false
  /** Since then the environment was seen on its way. */
  sawProgress = false
  call: AbortController | undefined
  lastError: StandinError | null = null
  /** Somebody looks at the waiting page until this runs out: control is asked on, though nobody is held. */
  visitors: NodeJS.Timeout | undefined

  constructor(environment: RoutedEnvironment) {
    this.environment = environment
  }

  get isEmpty(): boolean {
    return this.holds.size === 0 && this.visitors === undefined
  }
}

/** One exchange that waits. */
export class Hold implements Abortable {
  readonly exchange: Exchange
  timer: NodeJS.Timeout | undefined
  readonly #since: number
  readonly #leave: () => void

  constructor(exchange: Exchange, since: number, leave: () => void) {
    this.exchange = exchange
    this.#since = since
    this.#leave = leave
  }

  /** The client went away. */
  abort(): void {
    this.#leave()
  }

  finish(): void {
    this.exchange.pending = null
    this.exchange.heldMs += performance.now() - this.#since
  }
}
