import { StandinError } from '@standin/client/errors'
import type { ChosenFaults } from '../faults/choose-faults.ts'
import type { ClientConnection } from '../http/client-connection.ts'
import type { ClientStream, RequestHead, RequestListener } from '../http/client-stream.ts'
import type { ServicePool } from '../pool/service-pool.ts'
import type { Upstream } from '../pool/upstream.ts'
import type { Target } from '../routing/target.ts'
import type { GatewayOf } from './gateway-of.ts'
import { type OwnResponse, problemResponse, sendOwn } from './own-response.ts'

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
export class Exchange implements RequestListener {
  readonly gateway: GatewayOf<Exchange>
  /** One that is slowed down takes its place. */
  stream: ClientStream
  readonly connection: ClientConnection
  readonly head: RequestHead
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
  /** The same as lines of HTTP/1, where they were at hand; else empty. */
  lines = ''
  /** The client asks for a WebSocket on this connection. */
  isUpgrade = false
  /** The client sent an Upgrade that we don't take part in: neither connection is used again. */
  ignoredUpgrade = false
  /** The client takes trailers, and may need them (gRPC). */
  wantsTrailers = false
  via: string | null = null
  target: Target | null = null
  /** What is done to it on purpose; null: nothing, so far. */
  faults: ChosenFaults | null = null

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
  /** How long the connection to the endpoint took to open, ms; 0: there was one. */
  connectMs = 0
  status = 0
  /** Of the request's body, as far as an endpoint took it. */
  bytesReceived = 0
  /** Of the response's body. */
  bytesSent = 0
  /** Why it did not go as usual: a problem's code, `client_gone`, `client_stalled`, `upstream_cut`. */
  flag = ''
  #counted: Target['activity'] | null = null

  constructor(gateway: GatewayOf<Exchange>, stream: ClientStream) {
    this.gateway = gateway
    this.stream = stream
    this.connection = stream.connection
    this.head = stream.head
    stream.listener = this
  }

  /** Takes the client's own id, if it has a sane one, so that it finds its request in our log. */
  identify(sent: string | null): void {
    this.id = sent !== null && /^[\w.:/+=-]{1,128}$/.test(sent) ? sent : `${idPrefix}-${(++idCounter).toString(36)}`
  }

  /** From now until it ends, its environment is in use. */
  countAsActivity(): void {
    const { target } = this
    if (target === null || this.#counted === target.activity) return
    if (this.#counted !== null) this.gateway.activity.end(this.#counted, this.#usedBy)
    this.#counted = target.activity
    this.gateway.activity.begin(target.activity, this.#usedBy, this.host)
  }

  get #usedBy(): string {
    return this.isUpgrade ? 'WebSocket' : this.head.method
  }

  /** Others may have its place. */
  leavePool(): void {
    this.pool?.leave(this.chosen)
    this.pool = null
    this.chosen = null
  }

  /** The connection can't be used again: what follows an Upgrade may be meant for the other protocol already. */
  get closes(): boolean {
    return this.isUpgrade || this.ignoredUpgrade || this.gateway.draining
  }

  /** Answers with a problem page in place of the environment; cuts the response where it had begun. */
  refuse(error: StandinError, options: { retryAfterSeconds?: number; close?: boolean } = {}): void {
    if (this.phase === 'ended') return
    this.flag = error.code
    if (this.stream.hasResponded) {
      this.cut()
      return
    }
    this.answer(problemResponse(error, this, options.retryAfterSeconds), options.close)
  }

  /** Answers in place of the environment. */
  answer(response: OwnResponse, close = false): void {
    if (this.phase === 'ended') return
    this.status = response.status
    this.bytesSent = response.body.length
    if (this.faults !== null) response.headers.push('Standin-Fault', this.faults.label)
    this.end()
    sendOwn(this.stream, response, close || this.closes)
  }

  /** Ends the stream so that half a response is never taken for a whole one. */
  cut(): void {
    if (this.phase === 'ended') return
    const { pending } = this
    this.end()
    pending?.abort()
    this.stream.cut()
  }

  /** Nothing more is going to be said: accounts for it. The stream is ended afterwards, since its connection goes on with the next request. */
  end(): void {
    if (this.phase === 'ended') return
    this.phase = 'ended'
    this.pending = null
    this.leavePool()
    if (this.#counted !== null) this.gateway.activity.end(this.#counted, this.#usedBy)
    this.gateway.accessLog.write(this)
  }

  /** Nobody waits for the response any more. */
  onClientGone(): void {
    if (this.phase === 'ended') return
    if (this.flag === '') this.flag = 'client_gone'
    const { pending } = this
    this.end()
    pending?.abort()
  }

  /** Gives up what it uses: whoever waits for such a client waits for nothing. */
  onClientStalled(): void {
    if (this.phase === 'ended') return
    this.flag = 'client_stalled'
    const { pending } = this
    this.pending = null
    pending?.abort()
    if (this.stream.hasResponded) {
      this.cut()
      return
    }
    this.answer(problemResponse(new StandinError('request_timeout', 'The body of the request stopped coming'), this), true)
  }

  // Before the request is forwarded, nobody has asked for its body.
  onBody(): void {}
  onBodyEnd(): void {}
  onClientDrain(): void {}
}

/** A fault that isn't a domain error is ours: its text is for the log only. */
export const asProblem = (error: unknown): StandinError =>
  error instanceof StandinError ? error : new StandinError('internal', 'The gateway failed to handle this request', { cause: error })
