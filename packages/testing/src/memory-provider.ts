import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type Ability, type HostSpec, type LogLine, StandinError } from '@standin/client'
import type {
  EnvironmentSpec,
  ExecSession,
  InstanceStatus,
  Observed,
  ObservedState,
  Provider,
  ProviderHandle,
  RunRequest,
  RunResult,
} from '@standin/core'
import Type from 'typebox'

type Call = Exclude<keyof ProviderHandle, 'can' | 'notes' | 'onChange' | 'close'>

interface MemoryEnvironment {
  readonly spec: EnvironmentSpec
  state: Exclude<ObservedState, 'absent'>
  failure: Observed['failure']
  readonly up: Map<string, { generation: number; exited: boolean }>
}

/**
 * A machine in memory: what a provider makes there outlives the provider's handle, as processes outlive control. Tests
 * make its calls fail, hold them, or let control die between any two of them.
 */
export class MemoryWorld {
  readonly environments = new Map<number, MemoryEnvironment>()
  readonly snapshots = new Map<string, EnvironmentSpec>()
  /** Every call that had its effect, in order: `start 1001 db`. */
  readonly calls: string[] = []
  /** How a step ends, by its name; default: exit code 0. */
  readonly stepResults = new Map<string, Partial<RunResult>>()
  /** What a step prints, by its name. */
  readonly stepLines = new Map<string, readonly string[]>()
  /** What a step got on its standard input, by its name. */
  readonly stepInputs = new Map<string, string>()
  /** Disk that an environment holds, by its configId; default 4096. */
  readonly storageBytes = new Map<number, number>()
  readonly #faults: { call: Call; error: Error }[] = []
  readonly #held = new Map<Call, { released: Promise<void>; release: () => void; reached: () => void }>()
  #boundaries = 0
  #dieAt = Number.POSITIVE_INFINITY
  #generation = 0
  #onDeath: () => void = () => {}

  /** The next call of this name throws, once, before it has an effect. */
  fail(call: Call, error: Error): void {
    this.#faults.push({ call, error })
  }

  /** Calls of this name wait from now on. `reached` resolves when the first one does. */
  hold(call: Call): { reached: Promise<void>; release: () => void } {
    const released = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    const release = () => {
      this.#held.delete(call)
      released.resolve()
    }
    this.#held.set(call, { released: released.promise, release, reached: reached.resolve })
    return { reached: reached.promise, release }
  }

  /**
   * Control dies at the n-th boundary from now (each call has two: before and after its effect): that call and all that
   * come after it through the same handle never return.
   * @returns resolves when it died
   */
  dieAt(boundary: number): Promise<void> {
    this.#boundaries = 0
    this.#dieAt = boundary
    return new Promise((died) => {
      this.#onDeath = died
    })
  }

  live(): void {
    this.#dieAt = Number.POSITIVE_INFINITY
  }

  /** @returns true when whoever called is dead by now */
  crossBoundary(): boolean {
    this.#boundaries += 1
    if (this.#boundaries < this.#dieAt) return false
    this.#onDeath()
    return true
  }

  async enter(call: Call, signal?: AbortSignal): Promise<void> {
    const fault = this.#faults.findIndex((each) => each.call === call)
    if (fault >= 0) throw this.#faults.splice(fault, 1)[0]?.error
    const held = this.#held.get(call)
    if (held === undefined) return
    held.reached()
    const aborted = new Promise<never>((_, fail) => signal?.addEventListener('abort', () => fail(signal.reason), { once: true }))
    await Promise.race([held.released, aborted])
  }

  nextGeneration(): number {
    this.#generation += 1
    return this.#generation
  }

  /** An instance ends by itself. */
  exit(id: number, host: string): void {
    const environment = this.environments.get(id)
    const process = environment?.up.get(host)
    if (environment === undefined || process === undefined) throw new Error(`nothing runs as ${host} in ${id}`)
    process.exited = true
    environment.state = 'failed'
    environment.failure = { code: 'host_failed', message: `host ${host} of environment ${id} exited with code 1` }
  }

  /** The machine restarts: files stay, processes don't. */
  restart(): void {
    for (const environment of this.environments.values()) {
      environment.up.clear()
      if (['running', 'suspended', 'starting', 'failed'].includes(environment.state)) environment.state = 'stopped'
      environment.failure = null
    }
  }
}

/** A provider on `world`. Honest: what it is asked for is what can be observed afterwards, and nothing else. */
export function memoryProvider(world: MemoryWorld, id = 'memory'): Provider {
  return { id, config: Type.Object({}), open: async () => new MemoryHandle(world) }
}

class MemoryHandle implements ProviderHandle {
  readonly can: Readonly<Record<Ability, boolean>> = {
    suspend: true,
    snapshot: true,
    exec: true,
    logs: true,
    stats: true,
    limits: false,
    storage: true,
    share: true,
  }
  readonly notes = ['kept in memory, for tests']
  readonly #world: MemoryWorld
  readonly #listeners = new Set<(observed: Observed) => void>()
  #dead = false

