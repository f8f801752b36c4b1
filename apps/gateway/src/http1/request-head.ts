import { METHODS } from 'node:http'
import { BodyKind, HeadFields, type RequestHead } from '../http/client-stream.ts'
import { parseFieldLines } from './field-lines.ts'

/** Field lines of a head. */
const fieldLimit = 200

/** Field lines as long as these are compared with those of the next request. */
const keptLength = 4 * 1024

/** The field lines of a head as they came, and what they say about the message and its connection. */
export class Http1Fields extends HeadFields {
  readonly text: string
  readonly version: '1.0' | '1.1'
  bodyKind: BodyKind = BodyKind.none
  contentLength = 0
  keepAlive: boolean
  expectsContinue = false

  constructor(text: string, version: '1.0' | '1.1', raw: readonly string[]) {
    super(raw)
    this.text = text
    this.version = version
    this.keepAlive = version === '1.1'
  }
}

/** A head in HTTP/1, and what it says about its connection. */
export class Http1RequestHead implements RequestHead {
  readonly method: string
  readonly target: string
  readonly authority = null
  readonly version: '1.0' | '1.1'
  readonly raw: readonly string[]
  readonly fields: Http1Fields
  readonly bodyKind: BodyKind
  readonly contentLength: number
  /** The client may send another request on this connection (RFC 9112, section 9.3). */
  readonly keepAlive: boolean
  /** The client waits for a 100 before it sends the body (RFC 9110, section 10.1.1). */
  readonly expectsContinue: boolean

  constructor(method: string, target: string, fields: Http1Fields) {
    this.method = method
    this.target = target
    this.version = fields.version
    this.raw = fields.raw
    this.fields = fields
    this.bodyKind = fields.bodyKind
    this.contentLength = fields.contentLength
    this.keepAlive = fields.keepAlive
    this.expectsContinue = fields.expectsContinue
  }
}

/** Why a head is refused, in words for whoever sent it. */
export class MalformedHead {
  readonly status: 400 | 431
  readonly why: string

  constructor(why: string, status: 400 | 431 = 400) {
    this.why = why
    this.status = status
  }
}

export const malformed = {
  requestLine: new MalformedHead('its first line is not METHOD TARGET HTTP/1.1'),
  method: new MalformedHead('its method is not known'),
  connect: new MalformedHead('this is no forward proxy: it does not CONNECT'),
  target: new MalformedHead('its target is neither a path nor an http URL'),
  version: new MalformedHead('only HTTP/1.0 and HTTP/1.1 are understood here'),
  lineEnd: new MalformedHead('a line does not end with CR LF, or has a CR or LF within'),
  fields: new MalformedHead('one of its header lines is malformed'),
  tooMany: new MalformedHead(`it has more than ${fieldLimit} header lines`, 431),
  tooLarge: new MalformedHead(`its head is larger than this gateway takes`, 431),
  contentLength: new MalformedHead('its Content-Length is not one number'),
  twoLengths: new MalformedHead('it has more than one Content-Length'),
  coding: new MalformedHead('its transfer coding is not supported: only chunked is, and once'),
  bothFramings: new MalformedHead('it has both Content-Length and Transfer-Encoding'),
  codingVersion: new MalformedHead('Transfer-Encoding needs HTTP/1.1'),
} as const

/** Methods that other parsers know as well, so that no two of them disagree about what begins here. */
const methods = new Set(METHODS)

/**
 * Reads the head of a request, strictly: what RFC 9112 does not plainly allow is refused, and so is what recipients are
 * known to disagree about. Where its body ends is decided here, once.
 * @param text latin1, so that each character is a byte
 * @param from where the request line begins
 * @param end where the empty line's CRLFCRLF begins
 * @param last the fields of the request before it on the same connection: the very same text says the very same
 */
