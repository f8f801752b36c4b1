import type { Socket } from 'node:net'
import { BodyKind, type ClientStream, type RequestListener } from '../http/client-stream.ts'
import { classifyRequestHeader, HeaderClass } from '../http/headers.ts'
import type { UpstreamListener, UpstreamResponse, UpstreamStream } from '../http/upstream-stream.ts'
import { addStickyCookie, chooseUpstream } from '../pool/choose-upstream.ts'
import { isItsFault } from '../pool/passive-health.ts'
import type { Upstream } from '../pool/upstream.ts'
import { proxyPreamble } from '../proxy-protocol/proxy-preamble.ts'
import type { Abortable, Exchange } from './exchange.ts'
import { relayUpgrade } from './relay-upgrade.ts'
import { emptyPool, upstreamProblem } from './upstream-problem.ts'

/** Sends the request to the next endpoint of its pool, and the answer to the client. */
export const forward = (exchange: Exchange): boolean => {
  const upstream = chooseUpstream(exchange)
  if (upstream === undefined) exchange.refuse(emptyPool(exchange), { retryAfterSeconds: 1 })
  else new Forwarding(exchange, upstream).send()
  return false
}

/** An exchange between its client and an endpoint: what comes from either goes to the other as it comes. */
class Forwarding implements UpstreamListener, RequestListener, Abortable {
  readonly #exchange: Exchange
  readonly #client: ClientStream
  #upstream: Upstream
  #request: UpstreamStream | null = null
  /** Part of the body was read: it can't be sent once more. */
  #bodyStarted = false
  #wasAnswered = false
  /** The client does not take more for now. */
  #isPaused = false

  constructor(exchange: Exchange, upstream: Upstream) {
    this.#exchange = exchange
    this.#client = exchange.stream
    this.#upstream = upstream
  }

  send(): void {
    const exchange = this.#exchange
    const { head } = exchange
    exchange.phase = 'forwarding'
    exchange.upstream = this.#upstream.key
    exchange.pending = this
    this.#client.listener = this
    const { sendProxy } = this.#upstream
    this.#request = this.#upstream.transport.request(
      {
        method: head.method,
        path: exchange.path,
        headers: exchange.headers,
        // What names an instance was taken out of the list alone.
        lines: exchange.cookies === null ? exchange.lines : '',
        hasBody: head.bodyKind !== BodyKind.none,
        contentLength: head.contentLength,
        upgrade: exchange.isUpgrade,
        wantsTrailers: exchange.wantsTrailers,
        exclusive: exchange.ignoredUpgrade || sendProxy !== null,
        preamble: sendProxy === null ? null : proxyPreamble(sendProxy, exchange.connection),
      },
      this,
    )
  }

  /** The exchange ended otherwise. */
  abort(): void {
    this.#request?.abort()
  }

  // From the client.

  onBody(chunk: Buffer): void {
    this.#bodyStarted = true
    this.#exchange.bytesReceived += chunk.length
    if (this.#request?.sendBody(chunk) === false) this.#client.pauseBody()
  }

  onBodyEnd(trailers: readonly string[] | null): void {
    this.#bodyStarted = true
    this.#request?.endBody(trailers === null ? null : endToEnd(trailers))
  }

  onClientDrain(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#request?.resume()
  }

  onClientGone(): void {
    this.#exchange.onClientGone()
  }

  onClientStalled(): void {
    this.#exchange.onClientStalled()
  }

  // From the endpoint.

  onReadyForBody(): void {
    this.#client.resumeBody()
  }

  onInform(status: number, headers: readonly string[]): void {
    this.#wasAnswered = true
    this.#client.inform(status, headers)
  }

  onResponse({ status, reason, headers, contentLength }: UpstreamResponse): void {
    const exchange = this.#exchange
    exchange.phase = 'responding'
    exchange.status = status
    exchange.upstreamMs = performance.now() - exchange.startedAt - exchange.heldMs - exchange.queuedMs
    exchange.connectMs = this.#request?.connectMs ?? 0
    exchange.pool?.answered(this.#upstream, status)
    addStickyCookie(exchange, headers)
    if (exchange.faults !== null) headers.push('Standin-Fault', exchange.faults.label)
    this.#client.respond(status, reason, headers, contentLength, exchange.closes)
  }

  onData(chunk: Buffer): void {
    this.#exchange.bytesSent += chunk.length
    if (this.#client.write(chunk) || this.#isPaused) return
    this.#isPaused = true
    this.#request?.pause()
  }

  onEnd(trailers: readonly string[] | null): void {
    this.#exchange.pool?.completed(this.#upstream)
    this.#exchange.end()
    this.#client.end(trailers)
  }

  onUpgrade(response: UpstreamResponse, socket: Socket, early: Buffer): void {
    this.#exchange.connectMs = this.#request?.connectMs ?? 0
    relayUpgrade(this.#exchange, this.#upstream, response, socket, early)
  }

  onError(error: Error & { code?: string }): void {
    const exchange = this.#exchange
    if (exchange.phase === 'responding') {
      if (isItsFault(error)) exchange.pool?.cut(this.#upstream, `it broke an answer off: ${error.message}`)
      exchange.flag = 'upstream_cut'
      exchange.pending = null
      exchange.cut()
      return
    }
    if (exchange.phase !== 'forwarding') return
    const other = this.#retryAt(error)
    if (other === undefined) {
      exchange.pending = null
      exchange.refuse(upstreamProblem(exchange, this.#upstream, error))
      return
    }
    exchange.retries++
    exchange.chosen = other
    this.#upstream = other
    // Nothing was read of the body so far, and nothing must be until the other endpoint is ready for it.
    this.#client.pauseBody()
    this.send()
  }

  #retryAt(error: Error): Upstream | undefined {
    const { pool, head, retries } = this.#exchange
    const request = this.#request
    if (pool === null || request === null) return undefined
    const { isSent, diedUnused } = request
    if (!diedUnused && isItsFault(error)) pool.failed(this.#upstream, error.message)
    return pool.retry(this.#upstream, {
      retries,
      wasAnswered: this.#wasAnswered,
      isSent,
      diedUnused,
      hasBody: head.bodyKind !== BodyKind.none,
      bodyStarted: this.#bodyStarted,
      method: head.method,
    })
  }
}

/** Of trailers: what would frame, route or authorise has no place there (RFC 9110, section 6.5.1). */
const endToEnd = (trailers: readonly string[]): string[] | null => {
  const kept: string[] = []
  for (let i = 0; i < trailers.length; i += 2) {
    const name = trailers[i] as string
    if (classifyRequestHeader(name) === HeaderClass.endToEnd) kept.push(name, trailers[i + 1] as string)
  }
  return kept.length === 0 ? null : kept
}
