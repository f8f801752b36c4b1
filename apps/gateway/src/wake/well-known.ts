import { StandinError } from '@standin/client/errors'
import type { Exchange } from '../exchange/exchange.ts'
import { headerValue } from '../exchange/own-response.ts'
import { sendStatus } from './send-status.ts'

/** The one path of an environment's host that the gateway answers itself (RFC 8615). All others are the application's. */
const wellKnownPath = '/.well-known/standin'

/**
 * Tells the state of an environment without waking it: once, or with `?watch` or `Accept: text/event-stream` at every
 * change. It does not count as activity. Scripts of other origins can not read it: there are no CORS headers.
 */
export const answerWellKnown = (exchange: Exchange): boolean => {
  const { path, target, head, gateway } = exchange
  if (target === null || !path.startsWith(wellKnownPath)) return true
  if (path.length > wellKnownPath.length && path.charCodeAt(wellKnownPath.length) !== 0x3f) return true
  if (head.method !== 'GET' && head.method !== 'HEAD') {
    exchange.refuse(new StandinError('invalid', `${wellKnownPath} can be read only: use GET`))
    return false
  }
  const query = new URLSearchParams(path.slice(wellKnownPath.length + 1))
  const wantsStream = query.has('watch') || headerValue(head.raw, 'accept')?.includes('text/event-stream') === true
  if (wantsStream && head.method === 'GET') gateway.watchers.attach(exchange, target.environment)
  else sendStatus(exchange, target.environment, 200)
  return false
}
