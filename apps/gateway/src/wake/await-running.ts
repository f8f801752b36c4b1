import { StandinError } from '@standin/client/errors'
import type { Exchange } from '../exchange/exchange.ts'
import type { RoutedEnvironment } from '../routing/router.ts'
import { treatment } from './treatment.ts'

/** Lets requests to a running environment pass; holds, wakes or refuses the others. */
export const awaitRunning = (exchange: Exchange): boolean => {
  const environment = exchange.target?.environment
  if (environment === undefined) return false
  const what = treatment[environment.entry.state]
  if (what === 'refuse') {
    exchange.refuse(notServing(environment), { retryAfterSeconds: 10 })
    return false
  }
  exchange.countAsActivity()
  if (what === 'pass') return true
  exchange.gateway.wake.hold(exchange, environment, what === 'wake')
  return false
}

const notServing = ({ entry }: RoutedEnvironment): StandinError => {
  const { environment: id, name, state, reason } = entry
  const hint = {
    stopped: `\`standin resume ${id}\` starts it`,
    stopping: `Once it is stopped, \`standin resume ${id}\` starts it again`,
    failed: `\`standin show ${id}\` and \`standin logs ${id}\` tell what failed`,
    deleting: `\`standin show ${id}\` tells why; \`standin undelete ${id}\` brings it back if it is still in the trash`,
    deleted: `\`standin show ${id}\` tells why; \`standin undelete ${id}\` brings it back if it is still in the trash`,
  }[state as string]
  return new StandinError(
    state === 'deleted' ? 'environment_deleted' : 'no_endpoint',
    `Environment ${id} (${name}) is ${state}${reason === '' ? '' : `: ${reason}`}`,
    hint === undefined ? {} : { hint },
  )
}
