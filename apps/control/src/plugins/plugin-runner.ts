import type { PluginSchedule, Plugin as PluginView } from '@standin/client'
import { delayBefore } from '@standin/client/backoff'
import { sleep } from '@standin/core'
import type { FastifyBaseLogger } from 'fastify'
import type { RunEnd } from '../store/plugin-runs.ts'
import { stopping } from './event-delivery.ts'
import { Inquiries } from './inquiries.ts'
import { HungCall } from './limited-call.ts'
import { type PluginHouse, PluginLife } from './plugin-life.ts'
import type { BoundedMetrics } from './plugin-metrics.ts'
import { PluginTurns } from './plugin-turns.ts'
import type { ConfiguredPlugin } from './read-plugins.ts'

type State = PluginView['state']

/** What may follow what. */
const transitions: Readonly<Record<State, readonly State[]>> = {
  invalid: [],
  stopped: ['starting'],
  starting: ['running', 'waiting', 'stopping'],
  running: ['waiting', 'stopping'],
  waiting: ['starting', 'stopping'],
  stopping: ['stopped'],
}

const backoff = { first: 1_000, max: 300_000 }
/** After so long a life, the next failure counts as the first, ms. */
const longLifeMs = 600_000

interface RunnablePlugin extends ConfiguredPlugin {
  /** Why it is not to be begun, in words; null: it may. */
  readonly off: string | null
}

/** One plugin of the list: gives it a life, and another one after a while when that ends by itself. */
export class PluginRunner {
  readonly id: string
  readonly #configured: RunnablePlugin
  readonly #house: PluginHouse
  readonly #log: FastifyBaseLogger
  readonly #metrics: BoundedMetrics
  readonly #onRun: (schedule: string, state: RunEnd) => void
  readonly #turns = new PluginTurns()
  readonly #stop = new AbortController()
  readonly #tried = Promise.withResolvers<void>()
  readonly inquiries: Inquiries
  #state: State
  #since: number | null = null
  #life: PluginLife | undefined
  #ending: Promise<void> = Promise.resolve()
  #restarts = 0
  #failure: string | null = null
  #trouble: string | null = null
  #degraded: string | null = null

  constructor(
    configured: RunnablePlugin,
    house: PluginHouse,
    log: FastifyBaseLogger,
    metrics: BoundedMetrics,
    onRun: (schedule: string, state: RunEnd) => void,
  ) {
    this.id = configured.id
    this.#configured = configured
    this.#house = house
    this.#log = log
    this.#metrics = metrics
    this.#onRun = onRun
    this.#state = configured.plugin === undefined ? 'invalid' : 'stopped'
    this.inquiries = new Inquiries({
      ...{ plugin: this.id, clock: house.clock, log, limits: house.limits, tried: () => this.tried },
      running: () => {
        const life = this.#state === 'running' ? this.#life : undefined
        return life === undefined ? undefined : { hooks: life.hooks, ask: life.ask.bind(life) }
      },
    })
    this.#failure = configured.off
    if (configured.plugin === undefined) this.#failure = configured.faults.map(({ message, line }) => `line ${line}: ${message}`).join('; ')
  }

  /** Begin. @returns once it runs, or failed for the first time */
  start(): Promise<void> {
    if (this.#neverBegins) return Promise.resolve()
    this.#ending = this.#live()
    return this.#tried.promise
  }

  async stop(): Promise<void> {
    this.#stop.abort(stopping())
    await this.#ending
  }

  /** It has begun, or failed to. */
  get tried(): Promise<void> {
    return this.#neverBegins ? Promise.resolve() : this.#tried.promise
  }

  get #neverBegins(): boolean {
    return this.#state === 'invalid' || this.#configured.off !== null
  }

  get idle(): boolean {
    return this.#state !== 'starting' && this.#state !== 'stopping' && (this.#life?.idle ?? true)
  }

  get up(): boolean {
    return this.#state === 'running'
  }

  get asked(): PluginLife['asked'] {
    return this.#life?.asked ?? { admit: false, section: false }
  }

