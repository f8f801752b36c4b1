import type { Exchange } from '../exchange/exchange.ts'
import { type Metric, type MetricKey, methods, metricList, metricSize, protocols, reasons, statuses } from './metric-list.ts'

const { requests, duration, upstreamDuration, holdDuration, unusual, retries, sentBytes } = metricList
const methodIndex = new Map<string, number>(methods.map((method, index) => [method, index]))
const reasonIndex = new Map(reasons.map((reason, index) => [reason, index]))
const otherMethod = methods.length - 1
const otherReason = reasons.length - 1

/** The numbers of one process, in the layout of `metricList`. */
export class Counts {
  readonly values: number[] = Array(metricSize).fill(0)

  /** Accounts for an exchange that has ended, `ms` after it began. */
  observe(exchange: Exchange, ms: number): void {
    const { head, status } = exchange
    const method = methodIndex.get(head.method) ?? otherMethod
    const statusClass = status < 100 || status > 599 ? 0 : (status / 100) | 0
    const protocol = head.version === '1.1' ? 1 : head.version === '2.0' ? 2 : 0
    this.#plus(requests.offset + (method * statuses.length + statusClass) * protocols.length + protocol, 1)
    if (status !== 101) this.time(duration, ms)
    if (exchange.upstreamMs > 0) this.time(upstreamDuration, exchange.upstreamMs)
    if (exchange.heldMs > 0) this.time(holdDuration, exchange.heldMs)
    if (exchange.flag !== '') this.#plus(unusual.offset + (reasonIndex.get(exchange.flag) ?? otherReason), 1)
    if (exchange.retries > 0) this.#plus(retries.offset, exchange.retries)
    this.#plus(sentBytes.offset, exchange.bytesSent)
  }

  /** @param index of the label's value, where the metric has one label */
  add(key: MetricKey, index = 0, by = 1): void {
    this.#plus(metricList[key].offset + index, by)
  }

  set(key: MetricKey, value: number, index = 0): void {
    this.values[metricList[key].offset + index] = value
  }

  /** Takes in what a process that has ended had counted; what it had open has ended with it. */
  addCounted(values: readonly number[]): void {
    for (const { type, offset, size } of Object.values(metricList)) {
      if (type === 'gauge') continue
      for (let i = offset; i < offset + size; i++) this.#plus(i, values[i] ?? 0)
    }
  }

  time({ offset, size, bounds = [] }: Metric, ms: number): void {
    const seconds = ms / 1_000
    let bucket = 0
    while (bucket < bounds.length && seconds > (bounds[bucket] as number)) bucket++
    this.#plus(offset + bucket, 1)
    this.#plus(offset + size - 1, seconds)
  }

  #plus(at: number, by: number): void {
    this.values[at] = (this.values[at] as number) + by
  }
}

/** Of several processes together. */
export const sumOf = (all: readonly (readonly number[])[]): number[] => {
  const sum: number[] = Array(metricSize).fill(0)
  for (const values of all) for (let i = 0; i < metricSize; i++) sum[i] = (sum[i] as number) + (values[i] ?? 0)
  return sum
}