export const parseRequestHead = (
  text: string,
  from: number,
  end: number,
  last: Http1Fields | null = null,
): Http1RequestHead | MalformedHead => {
  const methodEnd = text.indexOf(' ', from)
  if (methodEnd === -1 || methodEnd > end) return malformed.requestLine
  const method = readMethod(text, from, methodEnd)
  if (method === null) return malformed.method
  if (method === 'CONNECT') return malformed.connect
  let at = methodEnd + 1
  let code = text.charCodeAt(at)
  while (isTargetChar[code] === 1) code = text.charCodeAt(++at)
  if (code !== 0x20 || at === methodEnd + 1) return malformed.requestLine
  // ` HTTP/1.1` is nine characters.
  const lineEnd = at + 9
  if (lineEnd > end || !text.startsWith(' HTTP/1.', at)) return malformed.version
  const minor = text.charCodeAt(at + 8)
  if ((minor !== 0x31 && minor !== 0x30) || text.charCodeAt(lineEnd) !== 0x0d || text.charCodeAt(lineEnd + 1) !== 0x0a) {
    return malformed.version
  }
  const target = text.slice(methodEnd + 1, at)
  if (target.charCodeAt(0) !== 0x2f && !absoluteTarget.test(target)) return malformed.target
  const fields = readFields(text, lineEnd + 2, end + 2, minor === 0x31 ? '1.1' : '1.0', last)
  return fields instanceof MalformedHead ? fields : new Http1RequestHead(method, target, fields)
}

const readFields = (
  text: string,
  from: number,
  end: number,
  version: '1.0' | '1.1',
  last: Http1Fields | null,
): Http1Fields | MalformedHead => {
  const lines = end - from > keptLength ? '' : text.slice(from, end)
  if (last !== null && lines !== '' && lines === last.text && version === last.version) {
    last.isRepeated = true
    return last
  }
  const raw = parseFieldLines(text, from, end)
  if (raw === null) return malformed.fields
  if (raw.length > 2 * fieldLimit) return malformed.tooMany
  const fields = new Http1Fields(lines, version, raw)
  return readFraming(fields) ?? fields
}

/** What makes a head that is not complete yet hopeless; null: the rest may come. */
export const refuseEarly = (text: string, from: number, limit: number): MalformedHead | null => {
  if (text.length - from > limit) return malformed.tooLarge
  return /[^\r]\n|^\n|\r[^\n]/.test(text) ? malformed.lineEnd : null
}

const readMethod = (text: string, from: number, end: number): string | null => {
  if (end - from === 3 && text.startsWith('GET', from)) return 'GET'
  const method = text.slice(from, end)
  return methods.has(method) ? method : null
}

/** Characters of a request target: visible ASCII, no fragment (RFC 9112, section 3.2). */
const isTargetChar = new Uint8Array(256)
for (let code = 0x21; code < 0x7f; code++) isTargetChar[code] = code === 0x23 ? 0 : 1

/** RFC 9112, section 3.2.2. The host is looked at more closely by whoever routes by it. */
const absoluteTarget = /^https?:\/\/[a-z0-9._:[\]-]+(?:[/?]|$)/i

/** RFC 9112, section 6: finds what delimits the body, and refuses what could be understood in two ways. */
const readFraming = (head: Http1Fields): MalformedHead | null => {
  const { raw } = head
  let length: string | null = null
  let coding: string | null = null
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    switch (name.length) {
      case 6:
        if (is(name, 'expect')) head.expectsContinue = (raw[i + 1] as string).toLowerCase() === '100-continue' && head.version === '1.1'
        break
      case 10:
        if (is(name, 'connection')) readConnection(head, raw[i + 1] as string)
        break
      case 14:
        if (!is(name, 'content-length')) break
        if (length !== null) return malformed.twoLengths
        length = raw[i + 1] as string
        break
      case 17:
        if (!is(name, 'transfer-encoding')) break
        if (coding !== null) return malformed.coding
        coding = raw[i + 1] as string
        break
    }
  }
  if (coding !== null) {
    if (length !== null) return malformed.bothFramings
    if (head.version !== '1.1') return malformed.codingVersion
    if (coding.length !== 7 || coding.toLowerCase() !== 'chunked') return malformed.coding
    head.bodyKind = BodyKind.stream
    head.contentLength = -1
  } else if (length !== null) {
    if (!/^[0-9]{1,15}$/.test(length)) return malformed.contentLength
    head.contentLength = Number(length)
    if (head.contentLength > 0) head.bodyKind = BodyKind.length
  }
  if (head.bodyKind === BodyKind.none) head.expectsContinue = false
  return null
}

const readConnection = (head: Http1Fields, value: string): void => {
  if (head.version === '1.1' && value === 'keep-alive') return
  if (/(?:^|[,\s])close(?:$|[,\s])/i.test(value)) head.keepAlive = false
  else if (head.version === '1.0' && /(?:^|[,\s])keep-alive(?:$|[,\s])/i.test(value)) head.keepAlive = true
}

const is = (name: string, lowerCase: string) => name === lowerCase || name.toLowerCase() === lowerCase
