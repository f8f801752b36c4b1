import type { Http2ClientStream } from './client-stream.ts'
import { EndedStreams } from './ended-streams.ts'

/** The streams of one connection, and what is still known of those that have ended (RFC 9113, section 5.1). */
export class StreamTable {
  /** The newest one that was taken, or refused. */
  last = 0
  readonly #open = new Map<number, Http2ClientStream>()
  readonly #ended = new EndedStreams()

  /** How many are open. */
  get size(): number {
    return this.#open.size
  }

  get(id: number): Http2ClientStream | undefined {
    return this.#open.get(id)
  }

  add(stream: Http2ClientStream): void {
    this.#open.set(stream.id, stream)
  }

  /** @param wasReset by us: the client may not know of it yet */
  end(id: number, wasReset: boolean): void {
    this.#open.delete(id)
    this.#ended.add(id, wasReset)
  }

  /** Nobody has opened it; we open none ourselves (RFC 9113, section 5.1.1). */
  isIdle(id: number): boolean {
    return id > this.last || id % 2 === 0
  }

  wasReset(id: number): boolean {
    return this.#ended.wasReset(id)
  }

  hasEnded(id: number): boolean {
    return this.#ended.has(id)
  }

  /** Those that are open now, whatever becomes of them meanwhile. */
  all(): Http2ClientStream[] {
    return [...this.#open.values()]
  }
}
