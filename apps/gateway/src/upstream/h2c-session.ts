import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import type { Socket } from 'node:net'
import type { UpstreamRequest } from '../http/upstream-stream.ts'
import { dialSeconds } from './dial.ts'
import type { CarryingSession, H2cStream } from './h2c-stream.ts'
import { sweeper } from './sweeper.ts'
import { closedEarly, http2Failure } from './upstream-error.ts'

/** Who has the sessions to an endpoint. */
export interface SessionOwner {
  /** It has room for another request. */
  hasRoom(): void
  /** It is closed. Called once. */
  gone(session: H2cSession): void
}

/** Streams, if the endpoint takes as many. */
const streamsAtMost = 1_000
/** Seconds that a session without streams is kept. */
const idleSeconds = 60
/**
 * Requests that may be given up on one session. Servers take many resets for an attack and end the session with all that
 * is under way on it (Node: 1,000 at once, CVE-2023-44487): another one is opened before that.
 */
const resetsAtMost = 500

/**
 * | from | to | when |
 * |---|---|---|
 * | `dialling` | `open` | the endpoint took the connection and sent its settings |
 * | `open` | `leaving` | GOAWAY came, or it was told to close: nothing new goes out, what is under way ends by itself |
 * | any | `gone` | it was closed or failed |
 */
export type SessionState = 'dialling' | 'open' | 'leaving' | 'gone'

/** One connection of HTTP/2 with prior knowledge (RFC 9113, section 3.3), and the streams on it. */
export class H2cSession implements CarryingSession {
  state: SessionState = 'dialling'
  wasOpen = false
  /** The request that it was opened for. */
  first: H2cStream | null = null
  /** Why it ended, where its streams don't know better. */
  failure: Error | null = null
  readonly #owner: SessionOwner
  readonly #session: ClientHttp2Session
  readonly #socket: Socket
  readonly #streams = new Set<object>()
  #capacity = streamsAtMost
  #resets = 0
  /** Tick of the sweeper. */
  #deadline = sweeper.tick + dialSeconds + 1
  readonly #dialledAt = performance.now()
  #openAfterMs = 0

  constructor(owner: SessionOwner, socket: Socket) {
    this.#owner = owner
    this.#socket = socket
    const session = connect('http://endpoint', { ...options, createConnection: () => socket })
    this.#session = session
    // Before them nobody knows how many streams it takes (RFC 9113, section 3.4).
    session.on('remoteSettings', ({ maxConcurrentStreams }) => this.#settingsCame(maxConcurrentStreams ?? streamsAtMost))
    session.on('goaway', () => this.leave())
    session.on('error', (error) => {
      this.failure ??= http2Failure(error)
    })
    session.on('close', () => this.#gone())
  }

  /** A request can go out on it now. */
  get isUsable(): boolean {
    return this.state === 'open' && this.#streams.size < this.#capacity
  }

  /** Nothing comes of it any more. */
  get isDead(): boolean {
    return this.#session.destroyed
  }

  get isBusy(): boolean {
    return this.#streams.size > 0
  }

  /** @returns false: it can not be sent, as it is or here */
  take(stream: H2cStream): boolean {
    let sent: ClientHttp2Stream
    try {
      const { request } = stream
      // A flat list is taken as well, which the types don't know yet.
      sent = this.#session.request(headerList(request) as never, requestOptions(request) as never)
    } catch {
      return false
    }
    if (this.first === null) {
      this.first = stream
      stream.connectMs = this.#openAfterMs
    }
    this.#streams.add(stream)
    stream.start(this, sent)
    return true
  }

  ended(stream: object): void {
    if (!this.#streams.delete(stream)) return
    if (this.#streams.size === 0) this.#deadline = sweeper.tick + idleSeconds
    if (this.isUsable) this.#owner.hasRoom()
  }

  /** A request on it was given up before it was answered. */
  noteReset(): void {
    if (++this.#resets >= resetsAtMost) this.leave()
  }

  /** Takes nothing new; closes when what is under way has ended. */
  leave(): void {
    if (this.state !== 'open') {
      if (this.state === 'dialling') this.destroy(closedEarly())
      return
    }
    this.state = 'leaving'
    this.#session.close()
  }

  /** Closes it at once. Its streams hear of `error`. */
  destroy(error: Error | null): void {
    this.failure ??= error
    this.#session.destroy()
    // It would wait for the endpoint to close as well.
    this.#socket.destroy()
  }

  /** @param dialTimeout makes the error for a session that was still dialling */
  sweep(tick: number, dialTimeout: () => Error): void {
    if (tick < this.#deadline) return
    if (this.state === 'dialling') this.destroy(dialTimeout())
    else if (this.#streams.size === 0) this.destroy(null)
  }

  #settingsCame(maxStreams: number): void {
    this.#capacity = Math.min(maxStreams, streamsAtMost)
    if (this.state === 'dialling') {
      this.state = 'open'
      this.wasOpen = true
      this.#openAfterMs = performance.now() - this.#dialledAt
      this.#deadline = sweeper.tick + idleSeconds
    }
    if (this.isUsable) this.#owner.hasRoom()
  }

  #gone(): void {
    if (this.state === 'gone') return
    this.state = 'gone'
    this.#owner.gone(this)
  }
}

const options = {
  /** A response that says the same twice is passed on as it is. */
  strictSingleValueFields: false,
  maxHeaderListPairs: 1_000,
  /** Megabytes. */
  maxSessionMemory: 64,
  settings: { enablePush: false, initialWindowSize: 256 * 1024, maxHeaderListSize: 32 * 1024 },
}

const withoutBody = { endStream: true }
const withBody = { endStream: false }
const withTrailers = { endStream: false, waitForTrailers: true }

const requestOptions = ({ hasBody, contentLength }: UpstreamRequest) =>
  hasBody ? (contentLength === -1 ? withTrailers : withBody) : withoutBody

/** Pseudo-headers first; `host` is told as `:authority`; names in lower case (RFC 9113, section 8.3.1). */
const headerList = ({ method, path, headers, hasBody, contentLength, wantsTrailers }: UpstreamRequest): string[] => {
  const list = [':method', method, ':scheme', 'http', ':authority', headers[1] as string, ':path', path]
  for (let i = 2; i < headers.length; i += 2) list.push((headers[i] as string).toLowerCase(), headers[i + 1] as string)
  if (hasBody && contentLength !== -1) list.push('content-length', String(contentLength))
  if (wantsTrailers) list.push('te', 'trailers')
  return list
}