  constructor(world: MemoryWorld) {
    this.#world = world
  }

  async list(): Promise<readonly Observed[]> {
    return [...this.#world.environments.keys()].map((id) => this.#look(id))
  }

  observe(id: number): Promise<Observed> {
    return this.#call('observe', () => this.#look(id))
  }

  onChange(listener: (observed: Observed) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  create(spec: EnvironmentSpec, options: { signal?: AbortSignal } = {}): Promise<Observed> {
    return this.#change('create', spec.id, options.signal, () => {
      const { environments } = this.#world
      if (!environments.has(spec.id)) environments.set(spec.id, { spec, state: 'created', failure: null, up: new Map() })
    })
  }

  start(id: number, options: { hosts?: readonly string[]; signal?: AbortSignal } = {}): Promise<Observed> {
    return this.#change('start', id, options.signal, () => {
      const environment = this.#require(id)
      if (environment.state === 'trashed' || environment.state === 'suspended') throw conflict(id, environment.state, 'started')
      const all = environment.spec.stack.hosts
      const wanted = options.hosts === undefined ? all.map((host) => host.name) : closure(all, options.hosts)
      for (const host of wanted) {
        const process = environment.up.get(host)
        if (process === undefined || process.exited) {
          environment.up.set(host, { generation: this.#world.nextGeneration(), exited: false })
        }
      }
      environment.state = environment.up.size === all.length ? 'running' : 'starting'
      environment.failure = null
    })
  }

  suspend(id: number): Promise<Observed> {
    return this.#move('suspend', id, ['running', 'suspended'], 'suspended')
  }

  resume(id: number): Promise<Observed> {
    return this.#move('resume', id, ['suspended', 'running'], 'running')
  }

