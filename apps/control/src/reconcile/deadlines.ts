import type { Clock, Logger } from '@standin/core'
import type { EnvironmentQueries } from '../store/environment-queries.ts'
import type { Environments } from '../store/environments.ts'
import type { EventLog } from '../store/events.ts'
import type { Faults } from '../store/faults.ts'

/** Longest wait between two looks: timers of Node end at 24.8 days, and clocks are set. */
const longestWaitMs = 3_600_000
const faultWaitMs = 10_000

/**
 * What happens by itself at a time: attachments lapse, the trash is emptied, injected faults end. The store's index is the sorted queue, one
 * timer waits for its first entry.
 */
export class Deadlines {
  readonly #environments: Environments
  readonly #queries: EnvironmentQueries
  readonly #faults: Faults
  readonly #events: EventLog
  readonly #clock: Clock
  readonly #log: Logger
  #cancel: () => void = () => {}
  #unsubscribe: () => void = () => {}

  constructor(environments: Environments, queries: EnvironmentQueries, faults: Faults, events: EventLog, clock: Clock, log: Logger) {
    this.#environments = environments
    this.#queries = queries
    this.#faults = faults
    this.#events = events
    this.#clock = clock
    this.#log = log
  }

  start(): void {
    const moving: ReadonlySet<string> = new Set(['environment.created', 'environment.changed', 'environment.state'])
    this.#unsubscribe = this.#events.subscribe((events) => {
      if (events.some((event) => moving.has(event.type))) this.arm()
    })
    this.work()
  }

  /** Everything that is due now. */
  work(): void {
    try {
      this.#expire()
      this.arm()
    } catch (error) {
      // A full disk, most likely: time does not run away.
      this.#log.error({ err: error }, 'what is due can not be written down')
      this.#wait(faultWaitMs)
    }
  }

  /** Look at the next deadline again: one was set. */
  arm(): void {
    const next = Math.min(this.#queries.nextDeadline() ?? Infinity, this.#faults.nextExpiry() ?? Infinity)
    if (next === Infinity) this.#cancel()
    else this.#wait(Math.min(Math.max(next - this.#clock.now(), 0), longestWaitMs))
  }

  close(): void {
    this.#unsubscribe()
    this.#cancel()
  }

  #expire(): void {
    this.#faults.expire('reconciler')
    const { lapsed, purgeable } = this.#queries.dueAt(this.#clock.now())
    for (const { id, expiresAt } of lapsed) {
      const message = `it was attached until ${new Date(expiresAt ?? 0).toISOString()} and was not renewed`
      this.#environments.want(id, 'deleted', { actor: 'reconciler', message }, { purge: true })
    }
    for (const { id } of purgeable) {
      this.#environments.want(id, 'deleted', { actor: 'reconciler', message: 'its time in the trash is over' }, { purge: true })
    }
  }

  #wait(ms: number): void {
    this.#cancel()
    this.#cancel = this.#clock.after(ms, () => this.work())
  }
}
