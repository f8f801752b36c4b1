import type { ClientHttp2Stream } from 'node:http2'
import { Duplex } from 'node:stream'
import { headerObject } from './header-object.ts'

/** Who hears what comes of a stream of Node's. */
export interface StreamEvents {
  onReady(): void
  /** Of an informational response. */
  onHeaders(raw: readonly string[]): void
  onResponse(flags: number, raw: readonly string[]): void
  onTrailers(raw: readonly string[]): void
  onData(chunk: Buffer): void
  /** Nothing more can be read. @param isClosed it was reset or closed before */
  onLastRead(isClosed: boolean): void
  onEnd(): void
  onError(error: Error): void
  onClose(): void
  takeTrailers(): readonly string[] | null
}

/** Our side of a stream, so that its events need no function of their own. */
const ours = Symbol('H2cStream')
type OwnedStream = ClientHttp2Stream & { [ours]: StreamEvents }

/** Passes its events on, without a function for each. @param hasTrailers of the request, or may have */
export const listenTo = (stream: ClientHttp2Stream, listener: StreamEvents, hasBody: boolean, hasTrailers: boolean): void => {
  ;(stream as OwnedStream)[ours] = listener
  stream.on('headers', onHeaders)
  stream.on('response', onResponse)
  stream.on('trailers', onTrailers)
  stream.on('data', onData)
  stream.on('end', onEnd)
  stream.on('error', onError)
  stream.on('close', onClose)
  stream.push = pushNoted
  if (!hasBody) return
  if (hasTrailers) stream.on('wantTrailers', onWantTrailers)
  stream.on('drain', onReady)
  process.nextTick(ready, listener)
}

const ready = (listener: StreamEvents): void => listener.onReady()

function onHeaders(this: ClientHttp2Stream, _headers: object, _flags: number, raw?: string[]): void {
  ;(this as OwnedStream)[ours].onHeaders(raw ?? [])
}

function onResponse(this: ClientHttp2Stream, _headers: object, flags: number, raw?: string[]): void {
  ;(this as OwnedStream)[ours].onResponse(flags, raw ?? [])
}

function onTrailers(this: ClientHttp2Stream, _headers: object, _flags: number, raw?: string[]): void {
  ;(this as OwnedStream)[ours].onTrailers(raw ?? [])
}

function onData(this: ClientHttp2Stream, chunk: Buffer): void {
  ;(this as OwnedStream)[ours].onData(chunk)
}

function onEnd(this: ClientHttp2Stream): void {
  ;(this as OwnedStream)[ours].onEnd()
}

function onError(this: ClientHttp2Stream, error: Error): void {
  ;(this as OwnedStream)[ours].onError(error)
}

function onClose(this: ClientHttp2Stream): void {
  ;(this as OwnedStream)[ours].onClose()
}

function onReady(this: ClientHttp2Stream): void {
  ;(this as OwnedStream)[ours].onReady()
}

function onWantTrailers(this: ClientHttp2Stream): void {
  const trailers = (this as OwnedStream)[ours].takeTrailers()
  this.sendTrailers(trailers === null ? {} : headerObject(trailers))
}

/**
 * Node ends a stream's reading alike when END_STREAM came and when it was reset (RST_STREAM with NO_ERROR, or a session
 * that was closed). Only in the second case it is marked as closed by then: half a response must never look whole.
 */
function pushNoted(this: ClientHttp2Stream, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk === null) (this as OwnedStream)[ours].onLastRead(this.closed)
  return Duplex.prototype.push.call(this, chunk, encoding)
}
