import type { Random } from '../faults/choose-faults.ts'
import type { Pacer } from '../faults/pacer.ts'
import type { CompiledProbe } from '../routing/probes.ts'
import type { Router } from '../routing/router.ts'
import type { RoutedEnvironment } from '../routing/target.ts'
import type { Activity } from '../wake/activity.ts'

/** Takes an exchange when it has ended. */
export interface AccessLogOf<E> {
  write(exchange: E): void
}

/** Where exchanges wait until their environment runs. */
export interface WaitingPlaceOf<E> {
  /** @param wake the environment sleeps and has to be woken */
  hold(exchange: E, environment: RoutedEnvironment, wake: boolean): void
  /** Why an environment can't be woken just now; empty: nothing is in the way. */
  troubleOf(environment: number): string
}

/** Where the state of an environment is followed. */
interface StateFeedOf<E> {
  /** Answers with a stream of what is and what changes. */
  attach(exchange: E, environment: RoutedEnvironment): void
}

/** Where requests wait that are delayed on purpose. */
interface DelayDeskOf<E> {
  readonly random: Random
  readonly pacer: Pacer
  delay(exchange: E, ms: number): void
}

/** Whose word about a request's origin is believed. */
interface TrustedPeers {
  /** @param address plain, as `ClientConnection.peer` */
  has(address: string): boolean
}

/** What every exchange needs of the gateway. An exchange knows this file, so this file knows no exchange but as `E`. */
export interface GatewayOf<E> {
  readonly router: Router
  readonly wake: WaitingPlaceOf<E>
  /** Who follows the state of an environment. */
  readonly watchers: StateFeedOf<E>
  /** Does what was injected. */
  readonly faults: DelayDeskOf<E>
  /** Who only looks, at any environment; null: nobody. */
  readonly probes: readonly CompiledProbe[] | null
  readonly activity: Activity
  readonly accessLog: AccessLogOf<E>
  /** Told of what should never happen: a fault of ours, whose text is not for the client. */
  onFault(error: unknown, exchange: E): void
  readonly trusted: TrustedPeers
  /** Lets an exchange that waited go on from routing. */
  goOn(exchange: E): void
  /** What this process calls itself in `Via`. */
  readonly pseudonym: string
  /** Where plain HTTP is sent to, over TLS; absent: it is served. */
  redirectPort?: number
  /** It was told to stop: responses are the last ones on their connections. */
  draining: boolean
}
