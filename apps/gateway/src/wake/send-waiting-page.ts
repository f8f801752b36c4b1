import { randomBytes } from 'node:crypto'
import type { Exchange } from '../exchange/exchange.ts'
import { pagePolicy } from '../pages/page.ts'
import { refreshSeconds, waitingPage } from '../pages/waiting-page.ts'
import type { RoutedEnvironment } from '../routing/target.ts'
import { statusOf } from './status.ts'

/**
 * Answers a page load with the waiting page. 503, so that nobody keeps it or takes it for the application's (RFC 9110,
 * section 15.6.4).
 */
export const sendWaitingPage = (exchange: Exchange, environment: RoutedEnvironment): void => {
  const { entry } = environment
  const nonce = randomBytes(12).toString('hex')
  const status = statusOf(environment, exchange.gateway.wake.troubleOf(entry.environment))
  exchange.flag = 'waiting_page'
  exchange.answer({
    status: 503,
    headers: [
      'Content-Type',
      'text/html; charset=utf-8',
      'Cache-Control',
      'no-store',
      'X-Content-Type-Options',
      'nosniff',
      'Content-Security-Policy',
      pagePolicy(nonce),
      'Retry-After',
      String(refreshSeconds),
      'Standin-State',
      entry.state,
      'X-Request-Id',
      exchange.id,
    ],
    body: Buffer.from(waitingPage(status, { requestId: exchange.id, host: exchange.host, nonce, address: sameHost(exchange.path) })),
  })
}

/**
 * A reference that leads to this path of the host that is asked, whatever the path is: `//example.com/` by itself would lead to
 * another host (RFC 3986, section 4.2). Browsers take the dot away again (section 5.2.4).
 */
const sameHost = (path: string): string => `/.${path}`
