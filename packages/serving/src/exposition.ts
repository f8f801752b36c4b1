import { collectDefaultMetrics, type Metric as PromMetric, Registry } from 'prom-client'
import type { Metric, MetricLayout, MetricShape } from './metrics.ts'

/** Of a worker, as it tells them itself. */
interface ProcessNumbers {
  readonly worker: number
  readonly residentBytes: number
  readonly cpuSeconds: number
}

/** What a page of metrics shows, taken at the moment in which it is asked for. */
export interface Scrape {
  readonly values: readonly number[]
  readonly workers: readonly ProcessNumbers[]
  /** Undefined: there is no table to follow. */
  readonly isFollowing: boolean | undefined
  readonly revision: number
}

/** A metric whose labels are known only at the time of the scrape: there has to be a bound to them elsewhere. */
export interface LooseMetric<S extends Scrape> extends Pick<MetricShape, 'name' | 'help' | 'type'> {
  readonly samples: (scrape: S) => Sample[]
}

export interface Sample {
  readonly metricName?: string
  readonly labels: Record<string, string | number>
  readonly value: number
}

/** The text that Prometheus reads. The numbers are kept elsewhere; here they are given names at the time of the scrape. */
export class Exposition<S extends Scrape> {
  readonly #registry = new Registry()
  readonly #take: () => Promise<S>
  #scrape: S | undefined

  /** @param prefix of all names: `standin_gateway` */
  constructor(prefix: string, layout: MetricLayout<string>, take: () => Promise<S>, loose: readonly LooseMetric<S>[] = []) {
    this.#take = take
    collectDefaultMetrics({ register: this.#registry })
    for (const metric of Object.values(layout.list)) this.#register(metric, ({ values }) => samplesOf(metric, values))
    this.#register(
      { name: `${prefix}_following`, help: 'Whether changes of the table arrive: 1, or 0 while control is away', type: 'gauge' },
      ({ isFollowing }) => (isFollowing === undefined ? [] : [{ labels: {}, value: isFollowing ? 1 : 0 }]),
    )
    this.#register({ name: `${prefix}_table_revision`, help: 'Revision of the table that is served', type: 'gauge' }, ({ revision }) => [
      { labels: {}, value: revision },
    ])
    this.#register({ name: `${prefix}_worker_resident_bytes`, help: 'Memory of each worker', type: 'gauge' }, ({ workers }) =>
      workers.map(({ worker, residentBytes }) => ({ labels: { worker }, value: residentBytes })),
    )
    this.#register(
      { name: `${prefix}_worker_cpu_seconds_total`, help: 'Time that each worker has computed', type: 'counter' },
      ({ workers }) => workers.map(({ worker, cpuSeconds }) => ({ labels: { worker }, value: cpuSeconds })),
    )
    for (const metric of loose) this.#register(metric, metric.samples)
  }

  async page(): Promise<{ contentType: string; text: string }> {
    this.#scrape = await this.#take()
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() }
  }

  /** A metric that has its numbers from us: the library's own histograms can't be filled from elsewhere. */
  #register({ name, help, type }: Pick<Metric, 'name' | 'help' | 'type'>, samples: (scrape: S) => Sample[]): void {
    const now = () => (this.#scrape === undefined ? [] : samples(this.#scrape))
    const metric = { name, help, type, get: async () => ({ name, help, type, aggregator: 'sum', values: now() }), reset: () => {} }
    this.#registry.registerMetric(metric as unknown as PromMetric<string>)
  }
}

/** With so many label values or fewer, those that are zero are shown as well. */
const shownIfZero = 12

const samplesOf = (metric: Metric, values: readonly number[]): Sample[] =>
  metric.type === 'histogram' ? histogramSamples(metric, values) : labelledSamples(metric, values)

const labelledSamples = ({ offset, size, labels = {} }: Metric, values: readonly number[]): Sample[] => {
  const names = Object.entries(labels)
  const samples: Sample[] = []
  for (let i = 0; i < size; i++) {
    const value = values[offset + i] ?? 0
    if (value === 0 && size > shownIfZero) continue
    let rest = i
    const own: Record<string, string> = {}
    // The last label counts fastest.
    for (const [name, all] of [...names].reverse()) {
      own[name] = all[rest % all.length] as string
      rest = Math.floor(rest / all.length)
    }
    samples.push({ labels: own, value })
  }
  return samples
}

/** @param labels of what it is a histogram of, beside `le` */
export const histogramSamples = (
  { name, offset, size, bounds = [] }: Metric,
  values: readonly number[],
  labels: Sample['labels'] = {},
): Sample[] => {
  const samples: Sample[] = []
  let count = 0
  for (const [i, le] of [...bounds, '+Inf'].entries()) {
    count += values[offset + i] ?? 0
    samples.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: count })
  }
  samples.push({ metricName: `${name}_sum`, labels, value: values[offset + size - 1] ?? 0 })
  samples.push({ metricName: `${name}_count`, labels, value: count })
  return samples
}
