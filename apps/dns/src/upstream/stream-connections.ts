import type { UpstreamServer } from '../dnsmasq/settings.ts'
import type { Attempt, AttemptFailure } from './attempt.ts'
import type { RandomOctets } from './random-octets.ts'
import { StreamConnection, type StreamEvents } from './stream-connection.ts'

/** To one upstream: "one for regular queries", more only under load (RFC 7766, section 6.2.2). */
const mostConnections = 4
/** Attempts under way on one connection, before another is opened. */
const enoughWaiting = 50
const mostWaiting = 500
/** Milliseconds without a question: "a few seconds" (RFC 7766, section 6.2.3). */
const defaultIdleMs = 8000

/** The TCP or TLS connections to one upstream: opened when they are needed, used again, closed when they are idle. */
export class StreamConnections implements StreamEvents {
  readonly #upstream: UpstreamServer
  readonly #random: RandomOctets
  readonly #idleMs: number
  readonly #connections: StreamConnection[] = []
  #session: Buffer | undefined
  #now = 0
  #stopped = false

  constructor(upstream: UpstreamServer, random: RandomOctets, idleMs = defaultIdleMs) {
    this.#upstream = upstream
    this.#random = random
    this.#idleMs = idleMs
  }

  get size(): number {
    return this.#connections.length
  }

  /** False: too many are under way. */
  send(attempt: Attempt, now: number): boolean {
    this.#now = now
    let best: StreamConnection | undefined
    for (const connection of this.#connections)
      if (!connection.isStuck && (best === undefined || connection.waiting < best.waiting)) best = connection
    if (best === undefined && this.#connections.length >= mostConnections * 2) return false
    if (best !== undefined && best.waiting >= mostWaiting) return false
    if (best === undefined || (best.waiting >= enoughWaiting && this.#connections.length < mostConnections)) {
      best = new StreamConnection(this.#upstream, this.#random, now, this.#session, this)
      this.#connections.push(best)
    }
    // Until the first reply its time is that of the handshakes too.
    if (best.replies === 0) attempt.measured = false
    best.send(attempt, now)
    return true
  }

  sweep(now: number): void {
    this.#now = now
    for (const connection of [...this.#connections]) {
      connection.expire(now)
      if (connection.waiting === 0 && now - connection.usedAt >= this.#idleMs) connection.close('stopped', 'idle')
    }
  }

  close(): void {
    this.#stopped = true
    for (const connection of [...this.#connections]) connection.close('stopped', 'the resolver is stopping')
  }

  closed(connection: StreamConnection, lost: readonly Attempt[], failure: AttemptFailure): void {
    const index = this.#connections.indexOf(connection)
    if (index >= 0) this.#connections.splice(index, 1)
    // A ticket may be what the upstream did not like.
    if (connection.replies === 0) this.#session = undefined
    for (const attempt of lost) {
      // RFC 7766, section 6.2.4: closing an idle connection crosses with a question on its way; that one is asked again.
      const again = connection.replies > 0 && !attempt.resent && !this.#stopped && failure.kind === 'network'
      attempt.resent = true
      if (!again || !this.send(attempt, this.#now)) attempt.owner.failed(attempt, failure)
    }
  }

  session(ticket: Buffer): void {
    this.#session = ticket
  }
}
