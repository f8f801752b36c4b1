import type { EnvironmentState } from '@standin/client'
import type { Clock, Logger } from '@standin/core'
import type { EnvironmentQueries } from '../store/environment-queries.ts'
import type { Environments } from '../store/environments.ts'
import type { EventLog } from '../store/events.ts'
import type { ProviderRegistry } from './provider-registry.ts'

export interface StorageMeterDependencies {
  readonly environments: Environments
  readonly queries: EnvironmentQueries
  readonly events: EventLog
  readonly providers: ProviderRegistry
  readonly clock: Clock
  readonly log: Logger
}

/** What runs is measured again after this time, and only then is it looked which do. */
const intervalMs = 5 * 60_000
/** A tree is walked for at most this share of the time, and a provider's trees together for at most that share of it. */
const shareOfOne = 1 / 100
const shareOfAll = 1 / 5
/** A walk that takes longer is given up. */
const patienceMs = 10 * 60_000
/** What runs writes all the time: less than both of these is no event. */
const leastChange = { bytes: 1 << 20, share: 1 / 100 }

const settled: ReadonlySet<EnvironmentState> = new Set(['running', 'suspended', 'stopped', 'deleted', 'failed'] as const)

/**
 * Measures the disk that environments hold, as `storageBytes`. When it is measured, and what it costs:
 *
 * - As soon as an environment has settled in another state: came up, was suspended, stopped (baking ends with that, too),
 *   put into the trash, failed. What neither runs nor changes its state holds what it held, and is never measured again.
 * - What runs: every five to ten minutes; a tree whose walk takes so long that this would be more than a hundredth of the
 *   time, less often. Such a measurement is an event only if it differs by 1 MiB and by one per cent.
 * - Whatever is running when control starts, within that time; what was never measured at once.
 *
 * One environment of a provider at a time, and none for four times as long as the last walk took. What is counted is the
 * provider's affair, see `ProviderHandle.storage`. The size of a template is measured once, when it is baked.
 */
export class StorageMeter {
  readonly #deps: StorageMeterDependencies
  /** When each one that runs is measured again, at the earliest. */
  readonly #again = new Map<number, number>()
  readonly #lines = new Map<string, MeasuringLine>()
  /** Cancels the next look. */
  #cancel: (() => void) | undefined
  #unsubscribe: () => void = () => {}

  constructor(deps: StorageMeterDependencies) {
    this.#deps = deps
  }

  start(): void {
    const { events, queries, providers, clock } = this.#deps
    const measures = new Set([...providers.entries()].flatMap(([id, { can }]) => (can.storage ? [id] : [])))
    this.#unsubscribe = events.subscribe((committed) => {
      for (const { type, environment, state } of committed) {
        if (environment === null || state === null) continue
        if (type === 'environment.state' && settled.has(state)) this.#settled(environment, state)
        if (type === 'environment.purged') this.#again.delete(environment)
      }
    })
    for (const { id, state, provider, storageBytes, provisioned } of queries.living()) {
      if (!measures.has(provider)) continue
      if (state === 'running') this.#again.set(id, clock.now())
      if (storageBytes === null && provisioned) this.#enqueue(id, 'settled')
    }
    this.#arm()
  }

  /** Nothing is being measured, and nothing waits for it. */
  get idle(): boolean {
    return [...this.#lines.values()].every((line) => line.idle)
  }

  async close(): Promise<void> {
    this.#unsubscribe()
    this.#cancel?.()
    await Promise.all([...this.#lines.values()].map((line) => line.close()))
  }

  #settled(id: number, state: EnvironmentState): void {
    if (state === 'running') this.#again.set(id, this.#deps.clock.now() + intervalMs)
    else this.#again.delete(id)
    this.#enqueue(id, 'settled')
    this.#arm()
  }

  #arm(): void {
    if (this.#again.size > 0) this.#cancel ??= this.#deps.clock.after(intervalMs, () => this.#look())
  }

  #look(): void {
    this.#cancel = undefined
    const now = this.#deps.clock.now()
    for (const [id, at] of this.#again) if (at <= now) this.#enqueue(id, 'running')
    this.#arm()
  }

  #enqueue(id: number, why: Occasion): void {
    const { environments, providers, log } = this.#deps
    const record = environments.get(id)
    if (record === undefined || record.purgedAt !== null) return
    const { provider } = record
    if (!providers.get(provider).can.storage) return
    let line = this.#lines.get(provider)
    if (line === undefined) {
      line = new MeasuringLine((each, occasion, signal) => this.#measure(each, occasion, signal), log)
      this.#lines.set(provider, line)
    }
    line.add(id, why)
  }

  async #measure(id: number, why: Occasion, signal: AbortSignal): Promise<void> {
    const { environments, providers, clock } = this.#deps
    const before = environments.get(id)
    if (before === undefined || before.purgedAt !== null) return
    const began = performance.now()
    const { bytes } = await providers.get(before.provider).storage(id, { signal })
    const tookMs = performance.now() - began
    if (this.#again.has(id)) this.#again.set(id, clock.now() + Math.max(intervalMs, tookMs / shareOfOne))
    const difference = Math.abs(bytes - (before.storageBytes ?? 0))
    const isSmall = difference < leastChange.bytes || difference < (before.storageBytes ?? 0) * leastChange.share
    if (why === 'running' && before.storageBytes !== null && isSmall) return
    environments.measured(id, bytes, `provider:${before.provider}`)
  }
}

/** Why something is measured: it came to rest in another state, or it runs on. */
type Occasion = 'settled' | 'running'

/** One after the other, with pauses. */
class MeasuringLine {
  readonly #measure: (id: number, why: Occasion, signal: AbortSignal) => Promise<void>
  readonly #log: Logger
  readonly #waiting = new Map<number, Occasion>()
  readonly #closing = new AbortController()
  #work: Promise<void> | undefined

  constructor(measure: (id: number, why: Occasion, signal: AbortSignal) => Promise<void>, log: Logger) {
    this.#measure = measure
    this.#log = log
  }

  get idle(): boolean {
    return this.#work === undefined
  }

  add(id: number, why: Occasion): void {
    if (this.#closing.signal.aborted) return
    if (this.#waiting.get(id) !== 'settled') this.#waiting.set(id, why)
    this.#work ??= this.#run().finally(() => {
      this.#work = undefined
    })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#work
  }

  async #run(): Promise<void> {
    const closing = this.#closing.signal
    for (const [id, why] of this.#waiting) {
      this.#waiting.delete(id)
      if (closing.aborted) return
      const began = performance.now()
      try {
        await this.#measure(id, why, AbortSignal.any([closing, AbortSignal.timeout(patienceMs)]))
      } catch (error) {
        if (closing.aborted) return
        this.#log.warn({ err: error, environment: id }, `the disk of environment ${id} can not be measured`)
      }
      await pause((performance.now() - began) * (1 / shareOfAll - 1), closing)
    }
  }
}

/** By the machine's clock: it is the machine that gets its rest. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms < 20 || signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}
