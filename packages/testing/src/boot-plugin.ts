import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import type { PluginRun, Plugin as PluginView, Provenance, Scope } from '@standin/client'
import { type LiveEnvironment, StandinClient } from '@standin/client/connect'
import {
  buildContainer,
  type ContainerOptions,
  checkPluginConfig,
  EventLog,
  openDatabase,
  openHome,
  type PartToken,
  readConfig,
  snapshotKey,
  Tokens,
} from '@standin/control'
import { type Plugin, type Provider, parseDuration } from '@standin/core'
import { attachProvider } from '@standin/providers/attach'
import { FakeClock } from './fake-clock.ts'
import { shopStack } from './fixtures/shop-stack.ts'
import { MemoryWorld, memoryProvider } from './memory-provider.ts'

export { FakeClock } from './fake-clock.ts'

export interface BootPluginOptions {
  /** What time it is; default `2026-03-02T09:00:00Z`, a Monday. */
  readonly at?: string
  /** Where it keeps everything; default: a temporary folder. Either is gone in the end. */
  readonly home?: string
  /** Plugins beside it, with their configurations; they start before it. */
  readonly beside?: readonly (readonly [plugin: Plugin, config?: unknown])[]
  /** Of the host, ms: shorter ones for a plugin that is to hang. */
  readonly limits?: ContainerOptions['pluginLimits']
}

/** A line of the log, as pino writes it. */
export interface LogRecord {
  readonly level: number
  readonly msg?: string
  readonly plugin?: string
  readonly [key: string]: unknown
}

/** A plugin that has something to do for longer than this at one instant never rests, ms. */
const patienceMs = 60_000
/** So many turns in a row without anything to do: answers on their way over a socket take some. */
const quietTurns = 20

/**
 * A plugin in a real control plane, whose environments are in memory and whose clock stands still until it is moved.
 *
 * ```ts
 * await using booted = await bootPlugin(nightly, { at: '0 20 * * *', timeZone: 'Europe/Berlin' })
 * const shop = await booted.clone('shop-1')
 * await booted.advance('12h')
 * expect((await shop.refresh()).state).toBe('suspended')
 * ```
 * @param config as it would stand below `with`
 * @throws StandinError `invalid` with every fault of the configuration
 */
export async function bootPlugin<C>(plugin: Plugin<C>, config: unknown = {}, options: BootPluginOptions = {}): Promise<BootedPlugin> {
  const booted = new BootedPlugin([...(options.beside ?? []), [plugin as Plugin, config]], options)
  try {
    await booted.start()
    return booted
  } catch (error) {
    await booted[Symbol.asyncDispose]()
    throw error
  }
}

export class BootedPlugin {
  readonly clock: FakeClock
  /** Where environments are. */
  readonly world = new MemoryWorld()
  /** What was logged, by control and by the plugin. */
  readonly logs: LogRecord[] = []
  readonly #home: string
  readonly #plugins: readonly (readonly [plugin: Plugin, config?: unknown])[]
  readonly #options: BootPluginOptions
  #container: ReturnType<typeof buildContainer> | undefined
  #client: StandinClient | undefined
  #baked = false

  constructor(plugins: readonly (readonly [plugin: Plugin, config?: unknown])[], options: BootPluginOptions) {
    this.#plugins = plugins
    this.#options = options
    this.#home = options.home ?? mkdtempSync(join(tmpdir(), 'standin-plugin-'))
    this.clock = new FakeClock(Date.parse(options.at ?? '2026-03-02T09:00:00Z'))
  }

  /** Of the API. */
  adminToken = ''

