import { StandinError } from '@standin/client'
import type { Logger, Observed } from '@standin/core'
import type { Builds } from '../store/builds.ts'
import type { EnvironmentQueries } from '../store/environment-queries.ts'
import type { EventLog } from '../store/events.ts'
import { becauseOf } from '../store/reason.ts'
import type { Templates } from '../store/templates.ts'
import { adopt } from './adoption.ts'
import { KeyedQueue } from './keyed-queue.ts'
import { nextStep } from './next-step.ts'
import { Pass, type PassDependencies } from './pass.ts'
import type { ProviderRegistry } from './provider-registry.ts'
import { mayPass, Retries, type SlowRetries } from './retries.ts'
import { Semaphore } from './semaphore.ts'

export interface ReconcilerDependencies extends PassDependencies {
  readonly queries: EnvironmentQueries
  readonly templates: Templates
  readonly builds: Builds
  readonly events: EventLog
  readonly providers: ProviderRegistry
  readonly log: Logger
  /** How many environments per provider may be made or brought up at once. Default 8. */
  readonly heavyAtOnce?: number
  /** Told of every step that failed. */
  readonly onFailure?: (code: string) => void
  /** Waits before a step is tried again, ms; after the last one it has failed. */
  readonly retryDelaysMs?: readonly number[]
  /** Waits before a delete that has failed is tried again. */
  readonly slowRetries?: SlowRetries
}

const defaultRetryDelaysMs = [250, 1_000, 4_000, 15_000]
const defaultSlowRetries: SlowRetries = { firstMs: 60_000, mostMs: 3_600_000 }
const shutdownGraceMs = 5_000

/**
 * Brings every environment to what is wanted of it. It is level-triggered: what happens next follows from the store and
 * from what providers see, never from what it did before, so it may be killed at any moment.
 */
export class Reconciler {
  readonly #deps: ReconcilerDependencies
  readonly #queue: KeyedQueue
  readonly #retries: Retries
  readonly #heavy = new Map<string, Semaphore>()
  readonly #unsubscribes: (() => void)[] = []

  constructor(deps: ReconcilerDependencies) {
    this.#deps = deps
    this.#queue = new KeyedQueue((id, signal) => this.#reconcile(id, signal))
    const { retryDelaysMs = defaultRetryDelaysMs, slowRetries = defaultSlowRetries } = deps
    this.#retries = new Retries(retryDelaysMs, slowRetries, (id) => this.#queue.kick(id))
  }

  /** Compare the store with what is really there, and follow both from now on. The providers are open. */
  async start(): Promise<void> {
    const { events, providers } = this.#deps
    this.#unsubscribes.push(
      events.subscribe((committed) => {
        for (const { type, environment, data } of committed) {
          if (environment === null) continue
          if (type === 'environment.created') this.#queue.kick(environment)
          if (type === 'environment.desired') this.#wanted(environment, data.from !== data.to)
          if (type === 'environment.changed' && (data.fields as string[]).includes('services')) this.#queue.kick(environment)
        }
      }),
    )
    for (const [id, provider] of providers.entries()) {
      this.#unsubscribes.push(provider.onChange((observed) => this.#observed(id, observed)))
    }
    await adopt(this.#deps, (id) => this.#queue.kick(id))
  }

  /** Look at it again. */
  kick(id: number): void {
    this.#queue.kick(id)
  }

  /** Nothing is being done for any; a retry that waits is not being done. */
  get idle(): boolean {
    return this.#queue.empty
  }

  /** Until nothing is being done for it; a retry that waits is not being done. */
  async settled(id: number): Promise<void> {
    await this.#queue.idle(id)
  }

  /** Let running steps reach a point from which they can be taken again. */
  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribes.splice(0)) unsubscribe()
    this.#retries.close()
    await this.#queue.close(shutdownGraceMs)
  }

  #wanted(id: number, differs: boolean): void {
    this.#retries.forget(id)
    if (differs) this.#queue.interrupt(id)
    else this.#queue.kick(id)
  }

  /** A provider saw something change by itself, or by a call of ours. */
  #observed(provider: string, observed: Observed): void {
    try {
      const { environments, stacks } = this.#deps
      const record = environments.get(observed.id)
      if (record === undefined || record.purgedAt !== null || record.provider !== provider) return
      if (observed.state !== 'trashed' && observed.state !== 'absent') {
        environments.observe(observed.id, observed.instances, `provider:${provider}`)
      }
      // A pass that runs looks for itself after each of its steps.
      if (this.#queue.isRunning(observed.id)) return
      if (nextStep(record, observed, stacks.of(record).launch.length) !== null) this.#queue.kick(observed.id)
    } catch (error) {
      this.#deps.log.error({ err: error, environment: observed.id }, 'a change can not be written down')
      this.#retries.schedule(observed.id)
    }
  }

  async #reconcile(id: number, signal: AbortSignal): Promise<void> {
    try {
      const record = this.#deps.environments.get(id)
      if (record === undefined) return
      const provider = this.#deps.providers.get(record.provider)
      await new Pass(this.#deps, provider, this.#heavyOf(record.provider), id, signal).run()
      this.#retries.forget(id)
    } catch (error) {
      // Superseded, or shutting down: whatever it threw, the next pass sees how far it came.
      if (signal.aborted) return
      this.#failed(id, error)
    }
  }

  #failed(id: number, error: unknown): void {
    const { environments, log } = this.#deps
    log.warn({ err: error, environment: id }, `environment ${id}: a step failed`)
    this.#deps.onFailure?.(error instanceof StandinError ? error.code : 'internal')
    try {
      const record = environments.require(id)
      const because = becauseOf(error, error instanceof StandinError ? `provider:${record.provider}` : 'reconciler')
      if (mayPass(error)) {
        const delay = this.#retries.schedule(id)
        if (delay !== null) {
          const message = `${because.message}; trying again in ${delay} ms`
          environments.progress(id, { step: 'retry', host: null, status: 'failed', durationMs: null, message }, because.actor)
          return
        }
      }
      const unwanted = record.purgedAt !== null || record.desired === 'deleted'
      if (unwanted) this.#retries.scheduleSlowly(id)
      if (record.purgedAt !== null || record.state === 'failed') return
      environments.transition(id, 'failed', because)
      // A failure may leave something to do.
      if (!unwanted) this.#queue.kick(id)
    } catch (fault) {
      // The store itself can't be written, its disk is full say. The row still says what was wanted: look again later.
      log.error({ err: fault, environment: id }, `environment ${id}: a failure can not be written down`)
      setTimeout(() => this.#queue.kick(id), 5_000).unref()
    }
  }

  #heavyOf(provider: string): Semaphore {
    let semaphore = this.#heavy.get(provider)
    if (semaphore === undefined) {
      semaphore = new Semaphore(this.#deps.heavyAtOnce ?? 8)
      this.#heavy.set(provider, semaphore)
    }
    return semaphore
  }
}
