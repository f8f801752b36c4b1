import { classifyResponseHeader, HeaderClass } from '../http/headers.ts'
import type { UpstreamResponse } from '../http/upstream-stream.ts'

class H2cResponse implements UpstreamResponse {
  status = 0
  readonly reason = ''
  readonly headers: string[] = []
  contentLength = -1
}

/** The head of a response from its fields, without what was meant for the connection. */
export const readHead = (raw: readonly string[]): H2cResponse => {
  const head = new H2cResponse()
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    if (name === ':status') {
      head.status = Number(value)
      continue
    }
    const headerClass = classifyResponseHeader(name)
    if (headerClass === HeaderClass.contentLength) head.contentLength = Number(value)
    else if (headerClass !== HeaderClass.endToEnd) continue
    head.headers.push(name, value)
  }
  return head
}

/** RFC 9110, section 6.4.1. */
export const hasNoBody = (status: number, method: string): boolean => method === 'HEAD' || status === 204 || status === 304
