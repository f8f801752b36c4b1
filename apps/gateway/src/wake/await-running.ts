import { StandinError } from '@standin/client/errors'
import type { Exchange } from '../exchange/exchange.ts'
import { headerValue } from '../exchange/own-response.ts'
import { isProbe } from '../routing/probes.ts'
import type { RoutedEnvironment } from '../routing/target.ts'
import { nextStep } from './next-step.ts'
import { sendStatus } from './send-status.ts'
import { treatment } from './treatment.ts'

/**
 * Lets requests to a running environment pass; holds, wakes or refuses the others. Who only looks whether it is there is
 * passed on while it runs; otherwise it gets the state, as a 503: the application did not answer, and a monitor that
 * doesn't mind can tell by `Standin-State`.
 */
export const awaitRunning = (exchange: Exchange): boolean => {
  const environment = exchange.target?.environment
  if (environment === undefined) return false
  const what = treatment[environment.entry.state]
  if (isFromProbe(exchange, environment)) {
    if (what === 'pass') return true
    sendStatus(exchange, environment, 503)
    return false
  }
  if (what === 'refuse') {
    exchange.refuse(notServing(environment), { retryAfterSeconds: 10 })
    return false
  }
  exchange.countAsActivity()
  if (what === 'pass') return true
  exchange.gateway.wake.hold(exchange, environment, what === 'wake')
  return false
}

const isFromProbe = ({ gateway, head, path, connection }: Exchange, { probes }: RoutedEnvironment): boolean => {
  if (probes === null && gateway.probes === null) return false
  const request = { path, userAgent: headerValue(head.raw, 'user-agent') ?? '', address: connection.address }
  return isProbe(probes, request) || isProbe(gateway.probes, request)
}

const notServing = ({ entry }: RoutedEnvironment): StandinError => {
  const { environment: id, name, state, reason } = entry
  const hint = nextStep(id, state)
  return new StandinError(
    state === 'deleted' ? 'environment_deleted' : 'no_endpoint',
    `Environment ${id} (${name}) is ${state}${reason === '' ? '' : `: ${reason}`}`,
    hint === undefined ? {} : { hint },
  )
}
