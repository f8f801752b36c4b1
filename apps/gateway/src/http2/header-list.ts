import type { OutgoingHttpHeaders } from 'node:http'
import { BodyKind, type RequestHead } from '../http/client-stream.ts'

/** END_STREAM of a HEADERS frame (RFC 9113, section 6.2): no body follows. */
const endStream = 0x1

/** Reads the head of a request from the header list of its stream: names and values in turn, pseudo-headers first (RFC 9113, section 8.3.1). */
export const readRequestHead = (list: readonly string[], flags: number): RequestHead => {
  let method = ''
  let target = ''
  let authority: string | null = null
  let first = 0
  for (; first < list.length; first += 2) {
    const name = list[first] as string
    if (name.charCodeAt(0) !== 0x3a) break
    if (name === ':method') method = list[first + 1] as string
    else if (name === ':path') target = list[first + 1] as string
    else if (name === ':authority') authority = list[first + 1] as string
  }
  const raw: string[] = []
  let cookieAt = -1
  let contentLength = -1
  for (let i = first; i < list.length; i += 2) {
    const name = list[i] as string
    const value = list[i + 1] as string
    if (name.length === 6 && name === 'cookie') {
      // Clients cut cookies in pieces, which compress better; HTTP/1 knows one line only (RFC 9113, section 8.2.3).
      if (cookieAt !== -1) {
        raw[cookieAt] = `${raw[cookieAt]}; ${value}`
        continue
      }
      cookieAt = raw.length + 1
    } else if (name.length === 14 && name === 'content-length') {
      contentLength = Number(value)
    }
    raw.push(name, value)
  }
  if ((flags & endStream) !== 0) return new Http2RequestHead(method, target, authority, raw, BodyKind.none, 0)
  return new Http2RequestHead(method, target, authority, raw, contentLength === -1 ? BodyKind.stream : BodyKind.length, contentLength)
}

class Http2RequestHead implements RequestHead {
  readonly method: string
  readonly target: string
  readonly authority: string | null
  readonly version = '2.0'
  readonly raw: readonly string[]
  readonly bodyKind: BodyKind
  readonly contentLength: number

  constructor(method: string, target: string, authority: string | null, raw: readonly string[], bodyKind: BodyKind, contentLength: number) {
    this.method = method
    this.target = target
    this.authority = authority
    this.raw = raw
    this.bodyKind = bodyKind
    this.contentLength = contentLength
  }
}

/** A flat list as the object that Node takes for trailers and informational responses. */
export const headerObject = (list: readonly string[]): OutgoingHttpHeaders => {
  const headers: Record<string, string | string[]> = {}
  for (let i = 0; i < list.length; i += 2) {
    const name = (list[i] as string).toLowerCase()
    const value = list[i + 1] as string
    const before = headers[name]
    if (before === undefined) headers[name] = value
    else if (Array.isArray(before)) before.push(value)
    else headers[name] = [before, value]
  }
  return headers
}