  /** What answers its requests; undefined: it does not run, or has no routes. */
  get answer(): PluginLife['answer'] | undefined {
    const life = this.#state === 'running' ? this.#life : undefined
    return life?.hasRoutes ? life.answer.bind(life) : undefined
  }

  get view(): PluginView {
    const { events, values } = this.#house
    const { plugin, use } = this.#configured
    const trouble = this.#failure ?? this.#trouble ?? this.#house.link?.trouble ?? null
    const schedules = this.#life?.schedules ?? []
    const degraded = this.#degraded ?? this.inquiries.trouble ?? this.#turns.flood ?? failureIn(this.id, schedules)
    const message = trouble ?? degraded
    const cursor = this.#life?.delivery?.cursor ?? null
    return {
      id: this.id,
      use,
      summary: plugin?.summary ?? null,
      state: this.#state,
      since: this.#since === null ? null : new Date(this.#since).toISOString(),
      health: trouble !== null ? 'failing' : degraded !== null ? 'degraded' : 'ok',
      message,
      restarts: this.#restarts,
      cursor,
      behind: cursor === null ? 0 : Math.max(0, events.last - cursor),
      schedules,
      stored: { ...values.sizeOf(this.id) },
      throttled: { logLines: this.#turns.droppedLines, waitedMs: this.#turns.waitedMs },
    }
  }

  async #live(): Promise<void> {
    const { clock } = this.#house
    const stopped = new Promise<'stopped'>((resolve) =>
      this.#stop.signal.addEventListener('abort', () => resolve('stopped'), { once: true }),
    )
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      this.#enter('starting')
      const startedAt = clock.now()
      const life = this.#newLife()
      this.#life = life
      try {
        await Promise.race([life.begin(), life.failed, stopped])
        if (!this.#stop.signal.aborted) {
          this.#failure = null
          this.#enter('running')
          this.#tried.resolve()
          await Promise.race([life.failed, stopped])
        }
        this.#enter('stopping')
        await life.end()
      } catch (error) {
        this.#failure = `plugin/${this.id}: ${(error as Error)?.message ?? error}`
        if (clock.now() - startedAt > longLifeMs) attempt = 0
        const waitMs = Math.round(delayBefore(attempt, backoff))
        this.#log.error({ err: error, waitMs }, `${this.#failure}; it is begun anew in ${waitMs} ms`)
        this.#enter('waiting')
        await life.end(error instanceof HungCall)
        this.#trouble = null
        this.#life = undefined
        this.#tried.resolve()
        await sleep(clock, waitMs, this.#stop.signal).catch(() => {})
        this.#restarts += this.#stop.signal.aborted ? 0 : 1
      }
    }
    this.#tried.resolve()
    if (this.#state === 'stopped') return
    if (this.#state !== 'stopping') this.#enter('stopping')
    this.#enter('stopped')
    this.#life = undefined
  }

  #newLife(): PluginLife {
    const { plugin, config } = this.#configured
    if (plugin === undefined) throw new Error(`${this.id} has no plugin`)
    return new PluginLife(plugin, config, this.#house, {
      log: this.#log,
      metrics: this.#metrics,
      turns: this.#turns,
      onRun: this.#onRun,
      onTrouble: (message) => {
        this.#trouble = message === null ? null : `plugin/${this.id}: ${message}`
      },
      onHealth: (message) => {
        this.#degraded = message
      },
    })
  }

  #enter(state: State): void {
    if (!transitions[this.#state].includes(state)) throw new Error(`plugin ${this.id} can not become ${state}: it is ${this.#state}`)
    this.#state = state
    this.#since = this.#house.clock.now()
  }
}

/** Why the last run of a schedule was none that succeeded; null: all did. */
function failureIn(plugin: string, schedules: readonly PluginSchedule[]): string | null {
  for (const { id, lastRun } of schedules) {
    if (lastRun?.state === 'failed' || lastRun?.state === 'timed-out')
      return `plugin/${plugin}: the last run of ${id} failed: ${lastRun.error}`.slice(0, 500)
  }
  return null
}
