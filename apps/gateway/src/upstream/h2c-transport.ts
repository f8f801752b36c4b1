import { StandinError } from '@standin/client/errors'
import type { UpstreamListener, UpstreamRequest, UpstreamStream, UpstreamTransport } from '../http/upstream-stream.ts'
import type { RefusedEndpoints } from '../refused-endpoints.ts'
import { type Address, dial, dialTimeout } from './dial.ts'
import { H2cSession, type SessionOwner } from './h2c-session.ts'
import { H2cStream, type StreamOwner } from './h2c-stream.ts'
import { type Swept, sweeper } from './sweeper.ts'
import { takenOutOfService, UpstreamError } from './upstream-error.ts'

const noWebSocket =
  'its route says `protocol: h2c`, and WebSockets are passed on over HTTP/1.1 only; publish what takes them as a service of its own, without that'

/** More are of no use: one carries as many requests as the endpoint allows. */
const sessionsAtMost = 16

/** HTTP/2 to one endpoint, with prior knowledge: what gRPC needs. Another session is opened when those there are full. */
export class H2cTransport implements UpstreamTransport, SessionOwner, StreamOwner, Swept {
  readonly #refused: RefusedEndpoints
  readonly #address: Address
  readonly #limit: number
  readonly #preamble: Buffer | null
  readonly #sessions = new Set<H2cSession>()
  /** Requests for which no session has room yet, in their order. */
  readonly #waiting = new Set<H2cStream>()
  #isClosing = false
  readonly #drained = Promise.withResolvers<void>()

  /** @param limit sessions at most @param preamble goes out first on each connection */
  constructor(refused: RefusedEndpoints, address: Address, limit: number, preamble: Buffer | null = null) {
    this.#refused = refused
    this.#address = address
    this.#limit = Math.min(limit, sessionsAtMost)
    this.#preamble = preamble
  }

  get connections(): number {
    return this.#sessions.size
  }

  get busy(): number {
    let busy = 0
    for (const session of this.#sessions) if (session.isBusy) busy++
    return busy
  }

  request(request: UpstreamRequest, listener: UpstreamListener): UpstreamStream {
    const stream = new H2cStream(this, request, listener)
    if (this.#isClosing) process.nextTick(fail, stream, takenOutOfService())
    else if (request.upgrade) process.nextTick(fail, stream, new UpstreamError('bad_request', noWebSocket))
    else this.#serve(stream)
    return stream
  }

  async drain(ms: number): Promise<void> {
    const deadline = setTimeout(() => this.destroy(), ms)
    deadline.unref()
    await this.finish()
    clearTimeout(deadline)
  }

  /** Takes nothing new, and closes its connections when they have served; however long that takes. */
  async finish(): Promise<void> {
    this.#isClosing = true
    if (this.#sessions.size === 0) return
    if (this.#waiting.size === 0) this.#leaveIdle()
    await this.#drained.promise
  }

  destroy(): void {
    this.#isClosing = true
    for (const session of this.#sessions) session.destroy(takenOutOfService())
    this.#failWaiting(takenOutOfService())
  }

  sweep(tick: number): void {
    for (const session of this.#sessions) session.sweep(tick, () => dialTimeout(this.#address))
  }

  forget(stream: H2cStream): void {
    this.#waiting.delete(stream)
  }

  hasRoom(): void {
    for (const stream of this.#waiting) {
      const session = this.#usable()
      if (session === null) return
      this.#waiting.delete(stream)
      this.#send(session, stream)
    }
    if (this.#isClosing) this.#leaveIdle()
  }

  gone(session: H2cSession): void {
    this.#sessions.delete(session)
    // Those that wait fail as their session did before it was open: another endpoint may take them.
    if (!session.wasOpen) this.#failWaiting(session.failure ?? takenOutOfService())
    else if (this.#waiting.size > 0) this.#openAnother()
    if (this.#sessions.size > 0) return
    sweeper.delete(this)
    if (this.#isClosing) this.#drained.resolve()
  }

  /** The others when they have served: GOAWAY would overtake a request that has just been sent, which is refused then. */
  #leaveIdle(): void {
    for (const session of this.#sessions) if (!session.isBusy) session.leave()
  }

  #serve(stream: H2cStream): void {
    const session = this.#usable()
    if (session !== null) {
      this.#send(session, stream)
      return
    }
    this.#waiting.add(stream)
    this.#openAnother()
  }

  #send(session: H2cSession, stream: H2cStream): void {
    if (!session.take(stream)) process.nextTick(fail, stream, new UpstreamError('bad_request', 'the request can not be said in HTTP/2'))
  }

  #usable(): H2cSession | null {
    for (const session of this.#sessions) if (session.isUsable) return session
    return null
  }

  /** One after the other: the first may turn out to have room for all. */
  #openAnother(): void {
    if (this.#sessions.size >= this.#limit) return
    for (const session of this.#sessions) if (session.state === 'dialling') return
    const socket = dial(this.#refused, this.#address)
    if (socket instanceof StandinError) {
      process.nextTick(() => this.#failWaiting(socket))
      return
    }
    if (this.#preamble !== null) socket.write(this.#preamble)
    if (this.#sessions.size === 0) sweeper.add(this)
    this.#sessions.add(new H2cSession(this, socket))
  }

  #failWaiting(error: Error): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const stream of waiting) stream.fail(error)
  }
}

const fail = (stream: H2cStream, error: Error): void => stream.fail(error)
