import { StandinError } from '@standin/client/errors'
import type { Upstream } from '../pool/upstream.ts'
import type { Exchange } from './exchange.ts'

/** What went wrong between us and an endpoint, for whoever asked. */
export const upstreamProblem = (exchange: Exchange, upstream: Upstream, error: Error & { code?: unknown }): StandinError => {
  if (error instanceof StandinError) return error
  const code = typeof error.code === 'string' ? error.code : ''
  const entry = exchange.target?.environment.entry
  const who = `${upstream.endpoint.instance || upstream.key}${entry === undefined ? '' : ` of environment ${entry.environment} (${entry.name})`}`
  return new StandinError('upstream_failed', `${who} did not answer: ${inWords(code, error)}`, {
    cause: error,
    ...(entry === undefined
      ? {}
      : { hint: whereToLook(exchange, `\`standin logs ${entry.environment}\` and \`standin show ${entry.environment}\` tell more`) }),
  })
}

export const emptyPool = (exchange: Exchange): StandinError => {
  const entry = exchange.target?.environment.entry
  return new StandinError('no_endpoint', `No instance of ${exchange.host} takes traffic just now`, {
    hint:
      entry === undefined
        ? 'Try again in a moment'
        : whereToLook(exchange, `\`standin show ${entry.environment}\` tells how its instances are`),
  })
}

/** The verbs need a platform, and a routes file has none. */
const whereToLook = ({ gateway }: Exchange, withPlatform: string): string =>
  gateway.router.source === 'file'
    ? 'The routes file says where it should be; `/routes` of the admin listener tells how its endpoints are'
    : withPlatform

const inWords = (code: string, error: Error): string => {
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing listens there (connection refused)'
    case 'ECONNRESET':
    case 'EPIPE':
      return 'it closed the connection'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'its address can not be reached'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name does not resolve'
    default:
      return error.message
  }
}
