import { join } from 'node:path'
import { type Ability, type LogLine, StandinError, type Stats } from '@standin/client'
import type {
  EnvironmentSpec,
  ExecRequest,
  ExecSession,
  Logger,
  LogQuery,
  Observed,
  ProgressListener,
  ProviderContext,
  ProviderHandle,
  RunRequest,
  RunResult,
} from '@standin/core'
import { AddressPool } from './addresses.ts'
import type { ProcessConfig } from './config.ts'
import { detect, type Finding } from './detect.ts'
import { endProcesses, ProcessEnvironment } from './environment.ts'
import { EnvironmentStore } from './environment-store.ts'
import { heldBytes } from './held-bytes.ts'
import type { Isolation } from './isolation.ts'
import type { LaunchOptions } from './launch.ts'
import { type EnvironmentRecord, instanceNames, Layout } from './layout.ts'
import { readLogs } from './logs.ts'
import { emptyDirectory } from './remove.ts'
import { runSession } from './run-step.ts'
import { Snapshots } from './snapshots.ts'
import { Standby } from './standby.ts'
import { Turns } from './turns.ts'

/** Opens the data directory: finds out what the machine permits, clears up what was half done, adopts what runs. */
export async function openProcessHandle(context: ProviderContext, config: ProcessConfig): Promise<ProcessHandle> {
  const layout = new Layout(context.dataDir)
  await layout.make()
  await emptyDirectory(layout.tmp)
  const { isolation, findings } = await detect(context.dataDir, config.isolation ?? 'auto')
  const handle = new ProcessHandle(context, config, layout, isolation, findings)
  await handle.adopt()
  return handle
}

export class ProcessHandle implements ProviderHandle {
  readonly can: Readonly<Record<Ability, boolean>>
  readonly notes: readonly string[]
  readonly #log: Logger
  readonly #launch: LaunchOptions
  readonly #store: EnvironmentStore
  readonly #snapshots: Snapshots
  readonly #environments = new Map<number, ProcessEnvironment>()
  /** What can't be used, and why. */
  readonly #broken = new Map<number, StandinError>()
  readonly #trashed = new Set<number>()
  readonly #listeners = new Set<(observed: Observed) => void>()
  readonly #turns = new Turns()
  /** A start that a stop or a purge has to end first. */
  readonly #starting = new Map<number, AbortController>()

