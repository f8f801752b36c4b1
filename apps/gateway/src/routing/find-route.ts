import { StandinError } from '@standin/client/errors'
import type { Exchange } from '../exchange.ts'

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

/** Host → target. */
export const findRoute = (exchange: Exchange): boolean => {
  const { router } = exchange.gateway
  const target = router.find(exchange.host)
  if (target === undefined) {
    exchange.target = null
    exchange.refuse(router.explainMiss(exchange.host))
    return false
  }
  exchange.target = target
  return true
}
