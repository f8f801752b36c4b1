import type { Socket } from 'node:net'
import type { ClientConnection } from './client-connection.ts'

/** How the body of a message is delimited, decided once by whoever parsed its head. */
export const BodyKind = { none: 0, length: 1, stream: 2 } as const
export type BodyKind = (typeof BodyKind)[keyof typeof BodyKind]

/** The head of a request as its client sent it, whichever version of HTTP it speaks. Nothing is left out yet. */
export interface RequestHead {
  readonly method: string
  /** The request target: a path with query, an absolute URL or `*`. Of h2, `:path`. */
  readonly target: string
  /** `:authority` of h2; null where only a `Host` tells (RFC 9113, section 8.3.1). */
  readonly authority: string | null
  readonly version: '1.0' | '1.1' | '2.0'
  /** Names and values in turn, in the client's order and case; without pseudo-headers. */
  readonly raw: readonly string[]
  readonly bodyKind: BodyKind
  /** Bytes of the body; -1 where only its end tells. */
  readonly contentLength: number
  /** Absent: nobody has looked whether they are the ones of another request. */
  readonly fields?: HeadFields
}

/** The fields of a head. Requests of one connection that have the very same ones, one after the other, share this object. */
export class HeadFields {
  readonly raw: readonly string[]
  /** More than one request had them, so it is worth keeping what is worked out of them. */
  isRepeated = false
  /** What whoever reads them has worked out; it depends on nothing but them, the version of HTTP and the connection. */
  kept: object | null = null

  constructor(raw: readonly string[]) {
    this.raw = raw
  }
}

/** Who reads the body of a request, and hears that its client has gone. */
export interface RequestListener {
  onBody(chunk: Buffer): void
  /** @param trailers names and values in turn; null: there were none */
  onBodyEnd(trailers: readonly string[] | null): void
  /** The client can take more of the response. */
  onClientDrain(): void
  /** The client closed, reset its stream or broke the protocol. Nothing more comes, nothing more can be said. */
  onClientGone(): void
  /**
   * For too long the client has neither sent the body that it said it would nor taken what was sent to it. It may still be
   * answered. Whoever has nothing to say leaves this out: its stream is cut.
   */
  onClientStalled?(): void
}

/**
 * The client's side of one request and its response. `http1/` and `http2/` each have one. A body does not flow before
 * `resumeBody()`; what was not read when the response ends is read away by the stream itself, within a limit.
 */
export interface ClientStream {
  readonly connection: ClientConnection
  readonly head: RequestHead
  listener: RequestListener
  /** The response can no longer be taken back. */
  readonly hasResponded: boolean

  /** An informational response, 100 or 103 (RFC 9110, section 15.2). Nothing is sent to a client of HTTP/1.0. */
  inform(status: number, headers: readonly string[]): void
  /**
   * The final head. Names and values in turn, free of everything that belongs to a connection.
   * @param length bytes of the body, as the header says; -1: it ends with `end()`
   * @param close this is the last response on an HTTP/1 connection
   */
  respond(status: number, reason: string, headers: readonly string[], length: number, close: boolean): void
  /** False: wait for `onClientDrain`. Small pieces are gathered with the head, until the end of this turn of the event loop. */
  write(chunk: Buffer): boolean
  end(trailers: readonly string[] | null): void
  /** Resets the stream (h2) or the connection (h1), so that half a response is never taken for a whole one. */
  cut(): void

  pauseBody(): void
  /** What has come already is given to the listener before this returns. */
  resumeBody(): void
  /** HTTP/1 only: gives the socket away, with what came early; the connection is the caller's from now on. */
  takeSocket(): { socket: Socket; early: Buffer } | null
  /** Bytes of bodies and heads written so far. */
  readonly bytesSent: number
}
