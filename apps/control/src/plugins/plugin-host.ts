import { setImmediate as nextTurn } from 'node:timers/promises'
import { didYouMean } from '@standin/blueprint'
import {
  type Environment,
  type Fault,
  type PluginList,
  type PluginRun,
  type Plugin as PluginView,
  type SectionList,
  StandinError,
} from '@standin/client'
import type { FastifyBaseLogger } from 'fastify'
import { Counter, Gauge, type Registry } from 'prom-client'
import { Admission } from './admission.ts'
import type { PluginHouse, PluginLife } from './plugin-life.ts'
import { BoundedMetrics } from './plugin-metrics.ts'
import { PluginRunner } from './plugin-runner.ts'
import type { ReadPlugins } from './read-plugins.ts'
import { sectionsOf } from './sections.ts'

export interface PluginHostParts extends PluginHouse {
  readonly read: () => Promise<ReadPlugins>
  /** Why a plugin is not to be begun, whatever its configuration; null: it may. */
  readonly offBecause?: (plugin: string) => string | null
  readonly log: FastifyBaseLogger
  readonly registry: Registry
}

/** All of them together, then the rest of control stops without them, ms. */
const longestStopMs = 8_000

/** The plugins of the list: started in order, stopped in reverse, each for itself. */
export class PluginHost {
  readonly #parts: PluginHostParts
  /** Of what is to be made or to run. */
  readonly admission: Admission
  #runners: readonly PluginRunner[] = []
  #file: string | null = null
  #faults: readonly Fault[] = []
  #started: Promise<void> = Promise.resolve()

  constructor(parts: PluginHostParts) {
    this.#parts = parts
    this.admission = new Admission(() => this.#runners.map((runner) => runner.inquiries))
  }

  /** Read the list and all configurations. @throws StandinError `invalid` where the file can't be read */
  async read(): Promise<void> {
    const { read, offBecause, log, registry } = this.#parts
    const { file, plugins, faults } = await read()
    this.#file = file
    this.#faults = faults
    for (const { line, column, message } of faults) log.error({ file, line, column }, `the configuration of plugins: ${message}`)
    const runs = this.#countRuns()
    this.#runners = plugins.map((plugin) => {
      const child = log.child({ plugin: plugin.id }) as FastifyBaseLogger
      const onRun = (schedule: string, state: string) => runs.inc({ plugin: plugin.id, schedule, state })
      const off = offBecause?.(plugin.id) ?? null
      if (off !== null) child.error(off)
      return new PluginRunner({ ...plugin, off }, this.#parts, child, new BoundedMetrics(plugin.id, registry), onRun)
    })
  }

  /** Begin with the plugins, one after the other; nobody has to wait for that. */
  start(): void {
    // One of them may never return: that control is ready is said before.
    this.#started = nextTurn().then(() => this.#startAll())
  }

  /** Each plugin has begun, or failed to. */
  get started(): Promise<void> {
    return this.#started
  }

  /** No plugin has anything to do just now. */
  get idle(): boolean {
    return this.#runners.every((runner) => runner.idle)
  }

  async close(): Promise<void> {
    const last = this.#runners.map((runner) => runner.stop.bind(runner)).reverse()
    const stopped = (async () => {
      for (const stop of last) await stop()
      await this.#started
    })()
    await Promise.race([stopped, new Promise((done) => setTimeout(done, longestStopMs).unref())])
  }

  get list(): PluginList {
    return { items: this.#runners.map((runner) => runner.view), file: this.#file, faults: [...this.#faults] }
  }

  /** @throws StandinError `plugin_not_found` */
  view(id: string): PluginView {
    return this.#require(id).view
  }

  /** @throws StandinError `plugin_not_found` */
  runs(
    id: string,
    filter: { schedule?: string | undefined; limit: number; cursor?: string | undefined },
  ): { items: PluginRun[]; nextCursor: string | null } {
    this.#require(id)
    return this.#parts.runs.list(id, filter)
  }

  /** Which questions of control it answers, as far as it has been set up. @throws StandinError `plugin_not_found` */
  asked(id: string): { readonly admit: boolean; readonly section: boolean } {
    return this.#require(id).asked
  }

  /** What the plugins say of an environment. @param view of it, anew each time */
  sectionsOf(view: () => Environment): Promise<SectionList['items']> {
    return sectionsOf(
      this.#runners.map((runner) => runner.inquiries),
      view,
    )
  }

  /** What answers below `/v1/plugins/<id>`. @throws StandinError `plugin_not_found`, `plugin_failed`, `route_not_found` */
  async answerOf(id: string): Promise<PluginLife['answer']> {
    const runner = this.#require(id)
    await runner.tried
    if (!runner.up) {
      throw new StandinError('plugin_failed', runner.view.message ?? `plugin/${id} is ${runner.view.state}`, {
        hint: '`standin plugin list` shows how the plugins are',
      })
    }
    const { answer } = runner
    if (answer === undefined) throw new StandinError('route_not_found', `plugin ${id} has no routes`)
    return answer
  }

  async #startAll(): Promise<void> {
    for (const runner of this.#runners) await runner.start()
  }

  #require(id: string): PluginRunner {
    const runner = this.#runners.find((each) => each.id === id)
    if (runner !== undefined) return runner
    const ids = this.#runners.map((each) => each.id)
    throw new StandinError('plugin_not_found', `there is no plugin ${id.slice(0, 80)}${didYouMean(id.slice(0, 80), ids)}`, {
      hint: ids.length === 0 ? 'Name plugins in standin.config.yaml' : `There are ${ids.join(', ')}`,
    })
  }

  #countRuns(): Counter<'plugin' | 'schedule' | 'state'> {
    const { registry: register } = this.#parts
    const runners = () => this.#runners
    const registers = [register]
    new Gauge({
      name: 'standin_plugin_up',
      help: 'Whether a plugin runs',
      labelNames: ['plugin'],
      registers,
      collect() {
        for (const runner of runners()) this.set({ plugin: runner.id }, runner.up ? 1 : 0)
      },
    })
    new Gauge({
      name: 'standin_plugin_events_behind',
      help: 'Events that a plugin has yet to handle',
      labelNames: ['plugin'],
      registers,
      collect() {
        for (const runner of runners()) this.set({ plugin: runner.id }, runner.view.behind)
      },
    })
    return new Counter({
      name: 'standin_plugin_runs_total',
      help: 'Runs of schedules, by how they ended',
      labelNames: ['plugin', 'schedule', 'state'],
      registers,
    })
  }
}
