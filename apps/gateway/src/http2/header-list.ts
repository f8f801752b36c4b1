import { METHODS } from 'node:http'
import { BodyKind, type RequestHead } from '../http/client-stream.ts'
import { isTokenChar } from '../http1/field-lines.ts'

/**
 * Reads the head of a request from its fields: names and values in turn, pseudo-headers first (RFC 9113, section 8.3.1).
 * Takes nothing that isn't plainly valid, since it goes on over HTTP/1 (RFC 9113, section 10.3).
 * @param isLast no body follows
 * @returns null: it is malformed (RFC 9113, section 8.1.1)
 */
export const readRequestHead = (list: readonly string[], isLast: boolean): Http2RequestHead | null => {
  let method = ''
  let target = ''
  let scheme = ''
  let authority: string | null = null
  let first = 0
  for (; first < list.length; first += 2) {
    const name = list[first] as string
    if (name.charCodeAt(0) !== 0x3a) break
    const value = list[first + 1] as string
    if (name === ':method' && method === '' && methods.has(value)) method = value
    else if (name === ':path' && target === '' && isVisible(value) && !value.includes('#')) target = value
    else if (name === ':scheme' && scheme === '' && isVisible(value)) scheme = value
    else if (name === ':authority' && authority === null && isVisible(value)) authority = value
    else return null
  }
  if (!isComplete(method, target, scheme, authority)) return null
  const raw: string[] = []
  let cookieAt = -1
  let contentLength = -1
  let takesTrailers = false
  for (let i = first; i < list.length; i += 2) {
    const name = list[i] as string
    const value = list[i + 1] as string
    if (!isAllowed(name, value)) return null
    if (name.length === 6 && name === 'cookie') {
      // Clients cut cookies in pieces, which compress better; HTTP/1 knows one line only (RFC 9113, section 8.2.3).
      if (cookieAt !== -1) {
        raw[cookieAt] = `${raw[cookieAt]}; ${value}`
        continue
      }
      cookieAt = raw.length + 1
    } else if (name.length === 14 && name === 'content-length') {
      if (contentLength !== -1 || !/^\d{1,15}$/.test(value)) return null
      contentLength = Number(value)
    } else if (name.length === 2 && name === 'te') {
      takesTrailers = true
    }
    raw.push(name, value)
  }
  if (isLast) return contentLength > 0 ? null : new Http2RequestHead(method, target, authority, raw, takesTrailers, BodyKind.none, 0)
  const kind = contentLength === -1 ? BodyKind.stream : BodyKind.length
  return new Http2RequestHead(method, target, authority, raw, takesTrailers, kind, contentLength)
}

/** Whether these fields can be the trailers of a request: no pseudo-header is among them (RFC 9113, section 8.1). */
export const areTrailers = (list: readonly string[]): boolean => {
  for (let i = 0; i < list.length; i += 2) if (!isAllowed(list[i] as string, list[i + 1] as string)) return false
  return true
}

/** CONNECT names an authority and nothing else (RFC 9113, section 8.5); it is refused by whoever looks at targets. */
const isComplete = (method: string, target: string, scheme: string, authority: string | null): boolean => {
  if (method === 'CONNECT') return target === '' && scheme === '' && authority !== null
  return method !== '' && scheme !== '' && (target.charCodeAt(0) === 0x2f || (target === '*' && method === 'OPTIONS'))
}

/** RFC 9113, sections 8.2.1 and 8.2.2. */
const isAllowed = (name: string, value: string): boolean => {
  const { length } = name
  if (length === 0) return false
  for (let i = 0; i < length; i++) {
    const code = name.charCodeAt(i)
    if (isTokenChar[code] !== 1 || (code >= 0x41 && code <= 0x5a)) return false
  }
  return isFieldValue(value) && !(length === 2 && name === 'te' ? value.toLowerCase() !== 'trailers' : ofConnections.has(name))
}

/**
 * The same as over HTTP/1. They are case-sensitive (RFC 9110, section 9.1): an endpoint that takes `head` for HEAD would
 * answer it without the body that everybody else waits for.
 */
const methods = new Set(METHODS)

const ofConnections = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])

const isFieldValue = (value: string): boolean => {
  const { length } = value
  if (length === 0) return true
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i)
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return false
  }
  return !isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(length - 1))
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

/** ASCII without blanks and controls. */
const isVisible = (value: string): boolean => {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code <= 0x20 || code >= 0x7f) return false
  }
  return value !== ''
}

export class Http2RequestHead implements RequestHead {
  readonly method: string
  readonly target: string
  readonly authority: string | null
  readonly version = '2.0'
  readonly raw: readonly string[]
  /** `te: trailers`: an answer may have some although it says how long it is, as those of gRPC. */
  readonly takesTrailers: boolean
  readonly bodyKind: BodyKind
  readonly contentLength: number

  constructor(
    method: string,
    target: string,
    authority: string | null,
    raw: readonly string[],
    takesTrailers: boolean,
    bodyKind: BodyKind,
    contentLength: number,
  ) {
    this.method = method
    this.target = target
    this.authority = authority
    this.raw = raw
    this.takesTrailers = takesTrailers
    this.bodyKind = bodyKind
    this.contentLength = contentLength
  }
}
