import type { RequestHead } from '../http/client-stream.ts'

/**
 * Whether a client may leave the body of this request unfinished for as long as it likes: where the answer has begun, or in
 * gRPC and Connect, both sides may have nothing to say; and who waits for a 100 waits for the endpoint (RFC 9110, section 10.1.1).
 */
export const mayBeQuiet = ({ raw, contentLength }: RequestHead, hasResponded: boolean, wasContinued: boolean): boolean => {
  if (contentLength === -1 && hasResponded) return true
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]
    const value = raw[i + 1] as string
    if (name === 'expect' && !hasResponded && !wasContinued && value.toLowerCase() === '100-continue') return true
    if (name === 'content-type' && contentLength === -1 && /^application\/(?:grpc|connect\+)/i.test(value)) return true
  }
  return false
}
