import { join } from 'node:path'
import { StandinError, type Stats } from '@standin/client'
import type { ExecSession, Logger, Observed, ProgressListener } from '@standin/core'
import { forgetDesired, observeAtRest } from './at-rest.ts'
import type { ExecOpen, Hello, KeeperRequest } from './keeper/protocol.ts'
import { KeeperClient, KeeperGone, openSession } from './keeper-client.ts'
import { endKeeper, type KeeperProcess, keeperProcess, outerPids, untilGone } from './keeper-process.ts'
import { forgetKeeper, type LaunchOptions, launchKeeper, treeRoot } from './launch.ts'
import { type EnvironmentRecord, type LaunchSpec, readJson } from './layout.ts'
import { endStrays } from './strays.ts'

/** One environment as control sees it: its record, and its keeper where it has one. */
export class ProcessEnvironment {
  readonly dir: string
  readonly record: EnvironmentRecord
  readonly #options: LaunchOptions
  readonly #log: Logger
  readonly #changed: (observed: Observed) => void
  #client: KeeperClient | null = null
  #process: KeeperProcess | null = null
  #keeperPid = 0
  #observed: Observed
  #pids: ReadonlyMap<number, number> = new Map()
  #connecting: Promise<KeeperClient | null> | null = null
  #abandoned = false

  constructor(record: EnvironmentRecord, options: LaunchOptions, log: Logger, changed: (observed: Observed) => void) {
    this.record = record
    this.dir = options.layout.environment(record.id)
    this.#options = options
    this.#log = log
    this.#changed = changed
    this.#observed = { id: record.id, state: 'created', instances: [], failure: null }
  }

