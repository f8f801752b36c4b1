import { StandinError } from '@standin/client/errors'
import { asProblem, Exchange } from './exchange/exchange.ts'
import { forward } from './exchange/forward.ts'
import type { Gateway } from './exchange/gateway.ts'
import { readHead } from './exchange/read-head.ts'
import { injectFault } from './faults/inject-fault.ts'
import type { ClientStream } from './http/client-stream.ts'
import { admit } from './pool/admit.ts'
import { findRoute, refuseLoop } from './routing/find-route.ts'
import { redirectToHttps } from './tls/redirect-to-https.ts'
import { awaitRunning } from './wake/await-running.ts'
import { answerWellKnown } from './wake/well-known.ts'

/** Takes an exchange one step further. False: it was answered, or it is held and will go on from `findRoute`. */
type Stage = (exchange: Exchange) => boolean

/**
 * What happens to a request, in this order. Each stage either lets it pass or ends it.
 */
const chain: readonly Stage[] = [
  readHead, // does it have one Host; which headers go on: 400, 421
  refuseLoop, // did it come from ourselves: 508
  findRoute, // where does its host lead: 404, 410, 503 before the first table
  answerWellKnown, // tells the state of the environment, without waking it
  redirectToHttps, // where plain HTTP is not served: 308
  awaitRunning, // wakes what sleeps and holds the request meanwhile: 503 (for browsers a page that waits), 504
  injectFault, // makes it slow, or fail, where somebody asked for that
  admit, // within the limits of the pool, or waits until there is a place: 503
  forward, // to the next endpoint of the pool, where a WebSocket leaves for good: 502, 503, 504
]

/** Starts the exchange for a request. */
export const serve = (gateway: Gateway, stream: ClientStream): void => runFrom(new Exchange(gateway, stream), 0)

/** A held exchange goes on: its host may lead elsewhere by now. */
export const goOn = (exchange: Exchange): void => runFrom(exchange, chain.indexOf(findRoute))

const runFrom = (exchange: Exchange, first: number): void => {
  try {
    for (let i = first; i < chain.length; i++) {
      if (!(chain[i] as Stage)(exchange)) return
    }
  } catch (error) {
    if (!(error instanceof StandinError)) exchange.gateway.onFault(error, exchange)
    exchange.refuse(asProblem(error), { close: true })
  }
}
