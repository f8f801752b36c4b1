import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export interface MetricsSources {
  readonly environmentsByState: () => readonly { state: string; count: number }[]
  readonly lastEvent: () => number
  readonly openStreams: () => number
}

/** What is worth watching of control. Labels are bounded: states, steps, routes by their pattern. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #requests: Histogram<'method' | 'route' | 'status'>
  readonly #steps: Histogram<'step'>
  readonly #failures: Counter<'code'>

  constructor(sources: MetricsSources) {
    const registers = [this.#registry]
    this.#requests = new Histogram({
      name: 'standin_http_request_duration_seconds',
      help: 'API requests, without streams',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5],
      registers,
    })
    this.#steps = new Histogram({
      name: 'standin_reconcile_step_duration_seconds',
      help: 'Steps of the reconciler that succeeded',
      labelNames: ['step'],
      buckets: [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60],
      registers,
    })
    this.#failures = new Counter({
      name: 'standin_reconcile_failures_total',
      help: 'Steps of the reconciler that failed, by error code',
      labelNames: ['code'],
      registers,
    })
    new Gauge({
      name: 'standin_environments',
      help: 'Environments by state, trash included',
      labelNames: ['state'],
      registers,
      collect() {
        this.reset()
        for (const { state, count } of sources.environmentsByState()) this.set({ state }, count)
      },
    })
    new Gauge({
      name: 'standin_last_event',
      help: 'Sequence number of the last event',
      registers,
      collect() {
        this.set(sources.lastEvent())
      },
    })
    new Gauge({
      name: 'standin_open_streams',
      help: 'Watchers of tables and events',
      registers,
      collect() {
        this.set(sources.openStreams())
      },
    })
  }

  /** The process's own numbers too; they cost a timer each until `close`. */
  start(): void {
    collectDefaultMetrics({ register: this.#registry, prefix: 'standin_control_' })
  }

  observeRequest(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({ method, route, status: `${Math.floor(status / 100)}xx` }, seconds)
  }

  observeStep(step: string, seconds: number): void {
    this.#steps.observe({ step }, seconds)
  }

  countFailure(code: string): void {
    this.#failures.inc({ code })
  }

  /** For the parts that have metrics of their own. */
  get registry(): Registry {
    return this.#registry
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }

  close(): void {
    this.#registry.clear()
  }
}
