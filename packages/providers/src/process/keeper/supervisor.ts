import type { HostSpec } from '@standin/client'
import type { Observed, ObservedState } from '@standin/core'
import { Freeze } from './freeze.ts'
import { Gate } from './gate.ts'
import { type HostUnit, hostUnits } from './host-units.ts'
import type { Instance } from './instance.ts'
import { Leftovers } from './leftovers.ts'
import { type Failure, KeeperError, type Progress } from './protocol.ts'
import type { SupervisorOptions } from './supervisor-options.ts'

type Condition = HostSpec['dependsOn'][number]['condition']

/** Supervises the instances of one environment: order, conditions, suspension. */
export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #gate = new Gate()
  readonly #freeze: Freeze
  readonly #hosts: ReadonlyMap<string, HostUnit>
  readonly #leftovers: Leftovers
  readonly #desired = new Set<string>()
  /** Hosts that were up once since they were wanted: what restarts afterwards does not make the environment `starting`. */
  readonly #reached = new Set<string>()
  readonly #waiters = new Set<() => void>()
  #startedOnce: boolean
  #stopping = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#startedOnce = options.state.startedOnce
    this.#leftovers = new Leftovers(options.processes, options.sessionPids)
    this.#freeze = new Freeze(options.processes, this.#gate)
    const changed = (): void => {
      void this.#freeze.hold()
      this.#wake()
      options.changed()
    }
    this.#hosts = hostUnits({ ...options, gate: this.#gate, leftovers: this.#leftovers, changed })
  }

  get gate(): Gate {
    return this.#gate
  }

  get suspended(): boolean {
    return this.#gate.paused
  }

  /** Whether anything is wanted to run: an idle keeper may go. */
  get busy(): boolean {
    return this.#desired.size > 0 || this.#stopping
  }

  observed(): Observed {
    const instances = this.#all()
    const failure = instances.find(({ options, failure }) => failure !== null && this.#desired.has(options.host.name))?.failure ?? null
    return { id: this.#options.record.id, state: this.#state(failure), instances: instances.map(({ status }) => status), failure }
  }

  /** Pids of the instances' main processes, for telling whose a process is: they lead sessions of their own. */
  leaders(): ReadonlyMap<number, string> {
    return new Map(this.#all().flatMap(({ pid, options }) => (pid === null ? [] : [[pid, options.host.name] as const])))
  }

  /** Starts hosts and what they depend on, all at once where nothing has to wait; done when all are up. */
  async start(names: readonly string[] | null, onProgress: (progress: Progress) => void, signal: AbortSignal): Promise<void> {
    if (this.suspended) throw new KeeperError('state_conflict', 'the environment is suspended', 'resume it first')
    const wanted = this.#closure(names ?? [...this.#hosts.keys()])
    for (const name of wanted) {
      this.#desired.add(name)
      for (const instance of this.#host(name).instances) instance.forgive()
    }
    this.#startedOnce = true
    this.save()
    const given = new Set<string>()
    const results = wanted.map(async (name) => {
      try {
        await this.#bringUp(name, onProgress, signal)
      } catch (error) {
        if (signal.aborted) given.add(name)
        throw error
      }
    })
    try {
      await Promise.all(results)
    } finally {
      if (signal.aborted) {
        await Promise.allSettled(results)
        // What did not get to start is not wanted any more.
        for (const name of given) if (this.#host(name).instances.every(({ started }) => !started)) this.#desired.delete(name)
        this.save()
      }
      this.#options.changed()
    }
  }

  /** In reverse dependency order, then whatever is left in the environment. */
  async stop(): Promise<void> {
    this.resume()
    this.#stopping = true
    this.#desired.clear()
    this.#reached.clear()
    this.save()
    this.#wake()
    const stopped = new Map<string, Promise<void>>()
    const stopHost = (name: string): Promise<void> => {
      const known = stopped.get(name)
      if (known !== undefined) return known
      const dependants = [...this.#hosts.values()].filter(({ spec }) => spec.dependsOn.some(({ host }) => host === name))
      const done = Promise.all(dependants.map(({ spec }) => stopHost(spec.name))).then(async () => {
        await Promise.all(this.#host(name).instances.map((instance) => instance.stop()))
      })
      stopped.set(name, done)
      return done
    }
    await Promise.all([...this.#hosts.keys()].map(stopHost))
    await this.#leftovers.endAll()
    this.#stopping = false
    this.#options.changed()
  }

  /** Also in the middle of a start, which goes on when it is resumed. */
  async suspend(): Promise<void> {
    if (this.suspended) return
    if (this.#desired.size === 0) throw new KeeperError('state_conflict', `the environment is ${this.observed().state}`, 'start it first')
    await this.#freeze.begin()
    this.#options.changed()
  }

  resume(): void {
    if (!this.suspended) return
    this.#freeze.end()
    this.#wake()
    this.#options.changed()
  }

  /** A session's process ended, perhaps while everything is to stand still. */
  sessionEnded(): void {
    void this.#freeze.hold()
  }

  /** What sessions left running where nothing is wanted to run. */
  async endLeftovers(): Promise<void> {
    await this.#leftovers.endAll(() => !this.busy && this.#options.sessionPids().size === 0)
  }

  host(name: string): HostSpec {
    return this.#host(name).spec
  }

  save(): void {
    const restarts = Object.fromEntries(this.#all().map(({ options, restarts }) => [options.name, restarts]))
    this.#options.save({ version: 1, desired: [...this.#desired], startedOnce: this.#startedOnce, restarts })
  }

  #state(failure: Failure | null): ObservedState {
    if (this.suspended) return 'suspended'
    if (this.#desired.size === 0) return this.#startedOnce ? 'stopped' : 'created'
    if (failure !== null) return 'failed'
    return [...this.#desired].every((name) => this.#reached.has(name)) ? 'running' : 'starting'
  }

  async #bringUp(name: string, onProgress: (progress: Progress) => void, signal: AbortSignal): Promise<void> {
    const { spec, instances } = this.#host(name)
    const upAlready = instances.every(({ up }) => up)
    const since = performance.now()
    const report = (status: Progress['status'], message: string | null): void =>
      onProgress({
        host: name,
        step: 'start',
        status,
        durationMs: status === 'started' ? null : Math.round(performance.now() - since),
        message,
      })
    try {
      await Promise.all(spec.dependsOn.map((dependency) => this.#satisfied(dependency, signal)))
      if (!upAlready) report('started', null)
      await this.#untilOpen(name, signal)
      for (const instance of instances) instance.start()
      await this.#until(name, 'service_healthy', signal)
      this.#reached.add(name)
      if (!upAlready) report('done', null)
    } catch (error) {
      report('failed', (error as Error).message)
      throw error
    }
  }

  async #satisfied({ host, condition, required }: HostSpec['dependsOn'][number], signal: AbortSignal): Promise<void> {
    if (!this.#hosts.has(host)) return
    try {
      await this.#until(host, condition, signal)
    } catch (error) {
      if (required || signal.aborted) throw error
    }
  }

  #until(name: string, condition: Condition, signal: AbortSignal): Promise<void> {
    const { instances } = this.#host(name)
    return this.#when(name, signal, () => {
      const failure = instances.find(({ failure }) => failure !== null)?.failure ?? null
      if (failure !== null) throw new KeeperError(failure.code, failure.message)
      return instances.every(conditions[condition])
    })
  }

  /** Nothing may be started while everything stands still. */
  async #untilOpen(name: string, signal: AbortSignal): Promise<void> {
    while (this.suspended) await this.#when(name, signal, () => !this.suspended)
  }

  /** Waits for something to come true; every change of an instance, and a resume, looks anew. */
  #when(name: string, signal: AbortSignal, holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        this.#waiters.delete(look)
        signal.removeEventListener('abort', look)
        settle()
      }
      const look = (): void => {
        try {
          if (signal.aborted || this.#stopping) throw new KeeperError('interrupted', `the start of ${name} was given up`)
          if (holds()) finish(resolve)
        } catch (error) {
          finish(() => reject(error as Error))
        }
      }
      this.#waiters.add(look)
      signal.addEventListener('abort', look)
      look()
    })
  }

  #closure(names: readonly string[]): string[] {
    const found = new Set<string>()
    const add = (name: string): void => {
      if (found.has(name)) return
      found.add(name)
      for (const { host, required } of this.#host(name).spec.dependsOn) if (required || this.#hosts.has(host)) add(host)
    }
    for (const name of names) add(name)
    return [...found]
  }

  #host(name: string): HostUnit {
    const host = this.#hosts.get(name)
    if (host === undefined)
      throw new KeeperError('host_not_found', `there is no host "${name}"`, `there are: ${[...this.#hosts.keys()].join(', ')}`)
    return host
  }

  #all(): Instance[] {
    return [...this.#hosts.values()].flatMap(({ instances }) => instances)
  }

  #wake(): void {
    for (const look of [...this.#waiters]) look()
  }
}

const conditions: Readonly<Record<Condition, (instance: Instance) => boolean>> = {
  service_started: (instance) => instance.started,
  service_healthy: (instance) => instance.up,
  service_completed_successfully: (instance) => instance.completed,
}