  stop(id: number, options: { signal?: AbortSignal } = {}): Promise<Observed> {
    return this.#change('stop', id, options.signal, () => {
      const environment = this.#require(id)
      if (environment.state === 'trashed') throw conflict(id, environment.state, 'stopped')
      environment.up.clear()
      environment.failure = null
      environment.state = 'stopped'
    })
  }

  async trash(id: number): Promise<void> {
    await this.#move('trash', id, ['created', 'stopped', 'trashed'], 'trashed')
  }

  restore(id: number): Promise<Observed> {
    return this.#move('restore', id, ['trashed', 'stopped'], 'stopped')
  }

  async purge(id: number): Promise<void> {
    await this.#change('purge', id, undefined, () => {
      this.#world.environments.delete(id)
    })
  }

  async run(id: number, request: RunRequest): Promise<RunResult> {
    const { step, input } = request
    if (input !== undefined) this.#world.stepInputs.set(step.name, typeof input === 'string' ? input : await text(input))
    return this.#call(
      'run',
      () => {
        this.#require(id)
        this.#world.calls.push(`step ${step.name} ${id}`)
        for (const line of this.#world.stepLines.get(step.name) ?? []) request.onLine?.('stdout', line)
        return { exitCode: 0, signal: null, timedOut: false, tail: [], ...this.#world.stepResults.get(step.name) }
      },
      request.signal,
    )
  }

  /** Gives back what it is sent, and ends with it. */
  exec(id: number): Promise<ExecSession> {
    return this.#call('exec', () => {
      this.#require(id)
      const echo = new PassThrough()
      const stderr = new PassThrough()
      const exited = new Promise<{ exitCode: number; signal: null }>((done) =>
        echo.once('end', () => {
          stderr.end()
          done({ exitCode: 0, signal: null })
        }),
      )
      const kill = (signal: NodeJS.Signals) => {
        this.#world.calls.push(`kill ${signal} ${id}`)
        echo.end()
      }
      return { stdin: echo, stdout: echo, stderr, exited, kill }
    })
  }

  /** A line per host. */
  async *logs(id: number): AsyncGenerator<LogLine> {
    for (const host of this.#require(id).spec.stack.hosts) {
      yield { at: new Date(0).toISOString(), host: host.name, instance: `${host.name}-1`, stream: 'stdout', line: `${host.name} is up` }
    }
  }

  stats(id: number) {
    return this.#call('stats', () => {
      const hosts = this.#require(id).spec.stack.hosts.map(({ name }) => ({ name, cpu: 0, memoryBytes: 1024, processes: 1 }))
      return { cpu: 0, memoryBytes: hosts.length * 1024, processes: hosts.length, hosts }
    })
  }

  storage(id: number): Promise<{ bytes: number }> {
    return this.#call('storage', () => {
      this.#require(id)
      return { bytes: this.#world.storageBytes.get(id) ?? 4096 }
    })
  }

  snapshot(id: number, key: string): Promise<{ sizeBytes: number }> {
    return this.#call('snapshot', () => {
      const { state, spec } = this.#require(id)
      if (state !== 'stopped' && state !== 'created') throw conflict(id, state, 'baked')
      this.#world.snapshots.set(key, spec)
      return { sizeBytes: 1024 }
    })
  }

  async deleteSnapshot(key: string): Promise<void> {
    await this.#call('deleteSnapshot', () => this.#world.snapshots.delete(key))
  }

  async listSnapshots(): Promise<readonly string[]> {
    return [...this.#world.snapshots.keys()]
  }

  async close(): Promise<void> {
    this.#listeners.clear()
  }

  #move(call: Call, id: number, from: readonly ObservedState[], to: MemoryEnvironment['state']): Promise<Observed> {
    return this.#change(call, id, undefined, () => {
      const environment = this.#require(id)
      if (!from.includes(environment.state)) throw conflict(id, environment.state, to)
      environment.state = to
    })
  }

  async #change(call: Call, id: number, signal: AbortSignal | undefined, effect: () => void): Promise<Observed> {
    const observed = await this.#call(
      call,
      () => {
        effect()
        this.#world.calls.push(`${call} ${id}`)
        return this.#look(id)
      },
      signal,
    )
    for (const listener of this.#listeners) listener(observed)
    return observed
  }

  async #call<T>(call: Call, effect: () => T, signal?: AbortSignal): Promise<T> {
    await this.#boundary()
    signal?.throwIfAborted()
    await this.#world.enter(call, signal)
    const result = effect()
    await this.#boundary()
    return result
  }

  async #boundary(): Promise<void> {
    this.#dead ||= this.#world.crossBoundary()
    if (this.#dead) await new Promise(() => {})
  }

  #require(id: number): MemoryEnvironment {
    const environment = this.#world.environments.get(id)
    if (environment === undefined) throw new StandinError('environment_not_found', `provider memory has no environment ${id}`)
    return environment
  }

  #look(id: number): Observed {
    const environment = this.#world.environments.get(id)
    if (environment === undefined) return { id, state: 'absent', instances: [], failure: null }
    const { state, failure, spec, up } = environment
    const instances = spec.stack.hosts.flatMap((host) => instancesOf(id, host, state, up.get(host.name)))
    return { id, state, instances, failure }
  }
}

function instancesOf(
  id: number,
  host: HostSpec,
  state: ObservedState,
  process: { generation: number; exited: boolean } | undefined,
): InstanceStatus[] {
  const running = process !== undefined && !process.exited
  return Array.from({ length: host.replicas }, (_, index) => ({
    host: host.name,
    name: `${host.name}-${index + 1}`,
    ordinal: index + 1,
    address: `127.64.${id % 250}.${index + 1}`,
    generation: process?.generation ?? 0,
    state: process === undefined ? 'pending' : process.exited ? 'exited' : state === 'suspended' ? 'suspended' : 'running',
    health: host.healthCheck === null || !running ? 'none' : 'healthy',
    pid: null,
    exitCode: process?.exited === true ? 1 : null,
    signal: null,
    restarts: 0,
    since: new Date(process?.generation ?? 0).toISOString(),
    reason: null,
  }))
}

/** These hosts and all that they depend on. */
function closure(all: readonly HostSpec[], names: readonly string[]): string[] {
  const wanted = new Set<string>()
  const visit = (name: string) => {
    if (wanted.has(name)) return
    wanted.add(name)
    for (const { host } of all.find((each) => each.name === name)?.dependsOn ?? []) visit(host)
  }
  for (const name of names) visit(name)
  return [...wanted]
}

function conflict(id: number, state: string, wanted: string): StandinError {
  return new StandinError('state_conflict', `environment ${id} is ${state} and can not be ${wanted}`)
}
