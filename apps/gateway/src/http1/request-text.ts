import type { UpstreamRequest } from '../http/upstream-stream.ts'

/** Methods for which a server expects a body, so that it is told that there is none (RFC 9110, section 8.6). */
const anticipatesBody = new Set(['POST', 'PUT', 'PATCH'])

/** The head of a request on its way to an endpoint, with what frames its body, as one latin1 text. */
export const requestText = (request: UpstreamRequest): string => {
  const { headers, method, contentLength } = request
  let text = `${method} ${request.path} HTTP/1.1\r\n`
  const { lines } = request
  if (lines !== undefined && lines !== '') text += lines
  else for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  if (request.hasBody) text += contentLength === -1 ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${contentLength}\r\n`
  else if (method !== 'GET' && anticipatesBody.has(method)) text += 'Content-Length: 0\r\n'
  if (request.upgrade || request.wantsTrailers || request.exclusive) text += connectionHeaders(request)
  return `${text}\r\n`
}

/** What is for this connection alone is named in `Connection` (RFC 9110, section 7.6.1). */
const connectionHeaders = ({ upgrade, wantsTrailers, exclusive }: UpstreamRequest): string => {
  if (upgrade) return 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
  const options = []
  if (exclusive) options.push('close')
  if (wantsTrailers) options.push('TE')
  return `Connection: ${options.join(', ')}\r\n${wantsTrailers ? 'TE: trailers\r\n' : ''}`
}
