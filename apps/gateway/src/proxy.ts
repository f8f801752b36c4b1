import { StandinError } from '@standin/client/errors'
import type { Dispatcher } from 'undici'
import type { Abortable, Exchange } from './exchange.ts'
import { classifyResponseHeader, HeaderClass } from './headers.ts'
import { addStickyCookie, chooseUpstream } from './pool/choose-upstream.ts'
import type { UpstreamConnection } from './pool/undici-connections.ts'
import type { Upstream } from './pool/upstream.ts'
import { RequestBody } from './request-body.ts'
import { headerText, readResponseHead } from './response-head.ts'
import { emptyPool, upstreamProblem } from './upstream-problem.ts'

/** Sends the request to the next endpoint of its pool, and the answer to the client. */
export const forward = (exchange: Exchange): boolean => {
  sendTo(exchange, chooseUpstream(exchange))
  return false
}

const sendTo = (exchange: Exchange, upstream: Upstream | undefined): void => {
  if (upstream === undefined) {
    exchange.refuse(emptyPool(exchange), { retryAfterSeconds: 1 })
    return
  }
  const body = exchange.hasBody ? new RequestBody(exchange.req) : null
  const attempt = new Attempt(exchange, upstream, body)
  exchange.phase = 'forwarding'
  exchange.chosen = upstream
  exchange.upstream = upstream.key
  exchange.pending = attempt
  const options: Dispatcher.DispatchOptions = {
    path: exchange.path,
    method: exchange.req.method as Dispatcher.HttpMethod,
    headers: exchange.headers,
    body,
  }
  if (exchange.ignoredUpgrade) options.reset = true
  upstream.dispatch(options, attempt)
}

/** One request to one endpoint, as undici's handler: what comes back goes to the client as it comes. */
class Attempt implements Dispatcher.DispatchHandler, Abortable {
  /** Set by the connection that takes it. */
  connection: UpstreamConnection | null = null
  readonly #exchange: Exchange
  readonly #upstream: Upstream
  readonly #body: RequestBody | null
  #controller: Dispatcher.DispatchController | null = null
  /** It went out on a connection that had served others: which the endpoint may have closed in the same moment. */
  #wasReused = false
  #contentLength = -1
  #isFramed = true
  #received = 0

  constructor(exchange: Exchange, upstream: Upstream, body: RequestBody | null) {
    this.#exchange = exchange
    this.#upstream = upstream
    this.#body = body
  }

  abort(): void {
    // Without a controller nothing was sent: onRequestStart sees then that nobody waits.
    this.#controller?.abort(clientGone)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    const { connection } = this
    if (connection !== null) this.#wasReused = connection.served++ > 0
    if (this.#exchange.phase === 'ended') controller.abort(clientGone)
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: unknown, statusText?: string): void {
    const exchange = this.#exchange
    if (status < 200 || exchange.phase !== 'forwarding') return
    const head = readResponseHead(controller.rawHeaders as Buffer[])
    if (head.unknownCoding !== null) {
      exchange.refuse(upstreamProblem(exchange, this.#upstream, new Error(`it uses the transfer coding ${head.unknownCoding}`)))
      controller.abort(clientGone)
      return
    }
    this.#contentLength = head.contentLength
    this.#isFramed = head.isFramed
    exchange.phase = 'responding'
    exchange.status = status
    exchange.pool?.answered(this.#upstream, status)
    exchange.upstreamMs = performance.now() - exchange.startedAt - exchange.heldMs
    const { res } = exchange
    if (exchange.ignoredUpgrade || exchange.gateway.draining) res.shouldKeepAlive = false
    addStickyCookie(exchange, head.headers)
    res.writeHead(status, statusText, head.headers)
    // A stream's head must not wait for its first event. Where the body came with the head, one packet takes both.
    if (unflushed.push(this) === 1) setImmediate(flushHeads)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const exchange = this.#exchange
    if (exchange.phase !== 'responding') return
    this.#received += chunk.length
    exchange.bytesSent += chunk.length
    const { res } = exchange
    if (this.#received === this.#contentLength) {
      // One string is written faster than a string and a buffer; a large one is not worth the copy.
      if (chunk.length <= smallBody) res.end(chunk.toString('latin1'), 'latin1')
      else res.end(chunk)
      exchange.end()
    } else if (!res.write(chunk)) {
      controller.pause()
      res.once('drain', () => controller.resume())
    }
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const exchange = this.#exchange
    if (exchange.phase !== 'responding') return
    if (!this.#isFramed && this.connection?.wasReset === true) {
      this.#cut()
      return
    }
    const trailers = controller.rawTrailers as Buffer[] | null | undefined
    if (trailers != null && trailers.length > 0 && exchange.res.chunkedEncoding) addTrailers(exchange, trailers)
    exchange.res.end()
    exchange.end()
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    const exchange = this.#exchange
    if (exchange.phase === 'ended') return
    if (exchange.phase === 'responding') {
      this.#cut()
      return
    }
    if (exchange.req.destroyed && !exchange.req.complete) {
      exchange.clientGone()
      return
    }
    const diedUnused = this.#wasReused && isBrokenConnection(error)
    if (!diedUnused && !(error instanceof StandinError && error.code === 'endpoint_refused')) {
      exchange.pool?.failed(this.#upstream, error.message)
    }
    const other = exchange.pool?.retry(this.#upstream, {
      retries: exchange.retries,
      wasAnswered: false,
      isSent: this.#controller !== null,
      diedUnused,
      hasBody: this.#body !== null,
      bodyStarted: this.#body?.started === true,
      method: exchange.req.method ?? '',
    })
    if (other !== undefined) {
      exchange.retries++
      sendTo(exchange, other)
      return
    }
    exchange.refuse(upstreamProblem(exchange, this.#upstream, error))
  }

  flushHead(): void {
    if (this.#received === 0 && this.#exchange.phase === 'responding') this.#exchange.res.flushHeaders()
  }

  #cut(): void {
    this.#exchange.flag = 'upstream_cut'
    this.#exchange.cut()
  }
}

/** The endpoint closed or reset the connection. */
const isBrokenConnection = ({ code }: Error & { code?: unknown }) => code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE'

/** Bytes up to which a body goes out in one piece with its head. */
const smallBody = 8 * 1024

const clientGone = new Error('The client went away')

/** Whose head was not sent yet. They are looked at together, once all that came in has been read. */
let unflushed: Attempt[] = []

const flushHeads = (): void => {
  const attempts = unflushed
  unflushed = []
  for (const attempt of attempts) attempt.flushHead()
}

const addTrailers = (exchange: Exchange, raw: readonly Buffer[]): void => {
  const trailers: [string, string][] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = headerText(raw[i])
    if (classifyResponseHeader(name) === HeaderClass.endToEnd) trailers.push([name, headerText(raw[i + 1])])
  }
  exchange.res.addTrailers(trailers)
}
