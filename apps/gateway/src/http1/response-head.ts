import { classifyResponseHeader, connectionNamed, HeaderClass, removeNamed } from '../http/headers.ts'
import type { UpstreamResponse } from '../http/upstream-stream.ts'
import { parseFieldLines } from './field-lines.ts'

/** Where the body of a response ends (RFC 9112, section 6.3). */
export const ResponseFraming = { none: 0, length: 1, chunked: 2, close: 3 } as const
export type ResponseFraming = (typeof ResponseFraming)[keyof typeof ResponseFraming]

/** The head of a response as an endpoint sent it, without what was meant for the connection to it. */
export class ResponseHead implements UpstreamResponse {
  status = 0
  reason = ''
  headers: string[] = []
  contentLength = -1
  framing: ResponseFraming = ResponseFraming.close
  /** The connection can serve another request. */
  isPersistent = false
  /** `Upgrade`, in lower case. */
  upgrade = ''
  /** Seconds that the endpoint keeps an idle connection, as `Keep-Alive: timeout=5` says; 0: it does not tell. */
  keepAliveSeconds = 0
}

/**
 * Reads the head of a response strictly: what isn't plainly valid, or ends nobody knows where, is refused.
 * @param text latin1; the head begins it
 * @param end behind the CRLF of the last line, which is where the empty line begins
 * @param method of the request: the answer to HEAD has no body
 * @returns what is wrong with it, in words, where it is refused
 */
export const parseResponseHead = (text: string, end: number, method: string): ResponseHead | string => {
  const head = new ResponseHead()
  const linesStart = readStatusLine(text, end, head)
  if (linesStart === -1) return 'its status line is malformed'
  const fields = parseFieldLines(text, linesStart, end)
  if (fields === null) return 'a header is malformed'
  head.headers = fields
  return readFields(head, text.charCodeAt(7) === 0x31, method)
}

/** Nearly every response begins like this. */
const usual = 'HTTP/1.1 200 OK\r\n'

/** `HTTP/1.1 200 OK`; the reason may be empty (RFC 9112, section 4), and its space is often forgotten then. */
const readStatusLine = (text: string, end: number, head: ResponseHead): number => {
  if (text.startsWith(usual)) {
    head.status = 200
    head.reason = 'OK'
    return usual.length
  }
  const lineEnd = text.indexOf('\r\n')
  if (lineEnd === -1 || lineEnd >= end) return -1
  const match = statusLine.exec(text.slice(0, lineEnd))
  if (match === null) return -1
  head.status = Number(match[1])
  head.reason = match[2] ?? ''
  return lineEnd + 2
}

const statusLine = /^HTTP\/1\.[01] ([1-5][0-9][0-9])(?: ([\t -~\x80-\xff]*))?$/

/** Sorts the fields out in place, and finds the framing. */
const readFields = (head: ResponseHead, isHttp11: boolean, method: string): ResponseHead | string => {
  const fields = head.headers
  let kept = 0
  let length = -1
  let coding: string | null = null
  let named: string[] | null = null
  head.isPersistent = isHttp11
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    const value = fields[i + 1] as string
    switch (classifyResponseHeader(name)) {
      case HeaderClass.contentLength:
        if (length !== -1) return 'it has more than one Content-Length'
        length = wholeNumber(value)
        if (length === -1) return 'its Content-Length is no number'
        break
      case HeaderClass.transferEncoding:
        coding = coding === null ? value : `${coding}, ${value}`
        continue
      case HeaderClass.connection: {
        if (value !== 'keep-alive' && hasClose(value)) head.isPersistent = false
        const more = connectionNamed(value)
        if (more !== null) named = named === null ? more : named.concat(more)
        continue
      }
      case HeaderClass.upgrade:
        head.upgrade = value.toLowerCase()
        continue
      case HeaderClass.endToEnd:
        break
      default:
        if (name.length === 10) head.keepAliveSeconds = keepAliveSeconds(value)
        continue
    }
    fields[kept] = name
    fields[kept + 1] = value
    kept += 2
  }
  fields.length = kept
  if (named !== null) removeNamed(fields, named)
  return frame(head, isHttp11, method, length, coding)
}

/** RFC 9112, section 6.3. */
const frame = (head: ResponseHead, isHttp11: boolean, method: string, length: number, coding: string | null): ResponseHead | string => {
  if (coding !== null) {
    // What both are given for is to be understood in two ways. HTTP/1.0 has no codings (section 6.1).
    if (length !== -1) return 'it has both Content-Length and Transfer-Encoding'
    if (!isHttp11) return 'it has a Transfer-Encoding in HTTP/1.0'
    if (coding.toLowerCase() !== 'chunked') return `it uses the transfer coding ${coding}`
  }
  const { status } = head
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD') {
    head.framing = ResponseFraming.none
    head.contentLength = 0
    if (status < 200 || status === 204) {
      if (length !== -1) removeNamed(head.headers, ['content-length'])
      // A body may follow although there can't be one: it must not become the answer to somebody else.
      if (status === 204 && (length > 0 || coding !== null)) head.isPersistent = false
    }
  } else if (coding !== null) {
    head.framing = ResponseFraming.chunked
  } else if (length !== -1) {
    head.framing = length === 0 ? ResponseFraming.none : ResponseFraming.length
    head.contentLength = length
  } else {
    head.isPersistent = false
  }
  return head
}

/** Digits and nothing else (RFC 9110, section 8.6); -1 otherwise, and where the number would not be exact. */
const wholeNumber = (text: string): number => {
  if (text.length === 0 || text.length > 15) return -1
  let number = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return -1
    number = number * 10 + digit
  }
  return number
}

const hasClose = (value: string): boolean => value === 'close' || /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(value)

const keepAliveSeconds = (value: string): number => {
  const match = /(?:^|[,; \t])timeout=([0-9]{1,6})/i.exec(value)
  return match === null ? 0 : Number(match[1])
}
