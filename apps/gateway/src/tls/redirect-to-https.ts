import type { Exchange } from '../exchange/exchange.ts'
import { headerValue, sendOwn } from '../exchange/own-response.ts'

/**
 * Answers plain HTTP with where the same is over TLS; the method stays what it is (RFC 9110, section 15.4.9). Only for hosts
 * that lead somewhere: it stands behind `findRoute`. What a trusted proxy took over TLS is left alone.
 */
export const redirectToHttps = (exchange: Exchange): boolean => {
  const { gateway, connection, host, path, stream } = exchange
  const port = gateway.redirectPort
  if (port === undefined || connection.secure || headerValue(exchange.headers, 'x-forwarded-proto') === 'https') return true
  const location = `https://${host}${port === 443 ? '' : `:${port}`}${path}`
  exchange.status = 308
  const { closes } = exchange
  exchange.end()
  // Who tries it out must be able to turn it off again: a browser would remember it for ever.
  sendOwn(stream, { status: 308, headers: ['Location', location, 'Cache-Control', 'no-store'], body: Buffer.alloc(0) }, closes)
  return false
}
