import { StandinError } from '@standin/client/errors'
import type { Exchange } from '../exchange/exchange.ts'
import { hasDotSegment } from './path-prefix.ts'

/** RFC 9110, section 7.6.3: whoever finds itself in `Via` has sent the request round in a circle. */
export const refuseLoop = (exchange: Exchange): boolean => {
  if (exchange.via === null || !exchange.via.includes(exchange.gateway.pseudonym)) return true
  exchange.refuse(
    new StandinError('loop_detected', `The endpoint behind ${exchange.host} sent the request back to the gateway`, {
      hint: 'Publish the address on which the application itself listens',
    }),
  )
  return false
}

/** Host and path → target. */
export const findRoute = (exchange: Exchange): boolean => {
  const { router } = exchange.gateway
  const { host, path } = exchange
  const target = router.find(host, path)
  if (target === undefined) {
    exchange.target = null
    exchange.refuse(router.explainMiss(host, path))
    return false
  }
  if (hasDotSegment(path) && router.holder(host)?.prefix !== '') {
    exchange.refuse(ambiguousPath(host))
    return false
  }
  exchange.target = target
  return true
}

/** Who answers depends on the path here, so nobody may be able to take it for another one than we do. */
const ambiguousPath = (host: string): StandinError =>
  new StandinError('invalid', `The path has a "." or ".." segment, and ${host} has routes by path`, {
    hint: 'Send the path without them (RFC 3986, section 5.2.4)',
  })