  constructor(context: ProviderContext, config: ProcessConfig, layout: Layout, isolation: Isolation, findings: readonly Finding[]) {
    this.can = {
      suspend: process.platform !== 'win32',
      snapshot: true,
      exec: true,
      logs: true,
      stats: process.platform === 'linux',
      limits: false,
      storage: true,
      share: (isolation.namespaces && isolation.overlay) || isolation.reflink,
    }
    this.notes = findings
      .filter(({ ok, id }) => !ok || id === 'limits')
      .map(({ detail, fix }) => (fix === null ? detail : `${detail} (${fix})`))
    this.#log = context.log
    this.#snapshots = new Snapshots(layout, isolation)
    this.#store = new EnvironmentStore(layout, isolation, new AddressPool(), this.#snapshots)
    this.#launch = {
      layout,
      isolation,
      standby: new Standby(layout, isolation),
      hiddenDirs: context.hiddenDirs,
      domain: context.domain,
      startTimeoutMs: config.startTimeoutMs ?? 60_000,
    }
  }

  async adopt(): Promise<void> {
    const { records, broken, trashed } = await this.#store.load()
    for (const [id, fault] of broken) {
      this.#broken.set(id, fault)
      this.#log.error({ environment: id }, fault.message)
    }
    for (const id of trashed) this.#trashed.add(id)
    await Promise.all(records.map((record) => this.#know(record).adopt()))
    this.#launch.standby.prepare()
  }

  async list(): Promise<readonly Observed[]> {
    const present = await Promise.all([...this.#environments.values()].map((environment) => environment.observe()))
    const broken = [...this.#broken].map(([id, fault]) => unusable(id, fault))
    return [...present, ...broken, ...[...this.#trashed].map((id) => withoutInstances(id, 'trashed'))]
  }

  async observe(id: number): Promise<Observed> {
    const environment = this.#environments.get(id)
    if (environment !== undefined) return environment.observe()
    const fault = this.#broken.get(id)
    if (fault !== undefined) return unusable(id, fault)
    return withoutInstances(id, this.#trashed.has(id) ? 'trashed' : 'absent')
  }

  onChange(listener: (observed: Observed) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  create(spec: EnvironmentSpec, options: { signal?: AbortSignal; onProgress?: ProgressListener } = {}): Promise<Observed> {
    return this.#turns.take(spec.id, async () => {
      const fault = this.#broken.get(spec.id)
      if (fault !== undefined) throw fault
      if (!this.#environments.has(spec.id) && !this.#trashed.has(spec.id)) this.#know(await this.#store.create(spec, options))
      return this.#tell(await this.observe(spec.id))
    })
  }

  start(id: number, options: { hosts?: readonly string[]; signal?: AbortSignal; onProgress?: ProgressListener } = {}): Promise<Observed> {
    return this.#turns.take(id, async () => {
      const given = new AbortController()
      this.#starting.set(id, given)
      try {
        const signal = options.signal === undefined ? given.signal : AbortSignal.any([options.signal, given.signal])
        return await this.#environment(id).start(options.hosts ?? null, { ...options, signal })
      } finally {
        this.#starting.delete(id)
      }
    })
  }

  suspend(id: number): Promise<Observed> {
    return this.#environment(id).suspend()
  }

  resume(id: number): Promise<Observed> {
    return this.#environment(id).resume()
  }

  stop(id: number): Promise<Observed> {
    this.#starting.get(id)?.abort()
    return this.#turns.take(id, async () => {
      if (!this.#broken.has(id)) return this.#tell(await this.#environment(id).stop())
      await endProcesses(this.#launch, id)
      return this.#tell(await this.observe(id))
    })
  }

  trash(id: number): Promise<void> {
    return this.#turns.take(id, async () => {
      if (this.#trashed.has(id)) return
      if (this.#broken.has(id)) await endProcesses(this.#launch, id)
      else {
        await this.#mustRest(id, 'put into the trash')
        await this.#environment(id).end()
      }
      await this.#store.trash(id)
      this.#environments.delete(id)
      this.#broken.delete(id)
      this.#trashed.add(id)
      this.#tell(await this.observe(id))
    })
  }

  restore(id: number): Promise<Observed> {
    return this.#turns.take(id, async () => {
      if (!this.#trashed.has(id)) return this.#environment(id).observe()
      this.#know(await this.#store.restore(id))
      this.#trashed.delete(id)
      return this.#tell(await this.observe(id))
    })
  }

  purge(id: number): Promise<void> {
    this.#starting.get(id)?.abort()
    return this.#turns.take(id, async () => {
      if (this.#broken.has(id)) await endProcesses(this.#launch, id)
      await this.#environments.get(id)?.end()
      await this.#store.purge(id)
      const known = this.#environments.delete(id) || this.#broken.delete(id) || this.#trashed.has(id)
      this.#trashed.delete(id)
      if (known) this.#tell(withoutInstances(id, 'absent'))
    })
  }

  async run(id: number, request: RunRequest): Promise<RunResult> {
    const { step } = request
    const session = await this.#session(id, step.host, {
      command: step.run,
      environment: step.environment,
      ordinal: 1,
      workingDir: null,
      tty: null,
    })
    return runSession(session, request)
  }

  async exec(id: number, request: ExecRequest): Promise<ExecSession> {
    if (request.tty !== undefined && !this.#launch.isolation.terminal)
      throw new StandinError('unsupported', 'exec has no terminals here', { hint: 'install util-linux (script) and coreutils (stty)' })
    return this.#session(id, request.host, {
      command: request.command,
      environment: request.environment ?? {},
      ordinal: request.ordinal ?? 1,
      workingDir: request.workingDir ?? null,
      tty: request.tty ?? null,
    })
  }

  async *logs(id: number, query: LogQuery): AsyncIterable<LogLine> {
    const { dir, record } = this.#environment(id)
    if (query.host !== undefined) this.#mustHave(record, query.host)
    yield* readLogs(join(dir, 'logs'), instanceNames(record.stack), query)
  }

  stats(id: number): Promise<Stats> {
    return this.#environment(id).stats()
  }

  async storage(id: number, options: { signal?: AbortSignal } = {}): Promise<{ bytes: number }> {
    const { layout, isolation } = this.#launch
    const dir = this.#trashed.has(id) ? layout.trashed(id) : layout.environment(id)
    if (!this.#trashed.has(id) && !this.#broken.has(id)) this.#environment(id)
    return { bytes: await heldBytes(dir, isolation, options.signal) }
  }

  snapshot(id: number, key: string): Promise<{ sizeBytes: number }> {
    return this.#turns.take(id, async () => {
      await this.#mustRest(id, 'baked')
      const environment = this.#environment(id)
      await environment.end()
      return this.#snapshots.bake(environment.record, environment.dir, key)
    })
  }

  deleteSnapshot(key: string): Promise<void> {
    return this.#snapshots.delete(key)
  }

  listSnapshots(): Promise<readonly string[]> {
    return this.#snapshots.list()
  }

  async close(): Promise<void> {
    this.#listeners.clear()
    for (const environment of this.#environments.values()) environment.close()
    await this.#launch.standby.close()
  }

  async #session(
    id: number,
    host: string,
    request: Omit<Parameters<ProcessEnvironment['session']>[0], 'op' | 'host'>,
  ): Promise<ExecSession> {
    const environment = this.#environment(id)
    const { replicas } = this.#mustHave(environment.record, host)
    if (request.ordinal > Math.max(1, replicas))
      throw new StandinError('host_not_found', `host ${host} of environment ${id} has ${replicas} instances, not ${request.ordinal}`)
    return environment.session({ op: 'exec', host, ...request })
  }

  #mustHave({ id, stack }: EnvironmentRecord, host: string): EnvironmentRecord['stack']['hosts'][number] {
    const found = stack.hosts.find(({ name }) => name === host)
    if (found !== undefined) return found
    throw new StandinError('host_not_found', `environment ${id} has no host "${host}"`, {
      hint: `it has: ${stack.hosts.map(({ name }) => name).join(', ')}`,
    })
  }

  async #mustRest(id: number, what: string): Promise<void> {
    const { state } = await this.#environment(id).observe()
    if (state === 'created' || state === 'stopped') return
    throw new StandinError('state_conflict', `environment ${id} is ${state} and can't be ${what}`, { hint: 'stop it first' })
  }

  #environment(id: number): ProcessEnvironment {
    const found = this.#environments.get(id)
    if (found !== undefined) return found
    const fault = this.#broken.get(id)
    if (fault !== undefined) throw fault
    if (this.#trashed.has(id)) throw new StandinError('state_conflict', `environment ${id} is in the trash`, { hint: 'undelete it first' })
    throw new StandinError('environment_not_found', `provider process has no environment ${id}`)
  }

  #know(record: EnvironmentRecord): ProcessEnvironment {
    const environment = new ProcessEnvironment(record, this.#launch, this.#log, (observed) => this.#tell(observed))
    this.#environments.set(record.id, environment)
    return environment
  }

  #tell(observed: Observed): Observed {
    for (const listener of this.#listeners) listener(observed)
    return observed
  }
}

function withoutInstances(id: number, state: 'absent' | 'trashed'): Observed {
  return { id, state, instances: [], failure: null }
}

function unusable(id: number, fault: StandinError): Observed {
  return { id, state: 'stopped', instances: [], failure: { code: 'provider_failed', message: fault.message } }
}
