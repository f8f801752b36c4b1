import { type Discovery, StandinError, scopes } from '@standin/client'
import { StandinClient } from '@standin/client/connect'
import { systemClock } from '@standin/core'
import { builtInPlugins } from '@standin/plugins'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { urlOf } from '../listening.ts'
import { PluginHost } from '../plugins/plugin-host.ts'
import { pluginLimits } from '../plugins/plugin-life.ts'
import { readOnePlugin } from '../plugins/read-one-plugin.ts'
import type { ConfiguredPlugin } from '../plugins/read-plugins.ts'
import type { Database } from '../store/database.ts'
import { PluginCursors } from '../store/plugin-cursors.ts'
import { PluginRuns } from '../store/plugin-runs.ts'
import { PluginValues } from '../store/plugin-values.ts'
import type { BesideConfig } from './beside-config.ts'
import { buildBesideServer } from './beside-server.ts'
import { BesideStore } from './beside-store.ts'
import { clearTextWarning } from './clear-text.ts'
import { remoteCallers } from './remote-callers.ts'
import { RemoteEvents } from './remote-events.ts'

/** What `run-plugin.ts` prints once it runs. */
export interface BesideReady {
  readonly plugin: string
  /** The control plane. */
  readonly control: string
  /** In whose name it acts there. */
  readonly actor: string
  /** Its own routes, `/v1/plugins` and metrics. */
  readonly listen: string
  readonly dir: string
  /** What is different from inside of control, a sentence a line; absent: nothing. */
  readonly notes?: string
}

const drainMs = 2_000

/** One plugin beside a control plane elsewhere: the same host, with what control gives it fetched through the client. */
export class PluginBeside {
  readonly #config: BesideConfig
  readonly #log: FastifyBaseLogger
  /** What was started, the last one first. */
  readonly #stops: (() => void | Promise<void>)[] = []

  constructor(config: BesideConfig, log: FastifyBaseLogger) {
    this.#config = config
    this.#log = log
  }

  /** @throws StandinError of the configuration, the folder, the token, the control plane; nothing is left open then */
  async start(): Promise<BesideReady> {
    try {
      return await this.#start()
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0)) {
      try {
        await stop()
      } catch (error) {
        this.#log.error({ err: error }, 'a part can not be stopped')
      }
    }
  }

  async #start(): Promise<BesideReady> {
    const { plugin: name, configFile, url, token, dir } = this.#config
    const configured = await readOnePlugin(name, configFile, process.cwd(), builtInPlugins)
    const store = new BesideStore(dir)
    const database = await store.open()
    this.#stops.unshift(() => store.close())
    const client = new StandinClient({ url, token })
    const discovery = await client.discover()
    requireScope(configured, discovery)
    await requireAlone(configured.id, client)
    store.belongTo(configured.id, discovery.epoch, client.url)
    const { first, last } = await client.events.list({ limit: 1 })
    const events = new RemoteEvents({ client, epoch: discovery.epoch, first, last })
    events.start()
    this.#stops.unshift(() => events.close())

    const registry = new Registry()
    collectDefaultMetrics({ register: registry, prefix: 'standin_plugin_process_' })
    this.#stops.unshift(() => registry.clear())
    const authenticate = remoteCallers(client.url)
    const host = this.#host(configured, events, database, registry)
    await host.read()
    const server = await buildBesideServer({ host, registry, authenticate, log: this.#log })
    const listen = await this.#listen(server)
    host.start()
    this.#stops.unshift(() => host.close())
    await host.started
    const notes = [clearTextWarning(url), ...notesOf(configured, host), host.view(configured.id).message].filter((note) => note !== null)
    return {
      ...{ plugin: configured.id, control: client.url, actor: discovery.actor, listen, dir },
      ...(notes.length === 0 ? {} : { notes: notes.join('\n') }),
    }
  }

  #host(configured: ConfiguredPlugin, events: RemoteEvents, database: Database, registry: Registry): PluginHost {
    const { url, token, configFile } = this.#config
    return new PluginHost({
      read: async () => ({ file: configFile, plugins: [configured], faults: [] }),
      events,
      link: events,
      cursors: new PluginCursors(database),
      runs: new PluginRuns(database, () => systemClock.now()),
      values: new PluginValues(database),
      tokens: { lend: () => token, takeBack() {} },
      authenticate: remoteCallers(url),
      clock: systemClock,
      limits: pluginLimits,
      url: () => url,
      log: this.#log,
      registry,
    })
  }

  async #listen(server: FastifyInstance): Promise<string> {
    const { host, port } = this.#config.listen
    this.#stops.unshift(async () => {
      const impatience = setTimeout(() => server.server.closeAllConnections(), drainMs)
      await server.close()
      clearTimeout(impatience)
    })
    try {
      await server.listen({ host, port })
    } catch (cause) {
      const taken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
      throw new StandinError(
        taken ? 'port_taken' : 'invalid',
        `the plugin can not listen on ${host}:${port}: ${(cause as Error).message}`,
        {
          hint: 'Choose another address with --listen; port 0 takes any that is free',
          cause,
        },
      )
    }
    const bound = server.server.address()
    return urlOf(host, typeof bound === 'object' && bound !== null ? bound.port : port)
  }
}

/** @throws StandinError `forbidden` */
function requireScope({ id, plugin }: ConfiguredPlugin, { scope, actor }: Discovery): void {
  const needed = plugin?.scope ?? 'write'
  if (scopes.indexOf(scope) >= scopes.indexOf(needed)) return
  throw new StandinError('forbidden', `the plugin ${id} needs a token with the scope ${needed}; ${actor} has ${scope}`, {
    hint: `\`standin token create plugin-${id} --scope ${needed}\` makes one, in whose name it acts then`,
  })
}

/** Two of it would do everything twice. @throws StandinError `state_conflict` */
async function requireAlone(id: string, client: StandinClient): Promise<void> {
  const { items } = await client.plugins.list()
  const inside = items.find((plugin) => plugin.id === id && plugin.state !== 'invalid')
  if (inside === undefined) return
  throw new StandinError('state_conflict', `the control plane at ${client.url} runs the plugin ${id} itself (${inside.state})`, {
    hint: 'Take it out of the standin.config.yaml there: two of it would do everything twice',
  })
}

function notesOf({ id, plugin }: ConfiguredPlugin, host: PluginHost): string[] {
  const { admit, section } = host.asked(id)
  return [
    ...(admit
      ? [`control can not ask ${id} before something is made or started: nothing is refused (admit works only inside of control)`]
      : []),
    ...(section ? [`control can not ask ${id} for its section of an environment's page (section works only inside of control)`] : []),
    ...(plugin?.dependsOn ?? []).map((needed) => `${id} needs the plugin ${needed}: nobody looks here whether that runs`),
  ]
}
