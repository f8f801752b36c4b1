import type { Exchange } from './exchange.ts'
import { admit } from './pool/admit.ts'
import { forward } from './proxy.ts'
import { readHead } from './read-head.ts'
import { findRoute, refuseLoop } from './routing/find-route.ts'
import { relayUpgrade } from './upgrade.ts'
import { awaitRunning } from './wake/await-running.ts'

/** Takes an exchange one step further. False: it was answered, or it is held and will go on from `findRoute`. */
type Stage = (exchange: Exchange) => boolean

/**
 * What happens to a request, in this order. Each stage either lets it pass or ends it.
 */
const chain: readonly Stage[] = [
  readHead, // is its framing sound, does it have one Host; which headers go on: 400
  refuseLoop, // did it come from ourselves: 508
  findRoute, // where does its host lead: 404, 410, 503 before the first table
  awaitRunning, // wakes what sleeps and holds the request meanwhile: 503, 504
  admit, // within the limits of the pool, or waits until there is a place: 503
  relayUpgrade, // a WebSocket leaves the chain here: 502, 503, 504
  forward, // to the next endpoint of the pool: 502, 503, 504
]

/** Runs an exchange through the chain. */
export const run = (exchange: Exchange): void => runFrom(exchange, 0)

/** A held exchange goes on: its host may lead elsewhere by now. */
export const goOn = (exchange: Exchange): void => runFrom(exchange, chain.indexOf(findRoute))

const runFrom = (exchange: Exchange, first: number): void => {
  for (let i = first; i < chain.length; i++) {
    if (!(chain[i] as Stage)(exchange)) return
  }
}
