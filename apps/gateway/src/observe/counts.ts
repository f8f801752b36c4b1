import { Numbers } from '@standin/serving/metrics'
import type { Exchange } from '../exchange/exchange.ts'
import { type MetricKey, methods, metrics, protocols, reasons, statuses } from './metric-list.ts'

const { requests, duration, upstreamDuration, holdDuration, unusual, retries, sentBytes } = metrics.list
const methodIndex = new Map<string, number>(methods.map((method, index) => [method, index]))
const reasonIndex = new Map(reasons.map((reason, index) => [reason, index]))
const otherMethod = methods.length - 1
const otherReason = reasons.length - 1

/** The numbers of one process, in the layout of `metrics`. */
export class Counts extends Numbers<MetricKey> {
  constructor() {
    super(metrics)
  }

  /** Accounts for an exchange that has ended, `ms` after it began. */
  observe(exchange: Exchange, ms: number): void {
    const { head, status } = exchange
    const method = methodIndex.get(head.method) ?? otherMethod
    const statusClass = status < 100 || status > 599 ? 0 : (status / 100) | 0
    const protocol = head.version === '1.1' ? 1 : head.version === '2.0' ? 2 : 0
    this.plus(requests.offset + (method * statuses.length + statusClass) * protocols.length + protocol, 1)
    if (status !== 101) this.time(duration, ms)
    if (exchange.upstreamMs > 0) this.time(upstreamDuration, exchange.upstreamMs)
    if (exchange.heldMs > 0) this.time(holdDuration, exchange.heldMs)
    if (exchange.flag !== '') this.plus(unusual.offset + (reasonIndex.get(exchange.flag) ?? otherReason), 1)
    if (exchange.retries > 0) this.plus(retries.offset, exchange.retries)
    this.plus(sentBytes.offset, exchange.bytesSent)
  }
}
