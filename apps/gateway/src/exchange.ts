import type { IncomingMessage, ServerResponse } from 'node:http'
import { StandinError } from '@standin/client/errors'
import type { ClientConnection } from './client-connection.ts'
import { sendProblem } from './pages.ts'
import type { ServicePool } from './pool/service-pool.ts'
import type { Upstream } from './pool/upstream.ts'
import type { RefusedEndpoints } from './refused-endpoints.ts'
import type { RoutedEnvironment, Router, Target } from './routing/router.ts'
import type { UpgradeClient } from './upgrade-client.ts'
import type { Activity } from './wake/activity.ts'

/** Takes an exchange when it has ended. */
export interface AccessLog {
  write(exchange: Exchange): void
}

/** Where exchanges wait until their environment runs. */
export interface WaitingPlace {
  /** @param wake the environment sleeps and has to be woken */
  hold(exchange: Exchange, environment: RoutedEnvironment, wake: boolean): void
}

/** What every exchange needs of the gateway. */
export interface Gateway {
  readonly router: Router
  readonly wake: WaitingPlace
  readonly activity: Activity
  /** For handshakes of the old engine, which dial for themselves. */
  readonly refused: RefusedEndpoints
  readonly accessLog: AccessLog
  /** Lets an exchange that waited go on from routing. */
  goOn(exchange: Exchange): void
  /** What this process calls itself in `Via`. */
  readonly pseudonym: string
  /** It was told to stop: responses are the last ones on their connections. */
  draining: boolean
}

/**
 * | from | to | when |
 * |---|---|---|
 * | `routing` | `held` | the environment has to wake first |
 * | `held` | `routing` | it runs, or it won't |
 * | `routing` | `queued` | its pool is full |
 * | `queued` | `routing` | it has a place there, or gets none |
 * | `routing` | `forwarding` | an endpoint was chosen |
 * | `forwarding` | `responding` | the endpoint's answer began |
 * | any but `ended` | `ended` | the response is complete, was cut, or nobody waits for it any more |
 */
export type ExchangePhase = 'routing' | 'held' | 'queued' | 'forwarding' | 'responding' | 'ended'

/** Something that is under way for an exchange and has to stop when its client goes away. */
export interface Abortable {
  abort(): void
}

/** Parts of `X-Request-Id`: unique to this process, then counted. */
const idPrefix = Math.floor(Math.random() * 36 ** 6)
  .toString(36)
  .padStart(6, '0')
let idCounter = 0

/** One request and its response, from its head to its line in the access log. */
export class Exchange {
  readonly gateway: Gateway
  readonly connection: ClientConnection
  readonly req: IncomingMessage
  readonly res: ServerResponse
  phase: ExchangePhase = 'routing'
  readonly startedAt = performance.now()

  // Found out by the stages of the chain, in this order.
  id = ''
  /** As the client wrote it, with port. */
  authority = ''
  /** As the router knows it. */
  host = ''
  path = ''
  /** Names and values for the upstream, in the client's order. */
  headers: string[] = []
  /** It has a body, of `contentLength` bytes where that is known. */
  hasBody = false
  contentLength: string | null = null
  /** The client asks for a WebSocket on this connection; null: it doesn't. */
  upgrade: UpgradeClient | null = null
  /** The client sent an Upgrade that we don't take part in: neither connection is used again. */
  ignoredUpgrade = false
  via: string | null = null
  target: Target | null = null

  /** When waiting for the environment has to end, ms as `performance.now()`; 0: it never waited. */
  holdDeadline = 0
  heldMs = 0
  /** What is under way: a place in the waiting room, a request to an endpoint. */
  pending: Abortable | null = null
  /** Where it has a place; null: nowhere. */
  pool: ServicePool | null = null
  /** The endpoint that was chosen for it. */
  chosen: Upstream | null = null
  /** What its sticky cookies say. */
  cookies: readonly string[] | null = null
  /** How long it waited for a place, ms. */
  queuedMs = 0
  retries = 0
  upstream = ''
  upstreamMs = 0
  status = 0
  bytesSent = 0
  /** Why it did not go as usual: a problem's code, `client_gone`, `upstream_cut`. */
  flag = ''
  #counted: Target['activity'] | null = null

  constructor(gateway: Gateway, connection: ClientConnection, req: IncomingMessage, res: ServerResponse) {
    this.gateway = gateway
    this.connection = connection
    this.req = req
    this.res = res
    connection.live.add(this)
  }

  /** Takes the client's own id, if it has a sane one, so that it finds its request in our log. */
  identify(sent: string | null): void {
    this.id = sent !== null && /^[\w.:/+=-]{1,128}$/.test(sent) ? sent : `${idPrefix}-${(++idCounter).toString(36)}`
  }

  /** From now until it ends, its environment is in use. */
  countAsActivity(): void {
    const { target } = this
    if (target === null || this.#counted === target.activity) return
    if (this.#counted !== null) this.gateway.activity.end(this.#counted)
    this.#counted = target.activity
    this.gateway.activity.begin(target.activity, this.upgrade !== null ? 'WebSocket' : (this.req.method ?? ''), this.host)
  }

  /** Others may have its place. */
  leavePool(): void {
    this.pool?.leave(this.chosen)
    this.pool = null
    this.chosen = null
  }

  /** Answers with a problem page in place of the environment; cuts the response where it had begun. */
  refuse(error: StandinError, options: { retryAfterSeconds?: number; close?: boolean } = {}): void {
    if (this.phase === 'ended') return
    this.flag = error.code
    if (this.res.headersSent) {
      this.cut()
      return
    }
    this.status = error.status
    if (options.close === true || this.gateway.draining) this.res.shouldKeepAlive = false
    this.bytesSent = sendProblem(this.req, this.res, error, this.id, options.retryAfterSeconds)
    this.end()
  }

  /** Resets the client's connection, so that half a response is never taken for a whole one. */
  cut(): void {
    const { socket } = this.connection
    this.end()
    socket.resetAndDestroy()
  }

  /** The client's connection is gone. */
  clientGone(): void {
    if (this.phase === 'ended') return
    if (this.flag === '') this.flag = 'client_gone'
    const { pending } = this
    this.end()
    pending?.abort()
  }

  /** Everything was said: account for it. */
  end(): void {
    if (this.phase === 'ended') return
    this.phase = 'ended'
    this.pending = null
    this.connection.live.delete(this)
    this.leavePool()
    if (this.#counted !== null) this.gateway.activity.end(this.#counted)
    this.gateway.accessLog.write(this)
  }
}

/** A fault that isn't a domain error is ours: its text is for the log only. */
export const asProblem = (error: unknown): StandinError =>
  error instanceof StandinError ? error : new StandinError('internal', 'The gateway failed to handle this request', { cause: error })
