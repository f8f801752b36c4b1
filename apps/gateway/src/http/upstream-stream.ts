import type { Socket } from 'node:net'

/** What is asked of an endpoint. Framing, hop-by-hop headers and connection management are the stream's own business. */
export interface UpstreamRequest {
  readonly method: string
  readonly path: string
  /** Names and values in turn, `host` first; end-to-end headers only. */
  readonly headers: readonly string[]
  readonly hasBody: boolean
  /** Bytes; -1: it is sent in chunks and ends with `endBody()`. */
  readonly contentLength: number
  /** `websocket`: ask for an upgrade. `onUpgrade` or `onResponse` tells what came of it. */
  readonly upgrade: boolean
  /** Its trailers are wanted (gRPC): `te: trailers` goes along. */
  readonly wantsTrailers: boolean
}

export interface UpstreamResponse {
  readonly status: number
  readonly reason: string
  /** Names and values in turn; end-to-end headers only, `content-length` among them. */
  readonly headers: string[]
  /** Bytes of the body that follow; 0: none; -1: until `onEnd`. */
  readonly contentLength: number
}

export interface UpstreamListener {
  /** A connection took the request. @param reused it had served others, so the endpoint may just have closed it */
  onSent(reused: boolean): void
  /** The endpoint takes the body (more of it). */
  onReadyForBody(): void
  onInform(status: number, headers: readonly string[]): void
  onResponse(response: UpstreamResponse): void
  onData(chunk: Buffer): void
  /** The response is complete; @param trailers end-to-end ones, null: none */
  onEnd(trailers: readonly string[] | null): void
  /** It switched protocols: the socket is the listener's now. */
  onUpgrade(response: UpstreamResponse, socket: Socket, early: Buffer): void
  /** It failed, before or in the middle of its response; called once, and nothing after it. */
  onError(error: Error & { code?: string }): void
}

/** One request to one endpoint. */
export interface UpstreamStream {
  /** False: wait for `onReadyForBody`. */
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
  destroy(): void
}
