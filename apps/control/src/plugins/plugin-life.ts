import { AsyncLocalStorage } from 'node:async_hooks'
import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { namePattern, type PluginSchedule, StandinError } from '@standin/client'
import { type Clock, type Logger, type Plugin, type PluginContext, type PluginHooks, sleep } from '@standin/core'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { PluginCursors } from '../store/plugin-cursors.ts'
import type { PluginRuns, RunEnd } from '../store/plugin-runs.ts'
import type { PluginValues } from '../store/plugin-values.ts'
import type { Tokens } from '../store/tokens.ts'
import { EventDelivery, stopping } from './event-delivery.ts'
import type { ControlLink, EventSource } from './event-source.ts'
import { HungCall, limitedCall } from './limited-call.ts'
import { pluginClient } from './plugin-client.ts'
import { PluginLog } from './plugin-log.ts'
import type { BoundedMetrics } from './plugin-metrics.ts'
import { type Authenticate, buildPluginServer } from './plugin-server.ts'
import { BoundedStore } from './plugin-store.ts'
import type { PluginTurns } from './plugin-turns.ts'
import { ScheduleLoop } from './schedule-loop.ts'

/** How long a plugin may take, ms. */
export interface PluginLimits {
  readonly setupMs: number
  readonly startMs: number
  readonly eventMs: number
  /** Somebody waits for these: an answer that comes later is none. */
  readonly admitMs: number
  readonly sectionMs: number
  /** From when a call's signal fires until it counts as hung. */
  readonly graceMs: number
  /** For `drain`, and again for `stop`. */
  readonly stopMs: number
}

export const pluginLimits: PluginLimits = {
  setupMs: 10_000,
  startMs: 30_000,
  eventMs: 30_000,
  admitMs: 2_000,
  sectionMs: 1_000,
  graceMs: 5_000,
  stopMs: 2_000,
}

/** What lives of a plugin share. */
export interface PluginHouse {
  readonly events: EventSource
  readonly cursors: PluginCursors
  readonly runs: PluginRuns
  readonly values: PluginValues
  /** What its client shows. */
  readonly tokens: Pick<Tokens, 'lend' | 'takeBack'>
  /** For its routes. */
  readonly authenticate: Authenticate
  /** Only where control is another process. */
  readonly link?: ControlLink
  readonly clock: Clock
  readonly limits: PluginLimits
  /** Of the API. */
  readonly url: () => string
}

/** What outlives one life of a plugin. */
export interface PluginBelongings {
  readonly log: FastifyBaseLogger
  readonly metrics: BoundedMetrics
  readonly turns: PluginTurns
  readonly onRun: (schedule: string, state: RunEnd) => void
  /** Why the call that it is in does not succeed; null: it does. */
  readonly onTrouble: (message: string | null) => void
  readonly onHealth: (message: string | null) => void
}

/** Which plugin code runs for: what nobody catches is laid at its door. */
export const runningPlugin = new AsyncLocalStorage<PluginLife>()

/**
 * A plugin from `setup` to `stop`. It ends when it is stopped, or by itself when one of its calls hangs; what is left of its
 * code can do nothing then: everything that it was given refuses.
 */
export class PluginLife {
  readonly #plugin: Plugin
  readonly #config: unknown
  readonly #house: PluginHouse
  readonly #own: PluginBelongings
  readonly #ended = new AbortController()
  readonly #quiet = new AbortController()
  readonly #failed = Promise.withResolvers<never>()
  #phase: 'setup' | 'started' = 'setup'
  #hooks: PluginHooks = {}
  #token = ''
  #server: FastifyInstance | undefined
  #delivery: EventDelivery | undefined
  #schedules: readonly ScheduleLoop[] = []
  #loops: Promise<unknown>[] = []

  constructor(plugin: Plugin, config: unknown, house: PluginHouse, own: PluginBelongings) {
    this.#plugin = plugin
    this.#config = config
    this.#house = house
    this.#own = own
    this.#failed.promise.catch(() => {})
  }

