import type { Exchange } from '../exchange/exchange.ts'
import type { RoutedEnvironment } from '../routing/target.ts'
import { statusOf } from './status.ts'

/** Answers with an environment's status as JSON; `Standin-State` says the most important of it to whoever reads no bodies. */
export const sendStatus = (exchange: Exchange, environment: RoutedEnvironment, status: 200 | 503): void => {
  const { entry } = environment
  const body = Buffer.from(`${JSON.stringify(statusOf(environment, exchange.gateway.wake.troubleOf(entry.environment)))}\n`)
  const headers = ['Content-Type', 'application/json', 'Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff']
  headers.push('Standin-State', entry.state, 'X-Request-Id', exchange.id)
  exchange.answer({ status, headers, body })
}
