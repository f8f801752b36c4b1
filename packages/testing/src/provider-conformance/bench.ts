import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Stack, Step } from '@standin/client'
import type { EnvironmentSpec, InstanceStatus, Observed, ProviderContext, ProviderHandle } from '@standin/core'
import { environmentProcesses } from './environment-processes.ts'
import { programs } from './stacks.ts'

/** What a provider's test tells the suite about the provider under test. */
export interface ConformanceSubject {
  /** The provider under test, on this data directory. */
  open(context: ProviderContext): Promise<ProviderHandle>
  /** Whether not even a process that forks and leaves its session all the time can get away. */
  readonly contained: boolean
  /** What of an environment can still be found on this machine: processes, mounts, directories. Empty when nothing is left. */
  leftovers(dataDir: string, id: number): Promise<readonly string[]>
  /** Ends the supervisor of an environment as an accident would, without a chance to clean up. */
  killSupervisor?(dataDir: string, id: number): Promise<void>
}

/** A handle on a data directory and a blueprint of its own, and what tests ask of them. */
export class Bench {
  readonly dataDir: string
  handle: ProviderHandle
  readonly #subject: ConformanceSubject
  readonly #context: ProviderContext
  readonly #root: string

  private constructor(subject: ConformanceSubject, root: string, context: ProviderContext, handle: ProviderHandle) {
    this.#subject = subject
    this.#root = root
    this.#context = context
    this.dataDir = context.dataDir
    this.handle = handle
  }

  static async open(subject: ConformanceSubject): Promise<Bench> {
    const root = await mkdtemp(join(tmpdir(), 'standin-conformance-'))
    for (const dir of ['data', 'blueprint/app', 'secrets']) await mkdir(join(root, dir), { recursive: true })
    for (const [name, content] of Object.entries(programs)) await writeFile(join(root, 'blueprint/app', name), content)
    const quiet = { debug() {}, info() {}, warn() {}, error() {} }
    const context = {
      dataDir: join(root, 'data'),
      hiddenDirs: [join(root, 'secrets')],
      domain: 'test.localhost',
      log: quiet,
      now: Date.now,
    }
    return new Bench(subject, root, context, await subject.open(context))
  }

  async close(): Promise<void> {
    try {
      for (const { id } of await this.handle.list()) await this.handle.purge(id)
    } finally {
      await this.handle.close()
      await rm(this.#root, { recursive: true, force: true, maxRetries: 5 })
    }
  }

  /** Another control on the same data; the one before was killed, as far as the environments can tell. */
  async reopen(options: { meanwhile?: () => Promise<void> } = {}): Promise<void> {
    await this.handle.close()
    await options.meanwhile?.()
    this.handle = await this.#subject.open(this.#context)
  }

  create(
    stack: Stack,
    id = 1001,
    source: EnvironmentSpec['source'] = { kind: 'blueprint', dir: join(this.#root, 'blueprint') },
  ): Promise<Observed> {
    return this.handle.create({ id, name: `env-${id}`, stack, source })
  }

  async instance(name: string, id = 1001): Promise<InstanceStatus> {
    const found = (await this.handle.observe(id)).instances.find((instance) => instance.name === name)
    if (found === undefined) throw new Error(`no instance ${name}`)
    return found
  }

  async instanceAfterStart(name: string): Promise<InstanceStatus> {
    await this.handle.start(1001)
    return this.instance(name)
  }

  async get(name: string, path = '/'): Promise<string> {
    const { address } = await this.instance(name)
    const response = await fetch(`http://${address}:8080${path}`, { headers: { connection: 'close' }, signal: AbortSignal.timeout(5000) })
    return response.text()
  }

  async run(host: string, run: Step['run'], options: { id?: number; input?: string; timeoutMs?: number } = {}) {
    const lines: string[] = []
    const step: Step = { name: 'test', host, run, environment: {}, needs: [], timeoutMs: options.timeoutMs ?? 15_000 }
    const input = options.input === undefined ? {} : { input: options.input }
    const result = await this.handle.run(options.id ?? 1001, { step, ...input, onLine: (_, line) => lines.push(line) })
    return { result, lines }
  }

  processes(id: number): Promise<readonly { readonly pid: number; readonly state: string }[]> {
    return environmentProcesses(id, this.dataDir)
  }
}