  /** Set up and begin. @throws what the plugin throws, StandinError `timeout`, HungCall; `end` has to be called then, too */
  async begin(): Promise<void> {
    const { limits, events, cursors, clock, link } = this.#house
    const { id } = this.#plugin
    const [quiet, ended] = [this.#quiet.signal, this.#ended.signal]
    await this.prepare()
    const { onEvent, onEventsLost, start } = this.#hooks
    if (onEvent !== undefined || onEventsLost !== undefined) {
      const { log, onTrouble } = this.#own
      const callLimits = { limitMs: limits.eventMs, graceMs: limits.graceMs }
      this.#delivery = new EventDelivery({
        ...{ plugin: id, hooks: this.#hooks, events, link, cursors, clock, log, limits: callLimits, quiet, ended, onTrouble },
      })
      this.#delivery.begin()
    }
    this.#phase = 'started'
    await this.#call('start', limits.startMs, () => start?.call(this.#hooks, ended))
    quiet.throwIfAborted()
    for (const loop of [this.#delivery, ...this.#schedules]) {
      if (loop === undefined) continue
      const run = runningPlugin.run(this, () => loop.run())
      run.catch((error: unknown) => this.fail(error))
      this.#loops.push(run.catch(() => {}))
    }
  }

  /** Set up, without beginning: its schedules and routes are read. @throws as `begin` does */
  async prepare(): Promise<void> {
    const { limits, tokens, authenticate } = this.#house
    const { id } = this.#plugin
    this.#token = tokens.lend({ name: id, actor: `plugin:${id}`, scope: this.#plugin.scope ?? 'write' })
    this.#hooks = (await this.#call('setup', limits.setupMs, () => this.#plugin.setup(this.#context(), this.#config))) ?? {}
    this.#schedules = this.#readSchedules()
    const { routes } = this.#hooks
    if (routes === undefined) return
    const { log } = this.#own
    this.#server = await this.#call('routes', limits.setupMs, () => buildPluginServer(id, routes, authenticate, log))
  }

  get id(): string {
    return this.#plugin.id
  }

  /** Rejects when it ends by itself. */
  get failed(): Promise<never> {
    return this.#failed.promise
  }

  /** Something that nobody caught, or that will not return: its life is over. */
  fail(error: unknown): void {
    this.#failed.reject(error)
  }

  /** It has nothing to do just now. */
  get idle(): boolean {
    return (this.#delivery?.idle ?? true) && this.#schedules.every((schedule) => schedule.idle)
  }

  get delivery(): EventDelivery | undefined {
    return this.#delivery
  }

  get schedules(): PluginSchedule[] {
    return this.#schedules.map((schedule) => schedule.view)
  }

  /** What of it control asks while somebody waits. */
  get asked(): { readonly admit: boolean; readonly section: boolean } {
    return { admit: this.#hooks.admit !== undefined, section: this.#hooks.section !== undefined }
  }

  get hooks(): PluginHooks {
    return this.#hooks
  }

  /**
   * Call it while somebody waits, who waits for `limitMs` and no longer; that it returns at all is still seen to.
   * @throws what it throws; StandinError `timeout`
   */
  async ask<T>(what: string, limitMs: number, work: (signal: AbortSignal) => T | Promise<T>): Promise<T> {
    const call = this.#call(what, limitMs, work)
    call.catch((error: unknown) => {
      if (error instanceof HungCall) this.fail(error)
    })
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => late.reject(new StandinError('timeout', `${what} took longer than ${limitMs} ms`)), limitMs)
    try {
      return await Promise.race([call, late.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  get hasRoutes(): boolean {
    return this.#server !== undefined
  }

  /** Hand it a request. What comes of that later, from a timer, a promise or a listener, is laid at its door, too. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    for (const each of [request, response]) this.#contain(each)
    runningPlugin.run(this, () => this.#server?.routing(request, response))
  }

  /** Its listeners are called from outside of its code. */
  #contain(emitter: EventEmitter): void {
    const emit = emitter.emit.bind(emitter)
    emitter.emit = (...event: Parameters<EventEmitter['emit']>) => {
      try {
        return runningPlugin.run(this, emit, ...event)
      } catch (error) {
        this.fail(error)
        return true
      }
    }
  }

  /** Let what is under way finish, then end it. Never throws. @param abruptly it hung, or never began: wait for nothing */
  async end(abruptly = false): Promise<void> {
    const { limits, tokens } = this.#house
    this.#quiet.abort(stopping())
    if (!abruptly) {
      const drained = Promise.all([...this.#loops, this.#quietly('drain', limits.stopMs, () => this.#hooks.drain?.())])
      await Promise.race([drained, new Promise((done) => setTimeout(done, limits.stopMs))])
    }
    this.#ended.abort(stopping())
    if (!abruptly) await Promise.race([Promise.all(this.#loops), new Promise((done) => setTimeout(done, limits.graceMs))])
    if (this.#phase === 'started') await this.#quietly('stop', limits.stopMs, () => this.#hooks.stop?.())
    const server = this.#server
    this.#server = undefined
    if (server !== undefined) await this.#quietly('closing the routes', limits.stopMs, () => server.close())
    tokens.takeBack(this.#token)
  }

  async #call<T>(what: string, limitMs: number, work: (signal: AbortSignal) => T | Promise<T>): Promise<T> {
    const { graceMs } = this.#house.limits
    this.#ended.signal.throwIfAborted()
    return runningPlugin.run(this, () => limitedCall(what, { limitMs, graceMs }, this.#ended.signal, work))
  }

  /** At the end: its signal has fired, so time is all there is. */
  async #quietly(what: string, limitMs: number, work: () => unknown): Promise<void> {
    try {
      const never = new AbortController().signal
      await runningPlugin.run(this, () => limitedCall(what, { limitMs, graceMs: 0 }, never, async () => void (await work())))
    } catch (error) {
      this.#own.log.warn({ err: error }, `plugin ${this.#plugin.id}: ${what} failed`)
    }
  }

  #readSchedules(): ScheduleLoop[] {
    const { runs, clock, link, limits } = this.#house
    const schedules = this.#hooks.schedules ?? []
    const seen = new Set<string>()
    return schedules.map((schedule) => {
      if (!new RegExp(namePattern).test(schedule.id))
        throw new StandinError('invalid', `schedule ${schedule.id}: its id is not a DNS label`)
      if (seen.has(schedule.id)) throw new StandinError('invalid', `schedule ${schedule.id}: there are two of this id`)
      seen.add(schedule.id)
      return new ScheduleLoop(schedule, {
        ...{ plugin: this.#plugin.id, runs, clock, link, log: this.#own.log, graceMs: limits.graceMs },
        ...{ quiet: this.#quiet.signal, ended: this.#ended.signal, onRun: (state: RunEnd) => this.#own.onRun(schedule.id, state) },
      })
    })
  }

  #context(): PluginContext {
    const { values, clock, url, link } = this.#house
    const { id } = this.#plugin
    const { log, metrics, turns, onHealth } = this.#own
    const ended = this.#ended.signal
    const onLost = link === undefined ? undefined : () => link.noteLost()
    const parts = { url: url(), token: this.#token, turns, ended, plugin: id, onLost, inSetup: () => this.#phase === 'setup' }
    return {
      id,
      client: pluginClient(parts),
      log: new PluginLog(log as Logger, turns, ended),
      clock: {
        now: () => clock.now(),
        sleep: (ms, signal) => sleep(clock, ms, signal === undefined ? ended : AbortSignal.any([signal, ended])),
      },
      store: new BoundedStore(id, values, turns.values, ended),
      metrics,
      health: {
        ok: () => this.#report(null, onHealth),
        degraded: (message) => this.#report(String(message).slice(0, 500), onHealth),
      },
    }
  }

  #report(message: string | null, onHealth: (message: string | null) => void): void {
    if (!this.#ended.signal.aborted) onHealth(message)
  }
}
