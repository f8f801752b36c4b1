import type { Random } from '../faults/choose-faults.ts'
import type { Pacer } from '../faults/pacer.ts'
import type { Router } from '../routing/router.ts'
import type { RoutedEnvironment } from '../routing/target.ts'
import type { Activity } from '../wake/activity.ts'
import type { CompiledProbe } from '../wake/probes.ts'
import type { Exchange } from './exchange.ts'

/** Takes an exchange when it has ended. */
export interface AccessLog {
  write(exchange: Exchange): void
}

/** Where exchanges wait until their environment runs. */
export interface WaitingPlace {
  /** @param wake the environment sleeps and has to be woken */
  hold(exchange: Exchange, environment: RoutedEnvironment, wake: boolean): void
  /** Why an environment can't be woken just now; empty: nothing is in the way. */
  troubleOf(environment: number): string
}

/** Where the state of an environment is followed. */
interface StateFeed {
  /** Answers with a stream of what is and what changes. */
  attach(exchange: Exchange, environment: RoutedEnvironment): void
}

/** Where requests wait that are delayed on purpose. */
interface DelayDesk {
  readonly random: Random
  readonly pacer: Pacer
  delay(exchange: Exchange, ms: number): void
}

/** Whose word about a request's origin is believed. */
interface TrustedPeers {
  /** @param address plain, as `ClientConnection.peer` */
  has(address: string): boolean
}

/** What every exchange needs of the gateway. */
export interface Gateway {
  readonly router: Router
  readonly wake: WaitingPlace
  /** Who follows the state of an environment. */
  readonly watchers: StateFeed
  /** Does what was injected. */
  readonly faults: DelayDesk
  /** Who only looks, at any environment; null: nobody. */
  readonly probes: readonly CompiledProbe[] | null
  readonly activity: Activity
  readonly accessLog: AccessLog
  /** Told of what should never happen: a fault of ours, whose text is not for the client. */
  onFault(error: unknown, exchange: Exchange): void
  readonly trusted: TrustedPeers
  /** Lets an exchange that waited go on from routing. */
  goOn(exchange: Exchange): void
  /** What this process calls itself in `Via`. */
  readonly pseudonym: string
  /** Where plain HTTP is sent to, over TLS; absent: it is served. */
  redirectPort?: number
  /** It was told to stop: responses are the last ones on their connections. */
  draining: boolean
}
