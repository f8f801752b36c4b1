import type { Socket } from 'node:net'

/** What is asked of an endpoint. Framing, hop-by-hop headers and connection management are the stream's own business. */
export interface UpstreamRequest {
  readonly method: string
  readonly path: string
  /** Names and values in turn, `host` first; end-to-end headers only, without `content-length`. `expect` may be among them. */
  readonly headers: readonly string[]
  /** All of these as lines of HTTP/1, each with its CRLF, where somebody has them at hand; else empty or absent. */
  readonly lines?: string
  readonly hasBody: boolean
  /** Bytes; -1: it is sent in chunks and ends with `endBody()`. A body with a length ends with `endBody()` as well. */
  readonly contentLength: number
  /** `websocket`: ask for an upgrade. `onUpgrade` or `onResponse` tells what came of it. */
  readonly upgrade: boolean
  /** Its trailers are wanted (gRPC): `te: trailers` goes along. */
  readonly wantsTrailers: boolean
  /** Its connection serves nobody afterwards: it carried an `Upgrade` that was left out (RFC 9110, section 7.8), or a preamble. */
  readonly exclusive: boolean
  /** What the endpoint is told first of the connection, before anything of HTTP; only with `exclusive`. Null: nothing. */
  readonly preamble: Buffer | null
}

export interface UpstreamResponse {
  readonly status: number
  readonly reason: string
  /** Names and values in turn; end-to-end headers only, `content-length` among them. The array is the listener's. */
  readonly headers: string[]
  /** Bytes of the body that follow; 0: none; -1: until `onEnd`. */
  readonly contentLength: number
}

/** A chunk belongs to whoever is given it, in both directions: the giver neither changes nor reuses it. */
export interface UpstreamListener {
  /** The endpoint takes the body (more of it). Called once before the first byte, too. */
  onReadyForBody(): void
  onInform(status: number, headers: readonly string[]): void
  onResponse(response: UpstreamResponse): void
  /** May still be called for what was read already when the stream was paused. */
  onData(chunk: Buffer): void
  /** The response is complete; @param trailers end-to-end ones, null: none */
  onEnd(trailers: readonly string[] | null): void
  /** It switched protocols: the socket is the listener's now. */
  onUpgrade(response: UpstreamResponse, socket: Socket, early: Buffer): void
  /** It failed, before or in the middle of its response; called once, and nothing after it. See `isSent` and `diedUnused`. */
  onError(error: Error & { code?: string }): void
}

/** One request to one endpoint. */
export interface UpstreamStream {
  /** Some of it may have reached the endpoint. False in `onError`: it can be sent to another one, whatever it is. */
  readonly isSent: boolean
  /**
   * True in `onError`: its connection had served others and ended before a byte of this response came, so the endpoint may
   * just have closed it. An idempotent request without a body can be sent once more (RFC 9110, section 9.2.2).
   */
  readonly diedUnused: boolean
  /** How long it took to open the connection, ms; 0: it used one that there was, or has none yet. */
  readonly connectMs: number
  /** Only after `onReadyForBody`. False: wait for the next one. */
  sendBody(chunk: Buffer): boolean
  endBody(trailers: readonly string[] | null): void
  pause(): void
  resume(): void
  /** Nobody waits for it: closes what it used. The listener hears nothing more. */
  abort(): void
}

/** Connections to one endpoint. */
export interface UpstreamTransport {
  /** Never calls the listener before it has returned. */
  request(request: UpstreamRequest, listener: UpstreamListener): UpstreamStream
  /** Open connections, and how many of them serve a request. */
  readonly connections: number
  readonly busy: number
  /** Idle connections close at once, the others when they have served; after `ms` all. */
  drain(ms: number): Promise<void>
  /** Closes every connection at once. Listeners hear it by `onError`. */
  destroy(): void
}
