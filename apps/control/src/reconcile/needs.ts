import type { EnvironmentState } from '@standin/client'
import { suspendLabels } from '@standin/client/suspend-labels'
import type { EnvironmentQueries } from '../store/environment-queries.ts'
import type { EnvironmentRecord } from '../store/environment-record.ts'
import type { Environments } from '../store/environments.ts'
import type { EventLog } from '../store/events.ts'

/** What has not come up after this time is not waited for any longer, ms. */
const patienceMs = 60_000
/** Further ones that a label names are passed over. */
const mostNeeded = 32
const mostVisited = 200

/** These are over with coming up, well or not. */
const arrived: ReadonlySet<EnvironmentState> = new Set(['running', 'failed'] as const)

type Needing = Pick<EnvironmentRecord, 'id' | 'labels'>

/**
 * Which environments another one needs, by its label `suspend.needs`: they are woken with it, and run before it does. Those
 * that need each other in a circle don't wait for each other.
 */
export class Needs {
  readonly #environments: Environments
  readonly #queries: EnvironmentQueries
  readonly #events: EventLog
  readonly #patienceMs: number

  constructor(environments: Environments, queries: EnvironmentQueries, events: EventLog, longestMs = patienceMs) {
    this.#environments = environments
    this.#queries = queries
    this.#events = events
    this.#patienceMs = longestMs
  }

  /** Those that it needs itself, and that don't need it. */
  of(environment: Needing): EnvironmentRecord[] {
    return this.#direct(environment).filter((each) => !this.#reaches(each, environment.id))
  }

  /** Those, what they need, and so on: what is needed comes before what needs it. */
  allOf(environment: Needing): EnvironmentRecord[] {
    const found = new Map<number, EnvironmentRecord>()
    const visit = (each: EnvironmentRecord) => {
      if (found.has(each.id) || found.size >= mostVisited) return
      for (const next of this.of(each)) visit(next)
      found.set(each.id, each)
    }
    for (const each of this.of(environment)) visit(each)
    return [...found.values()]
  }

  /** Those that are on their way, and that it has to wait for. */
  pending(environment: Needing): EnvironmentRecord[] {
    return this.of(environment).filter(({ desired, state }) => desired === 'running' && !arrived.has(state))
  }

  /**
   * Until none is pending any more.
   * @returns those that were still pending after a minute
   * @throws the signal's reason
   */
  async settled(environment: Needing, signal: AbortSignal): Promise<EnvironmentRecord[]> {
    const over = Promise.withResolvers<void>()
    const look = () => {
      if (this.pending(environment).length === 0) over.resolve()
    }
    const unsubscribe = this.#events.subscribe((committed) => {
      if (committed.some(({ type }) => type === 'environment.state' || type === 'environment.desired')) look()
    })
    const timer = setTimeout(over.resolve, this.#patienceMs)
    signal.addEventListener('abort', () => over.resolve(), { once: true })
    look()
    try {
      await over.promise
    } finally {
      unsubscribe()
      clearTimeout(timer)
    }
    signal.throwIfAborted()
    return this.pending(environment)
  }

  #direct({ id, labels }: Needing): EnvironmentRecord[] {
    const refs = (labels[suspendLabels.needs] ?? '').split(/[\s,]+/).filter((ref) => ref !== '')
    return refs.slice(0, mostNeeded).flatMap((ref) => {
      const found = /^[0-9]{1,15}$/.test(ref) ? this.#environments.get(Number(ref)) : this.#queries.byName(ref)
      return found === undefined || found.id === id || found.desired === 'deleted' ? [] : [found]
    })
  }

  #reaches(from: EnvironmentRecord, goal: number): boolean {
    const seen = new Map([[from.id, from]])
    for (const each of seen.values()) {
      if (each.id === goal) return true
      if (seen.size >= mostVisited) return false
      for (const next of this.#direct(each)) seen.set(next.id, next)
    }
    return false
  }
}