  async start(): Promise<void> {
    const plugins = this.#plugins.map(([plugin, config = {}]) => ({
      plugin,
      use: plugin.id,
      id: plugin.id,
      config: checkPluginConfig(plugin, config),
      faults: [],
    }))
    const config = readConfig(['--home', this.#home, '--api', '127.0.0.1:0', '--log-level', 'debug'], {})
    this.#container = buildContainer(config, await openHome(config), {
      providers: [memoryProvider(this.world), attachProvider as Provider],
      plugins: async () => ({ file: null, plugins, faults: [] }),
      clock: this.clock,
      logTo: { write: (line) => void this.logs.push(JSON.parse(line) as LogRecord) },
      ...(this.#options.limits === undefined ? {} : { pluginLimits: this.#options.limits }),
    })
    const { api, tokenFile } = await this.#part(Tokens.control).start()
    this.adminToken = readFileSync(tokenFile, 'utf8').trim()
    this.#client = new StandinClient({ url: api, token: this.adminToken })
    await this.settled()
  }

  /** The control plane, as its admin. */
  get client(): StandinClient {
    if (this.#client === undefined) throw new Error('control does not run')
    return this.#client
  }

  /** How the plugin is. */
  get plugin(): PluginView {
    return this.#part(Tokens.plugins).view(this.#id)
  }

  /** Runs of its schedules, the oldest first. */
  runs(schedule?: string): PluginRun[] {
    return this.#part(Tokens.plugins).runs(this.#id, { schedule, limit: 1000 }).items.toReversed()
  }

  /** A request to its routes: `fetch('/board')`. @param options.scope of the token; null: none. Default `admin` */
  fetch(path: string, { scope = 'admin', ...init }: RequestInit & { scope?: Scope | null } = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (scope !== null) {
      const { text } = this.#part(Tokens.tokens).create({ name: `test-${scope}`, scope, expiresAt: null }, 'test')
      headers.set('authorization', `Bearer ${text}`)
    }
    return fetch(`${this.client.url}/v1/plugins/${this.#id}${path}`, { ...init, headers })
  }

  /** A running clone of a small shop (`db`, and `web` twice). */
  async clone(name: string, labels: Readonly<Record<string, string>> = {}): Promise<LiveEnvironment> {
    if (!this.#baked) this.bake('shop')
    this.#baked = true
    const environment = await this.client.environments.create({ template: 'shop', name, labels })
    await this.settled()
    return environment.refresh()
  }

  /** A version of a template: the small shop. @param actor who built it */
  bake(name: string, labels: Readonly<Record<string, string>> = {}, actor = 'test'): void {
    const [templates, builds] = [this.#part(Tokens.templates), this.#part(Tokens.builds)]
    const shop = shopStack()
    const stack = { ...shop, labels: { ...shop.labels, ...labels } }
    const { id } = builds.insert({ name, actor, options: {}, project: labels.project ?? null })
    builds.update(id, { state: 'succeeded', finished: true }, null)
    const key = snapshotKey(id)
    this.world.snapshots.set(key, { id: 0, name, stack, source: { kind: 'template', key } })
    const none = { phases: [], fixtures: [], checks: [] }
    const provenance: Provenance = { blueprintHash: '00', inputs: { hash: '00', files: 1, bytes: 1 }, build: id, actor, ...none }
    templates.insert({ name, provider: 'memory', key, sizeBytes: 1, stack, provenance, channels: [] }, actor)
  }

  /** `12h`, `90s`, or ms: everything that is due until then happens, in order, each with its consequences. */
  async advance(duration: string | number): Promise<void> {
    await this.advanceTo(this.clock.now() + (typeof duration === 'number' ? duration : parseDuration(duration)))
  }

  /** @param at ISO 8601, or ms since the epoch */
  async advanceTo(at: string | number): Promise<void> {
    const end = typeof at === 'number' ? at : Date.parse(at)
    await this.settled()
    for (let next = this.clock.nextAt; next !== null && next <= end; next = this.clock.nextAt) {
      this.clock.step()
      await this.settled()
    }
    this.clock.moveTo(end)
    await this.settled()
  }

  /** Until nobody has anything to do before the clock moves on. @throws Error when that does not come */
  async settled(): Promise<void> {
    const [host, reconciler, storage] = [this.#part(Tokens.plugins), this.#part(Tokens.reconciler), this.#part(Tokens.storage)]
    await host.started
    let quiet = 0
    const begun = performance.now()
    for (let turn = 1; quiet < quietTurns; turn++) {
      if (turn % 1_000 === 0) await pause(1)
      if (performance.now() - begun > patienceMs) throw new Error(`it does not come to rest: ${JSON.stringify(this.plugin)}`)
      await nextTurn()
      quiet = host.idle && reconciler.idle && storage.idle ? quiet + 1 : 0
    }
  }

  /** Stop control and start it again: in the same home, with the same environments, at the same time. */
  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  async stop(): Promise<void> {
    await this.#container?.resolve(Tokens.control).stop()
    this.#container = undefined
  }

  /** While it is stopped: so many events come, and all but the last few of them go again, as they do in a long absence. */
  async pruneEvents(count: number, kept: number): Promise<void> {
    const database = await openDatabase(join(this.#home, 'control/standin.db'))
    const log = new EventLog(database, () => this.clock.now(), { onFault: () => {} })
    for (let n = 0; n < count; n++) log.append({ type: 'notice', actor: 'test', data: { kind: 'pruned', message: `${n}` } })
    database.prepared('delete from events where seq <= ?').run(log.last - kept)
    database.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.#home, { recursive: true, force: true })
  }

  get #id(): string {
    return this.#plugins.at(-1)?.[0].id ?? ''
  }

  #part<T>(token: PartToken<T>): T {
    if (this.#container === undefined) throw new Error('control does not run')
    return this.#container.resolve(token)
  }
}
