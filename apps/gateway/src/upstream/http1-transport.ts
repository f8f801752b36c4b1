import type { UpstreamListener, UpstreamRequest, UpstreamStream, UpstreamTransport } from '../http/upstream-stream.ts'
import type { RefusedEndpoints } from '../refused-endpoints.ts'
import type { Address } from './dial.ts'
import { type ConnectionOwner, Http1Connection } from './http1-connection.ts'
import { Http1Stream, type WaitingStreams } from './http1-stream.ts'
import { type Swept, sweeper } from './sweeper.ts'
import { takenOutOfService } from './upstream-error.ts'

/** HTTP/1.1 to one endpoint: one request at a time on a connection, and the connection that was used last is used first. */
export class Http1Transport implements UpstreamTransport, ConnectionOwner, WaitingStreams, Swept {
  readonly address: Address
  readonly refused: RefusedEndpoints
  readonly #limit: number
  readonly #all = new Set<Http1Connection>()
  /** The last one was used last. */
  readonly #idle: Http1Connection[] = []
  /** Requests for which there is no connection yet, in their order. */
  readonly #waiting = new Set<Http1Stream>()
  #isClosing = false
  readonly #drained = Promise.withResolvers<void>()

  /** @param limit connections at most; more requests wait for one to become free */
  constructor(refused: RefusedEndpoints, address: Address, limit: number) {
    this.refused = refused
    this.address = address
    this.#limit = limit
  }

  get connections(): number {
    return this.#all.size
  }

  get busy(): number {
    return this.#all.size - this.#idle.length
  }

  request(request: UpstreamRequest, listener: UpstreamListener): UpstreamStream {
    const stream = new Http1Stream(this, request, listener)
    if (this.#isClosing) process.nextTick(fail, stream)
    else this.#serve(stream)
    return stream
  }

  async drain(ms: number): Promise<void> {
    this.#isClosing = true
    for (const connection of this.#idle.splice(0)) connection.destroy(null)
    if (this.#all.size === 0 && this.#waiting.size === 0) return
    const deadline = setTimeout(() => this.destroy(), ms)
    deadline.unref()
    await this.#drained.promise
    clearTimeout(deadline)
  }

  destroy(): void {
    this.#isClosing = true
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const connection of this.#all) connection.destroy(takenOutOfService())
    for (const stream of waiting) fail(stream)
  }

  sweep(tick: number): void {
    for (const connection of this.#all) connection.sweep(tick)
  }

  forget(stream: Http1Stream): void {
    this.#waiting.delete(stream)
  }

  released(connection: Http1Connection): void {
    const next = this.#nextWaiting()
    if (next === null) {
      if (this.#isClosing) connection.destroy(null)
      else this.#idle.push(connection)
    } else if (next.request.upgrade) {
      connection.destroy(null)
      this.#open(next)
    } else {
      connection.take(next)
    }
  }

  gone(connection: Http1Connection): void {
    this.#all.delete(connection)
    const index = this.#idle.lastIndexOf(connection)
    if (index !== -1) this.#idle.splice(index, 1)
    const next = this.#nextWaiting()
    if (next !== null) this.#open(next)
    if (this.#all.size > 0) return
    sweeper.delete(this)
    if (this.#isClosing) this.#drained.resolve()
  }

  distrustIdle(): void {
    for (const connection of this.#idle.splice(0)) connection.destroy(null)
  }

  #serve(stream: Http1Stream): void {
    const idle = this.#takeIdle(stream.request.upgrade)
    if (idle !== null) idle.take(stream)
    else if (this.#all.size < this.#limit) this.#open(stream)
    else this.#waiting.add(stream)
  }

  /** An upgrade has a connection of its own, for which an idle one may have to go. */
  #takeIdle(isForUpgrade: boolean): Http1Connection | null {
    if (isForUpgrade) {
      if (this.#all.size >= this.#limit) this.#idle.shift()?.destroy(null)
      return null
    }
    for (;;) {
      const connection = this.#idle.pop()
      if (connection === undefined) return null
      if (connection.isUsable) return connection
      connection.destroy(null)
    }
  }

  #open(stream: Http1Stream): void {
    if (this.#all.size === 0) sweeper.add(this)
    this.#all.add(new Http1Connection(this, stream))
  }

  #nextWaiting(): Http1Stream | null {
    for (const stream of this.#waiting) {
      this.#waiting.delete(stream)
      return stream
    }
    return null
  }
}

const fail = (stream: Http1Stream): void => stream.fail(takenOutOfService())
