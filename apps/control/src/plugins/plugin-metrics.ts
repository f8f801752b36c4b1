import { StandinError } from '@standin/client'
import type { MetricOptions, PluginCounter, PluginGauge, PluginMetrics } from '@standin/core'
import { Counter, Gauge, type Registry } from 'prom-client'

type Labels = Readonly<Record<string, string>>

const mostMetrics = 50
const mostSeries = 1_000
const namePattern = /^[a-z][a-z0-9_]{0,80}$/

interface Kept {
  readonly kind: 'counter' | 'gauge'
  readonly labels: readonly string[]
  readonly metric: PluginCounter & PluginGauge
}

/** Metrics of one plugin. They outlive it being begun anew: counters go on. */
export class BoundedMetrics implements PluginMetrics {
  readonly #prefix: string
  readonly #plugin: string
  readonly #registry: Registry
  readonly #metrics = new Map<string, Kept>()

  constructor(plugin: string, registry: Registry) {
    this.#plugin = plugin
    this.#prefix = `standin_plugin_${plugin.replaceAll('-', '_')}_`
    this.#registry = registry
  }

  counter(name: string, options: MetricOptions): PluginCounter {
    if (!name.endsWith('_total')) throw this.#refuse(name, 'the name of a counter ends in _total')
    return this.#get('counter', name, options)
  }

  gauge(name: string, options: MetricOptions): PluginGauge {
    return this.#get('gauge', name, options)
  }

  #get(kind: Kept['kind'], name: string, { help, labels = [] }: MetricOptions): PluginCounter & PluginGauge {
    const kept = this.#metrics.get(name)
    if (kept !== undefined) {
      if (kept.kind === kind && kept.labels.join() === labels.join()) return kept.metric
      throw this.#refuse(name, 'there is one of this name with other labels, or of another kind')
    }
    for (const each of [name, ...labels])
      if (!namePattern.test(each)) throw this.#refuse(name, `${each.slice(0, 80)} is not [a-z][a-z0-9_]*`)
    if (this.#metrics.size >= mostMetrics) throw this.#refuse(name, `a plugin has at most ${mostMetrics} metrics`)
    const options = { name: this.#prefix + name, help, labelNames: [...labels], registers: [this.#registry] }
    const series = new Series(labels)
    const metric = kind === 'counter' ? withCounter(new Counter(options), series) : withGauge(new Gauge(options), series)
    this.#metrics.set(name, { kind, labels, metric })
    return metric
  }

  #refuse(name: string, why: string): StandinError {
    return new StandinError('invalid', `the metric ${name.slice(0, 80)} of plugin ${this.#plugin} can not be: ${why}`)
  }
}

/** The combinations of labels that there are. */
class Series {
  readonly #labels: readonly string[]
  readonly #known = new Set<string>()

  constructor(labels: readonly string[]) {
    this.#labels = labels
  }

  /** These labels, cut; or `other` for each, where there are too many already. */
  bounded(given: Labels): Labels {
    const values = this.#labels.map((label) => String(given[label] ?? '').slice(0, 200))
    const key = values.join('\0')
    if (!this.#known.has(key)) {
      if (this.#known.size >= mostSeries) return Object.fromEntries(this.#labels.map((label) => [label, 'other']))
      this.#known.add(key)
    }
    return Object.fromEntries(this.#labels.map((label, index) => [label, values[index] ?? '']))
  }

  clear(): void {
    this.#known.clear()
  }
}

function withCounter(counter: Counter, series: Series): PluginCounter & PluginGauge {
  return { ...noGauge, inc: (labels = {}, by = 1) => counter.inc(series.bounded(labels), Math.max(0, by)) }
}

function withGauge(gauge: Gauge, series: Series): PluginCounter & PluginGauge {
  return {
    ...noCounter,
    set: (value, labels = {}) => gauge.set(series.bounded(labels), value),
    reset() {
      gauge.reset()
      series.clear()
    },
  }
}

const noGauge: PluginGauge = { set() {}, reset() {} }
const noCounter: PluginCounter = { inc() {} }