  /** Finds its keeper again, where it has one, or finds out how things were left. */
  async adopt(): Promise<void> {
    if ((await this.#connect()) === null) this.#observed = await observeAtRest(this.dir, this.record, this.#log)
  }

  async observe(): Promise<Observed> {
    if (this.#client === null) this.#observed = await observeAtRest(this.dir, this.record)
    return this.#outer(this.#observed)
  }

  get live(): boolean {
    return this.#client !== null
  }

  async start(hosts: readonly string[] | null, options: { signal?: AbortSignal; onProgress?: ProgressListener }): Promise<Observed> {
    return this.#observedAfter(await this.#ask({ op: 'start', hosts }, options))
  }

  async suspend(): Promise<Observed> {
    if (this.#client === null)
      throw new StandinError('state_conflict', `environment ${this.record.id} does not run`, { hint: 'start it first' })
    return this.#observedAfter(await this.#client.request({ op: 'suspend' }).catch(this.#gone))
  }

  async resume(): Promise<Observed> {
    if (this.#client === null)
      throw new StandinError('state_conflict', `environment ${this.record.id} is not suspended`, { hint: 'start it' })
    return this.#observedAfter(await this.#client.request({ op: 'resume' }).catch(this.#gone))
  }

  async stats(): Promise<Stats> {
    const nothing = { cpu: 0, memoryBytes: 0, processes: 0 }
    if (this.#client === null) return { ...nothing, hosts: this.record.stack.hosts.map(({ name }) => ({ name, ...nothing })) }
    return (await this.#client.request({ op: 'stats' }).catch(this.#gone)) as Stats
  }

  /** Gracefully; afterwards there is no process and no mount. */
  async stop(): Promise<Observed> {
    const client = this.#client ?? (await this.#connect())
    if (client !== null) {
      const known = this.#process
      await client.request({ op: 'stop' }).catch((error: unknown) => {
        if (!(error instanceof KeeperGone)) throw error
      })
      await Promise.race([client.closed, new Promise((resolve) => setTimeout(resolve, 2000).unref())])
      if (known !== null && !(await untilGone(known, 2000))) await endKeeper(known)
    }
    await this.end()
    await forgetDesired(this.dir)
    return this.observe()
  }

  /** At once, whatever state it is in. */
  async end(): Promise<void> {
    this.#abandoned = true
    try {
      this.#client?.close()
      this.#client = null
      await endProcesses(this.#options, this.record.id)
    } finally {
      this.#abandoned = false
    }
  }

  async session(request: ExecOpen): Promise<ExecSession> {
    for (let attempt = 0; ; attempt++) {
      await this.#keeper()
      try {
        return await openSession(this.dir, request)
      } catch (error) {
        if (!(error instanceof KeeperGone) || attempt === 2) throw error
        await this.#untilKeeperGone()
      }
    }
  }

  /** Lets go of the keeper without stopping it. */
  close(): void {
    this.#abandoned = true
    this.#client?.close()
    this.#client = null
  }

  async #ask(message: KeeperRequest, options: { signal?: AbortSignal; onProgress?: ProgressListener }): Promise<unknown> {
    for (let attempt = 0; ; attempt++) {
      const client = await this.#keeper()
      try {
        return await client.request(message, options)
      } catch (error) {
        if (!(error instanceof KeeperGone)) throw error
        if (options.signal?.aborted === true)
          throw new StandinError('interrupted', `the start of environment ${this.record.id} was given up`)
        if (attempt === 1)
          throw new StandinError('provider_failed', `the keeper of environment ${this.record.id} ended`, { hint: 'start it again' })
        await this.#untilKeeperGone()
      }
    }
  }

  /** The connection to the keeper, which is started where there is none. */
  async #keeper(): Promise<KeeperClient> {
    for (let attempt = 0; ; attempt++) {
      const client = this.#client ?? (await this.#connect())
      if (client !== null) return client
      if (attempt === 3) throw new StandinError('provider_failed', `the keeper of environment ${this.record.id} does not answer`)
      const known = await keeperProcess(this.dir)
      // It lives but does not answer: nobody can supervise with it any more.
      if (known !== null && !(await this.#comesUp())) await endKeeper(known)
      if (this.#client !== null) return this.#client
      await endStrays(treeRoot(this.#options, this.record.id), this.#options.isolation)
      await launchKeeper(this.#options, this.record)
    }
  }

  async #comesUp(): Promise<boolean> {
    for (let attempt = 0; attempt < 50; attempt++) {
      if ((await this.#connect()) !== null) return true
      if ((await keeperProcess(this.dir)) === null) return false
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return false
  }

  #connect(): Promise<KeeperClient | null> {
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = null
    })
    return this.#connecting
  }

  async #open(): Promise<KeeperClient | null> {
    const launch = await readJson<LaunchSpec>(join(this.dir, 'launch.json'), this.#log)
    if (launch === null) return null
    const opened = await KeeperClient.open(this.dir, launch.nonce, (observed) => this.#push(observed))
    if (opened === null) return null
    return this.#adopted(opened.client, opened.hello)
  }

  async #adopted(client: KeeperClient, hello: Hello): Promise<KeeperClient> {
    this.#client = client
    this.#observed = hello.observed
    this.#keeperPid = hello.pid
    this.#process = await keeperProcess(this.dir)
    client.closed
      .then(() => this.#lost(client))
      .catch((error: Error) => this.#log.error({ environment: this.record.id, why: error.message }, 'can not be observed'))
    return client
  }

  async #lost(client: KeeperClient): Promise<void> {
    if (this.#client !== client) return
    this.#client = null
    if (this.#abandoned) return
    if (this.#process !== null) await untilGone(this.#process, 2000)
    if (this.#client !== null) return
    this.#observed = await observeAtRest(this.dir, this.record, this.#log)
    this.#changed(this.#observed)
  }

  #push(observed: Observed): void {
    this.#observed = observed
    void this.#outer(observed).then((outer) => {
      if (this.#observed === observed && this.#client !== null) this.#changed(outer)
    })
  }

  #observedAfter(result: unknown): Promise<Observed> {
    this.#observed = result as Observed
    return this.#outer(this.#observed)
  }

  /** Pids are the keeper's own; outside they are others. */
  async #outer(observed: Observed): Promise<Observed> {
    if (!this.#options.isolation.namespaces || this.#process === null) return observed
    const unknown = observed.instances.some(({ pid }) => pid !== null && !this.#pids.has(pid))
    if (unknown) this.#pids = await outerPids(this.#process, this.#keeperPid)
    return {
      ...observed,
      instances: observed.instances.map((instance) => ({
        ...instance,
        pid: instance.pid === null ? null : (this.#pids.get(instance.pid) ?? null),
      })),
    }
  }

  async #untilKeeperGone(): Promise<void> {
    if (this.#process !== null) await untilGone(this.#process, 2000)
    if (this.#client !== null) await this.#client.closed
    this.#client = null
  }

  #gone = (error: unknown): never => {
    if (error instanceof KeeperGone)
      throw new StandinError('provider_failed', `the keeper of environment ${this.record.id} ended`, { hint: 'start it again' })
    throw error
  }
}

/** Ends the keeper of an environment, and with it all that runs there, at once. */
export async function endProcesses(options: LaunchOptions, id: number): Promise<void> {
  const dir = options.layout.environment(id)
  const known = await keeperProcess(dir)
  if (known !== null) await endKeeper(known)
  await endStrays(treeRoot(options, id), options.isolation)
  await forgetKeeper(dir)
}
