import 'reflect-metadata'
import { existsSync } from 'node:fs'
import { StandinError } from '@standin/client'
import { type Clock, type Provider, systemClock } from '@standin/core'
import { builtInPlugins } from '@standin/plugins'
import { attachProvider, formatEndpoint } from '@standin/providers/attach'
import { processProvider } from '@standin/providers/process'
import { type DestinationStream, type Logger, pino } from 'pino'
import { type DependencyContainer, type InjectionToken, instanceCachingFactory, container as root } from 'tsyringe'
import manifest from '../package.json' with { type: 'json' }
import { Authority } from './access/authority.ts'
import { EnvironmentRules } from './access/environment-rules.ts'
import { EventSight } from './access/event-sight.ts'
import { authenticate } from './api/auth.ts'
import { EnvironmentCommands } from './api/environment-commands.ts'
import { viewEnvironment } from './api/environment-view.ts'
import { ExecSocket } from './api/exec-socket.ts'
import type { Recall } from './api/idempotent-request.ts'
import { OpenStreams } from './api/open-streams.ts'
import { activityRoutes } from './api/routes/activity.ts'
import { type AliasRoutesDependencies, aliasRoutes, viewAlias } from './api/routes/aliases.ts'
import { buildRoutes } from './api/routes/builds.ts'
import { environmentRoutes } from './api/routes/environments.ts'
import { eventRoutes } from './api/routes/events.ts'
import { faultRoutes } from './api/routes/faults.ts'
import { groupRoutes } from './api/routes/groups.ts'
import { pluginRoutes } from './api/routes/plugins.ts'
import { roleRoutes } from './api/routes/roles.ts'
import { serverRoutes } from './api/routes/server.ts'
import { type Feeds, tableRoutes } from './api/routes/tables.ts'
import { templateRoutes } from './api/routes/templates.ts'
import { tokenRoutes } from './api/routes/tokens.ts'
import { userRoutes } from './api/routes/users.ts'
import { buildServer } from './api/server.ts'
import { Builder } from './builder/builder.ts'
import type { ControlConfig } from './config.ts'
import { Control } from './control.ts'
import { Listening, placeOf } from './listening.ts'
import { logDestination } from './log-destination.ts'
import { Metrics } from './metrics.ts'
import type { OpenedHome } from './open-home.ts'
import { PluginHost } from './plugins/plugin-host.ts'
import { type PluginLimits, pluginLimits } from './plugins/plugin-life.ts'
import { type ReadPlugins, readPlugins } from './plugins/read-plugins.ts'
import { Deadlines } from './reconcile/deadlines.ts'
import { Needs } from './reconcile/needs.ts'
import { type ProviderEntry, ProviderRegistry } from './reconcile/provider-registry.ts'
import { Reconciler } from './reconcile/reconciler.ts'
import { StorageMeter } from './reconcile/storage-meter.ts'
import { Aliases } from './store/aliases.ts'
import { Builds, toBuild } from './store/builds.ts'
import type { Database } from './store/database.ts'
import { EnvironmentQueries } from './store/environment-queries.ts'
import { Environments } from './store/environments.ts'
import { EventLog } from './store/events.ts'
import { Faults } from './store/faults.ts'
import { makePrivate } from './store/home.ts'
import { IdempotencyKeys } from './store/idempotency.ts'
import { Accesses } from './store/people/accesses.ts'
import { Groups } from './store/people/groups.ts'
import { Roles } from './store/people/roles.ts'
import { UserChanges } from './store/people/user-changes.ts'
import { viewUsers } from './store/people/user-record.ts'
import { Users } from './store/people/users.ts'
import { PluginCursors } from './store/plugin-cursors.ts'
import { PluginRuns } from './store/plugin-runs.ts'
import { PluginValues } from './store/plugin-values.ts'
import { Stacks } from './store/stacks.ts'
import { Templates } from './store/templates.ts'
import { Tokens as TokenStore } from './store/tokens.ts'
import { Feed } from './tables/feed.ts'
import { recordEntry } from './tables/records.ts'
import { type Belongings, type EntryOf, routeEntry } from './tables/routes.ts'
import { Table } from './tables/table.ts'

/** Names a part: `container.resolve` gives it. */
export type PartToken<T> = InjectionToken<T>

const token = <T>(name: string): InjectionToken<T> => Symbol(name)

export const Tokens = {
  log: token<Logger>('log'),
  database: token<Database>('database'),
  events: token<EventLog>('events'),
  environments: token<Environments>('environments'),
  queries: token<EnvironmentQueries>('queries'),
  aliases: token<Aliases>('aliases'),
  faults: token<Faults>('faults'),
  templates: token<Templates>('templates'),
  stacks: token<Stacks>('stacks'),
  builds: token<Builds>('builds'),
  accesses: token<Accesses>('accesses'),
  users: token<Users>('users'),
  groups: token<Groups>('groups'),
  roles: token<Roles>('roles'),
  userChanges: token<UserChanges>('userChanges'),
  authority: token<Authority>('authority'),
  tokens: token<TokenStore>('tokens'),
  idempotency: token<IdempotencyKeys>('idempotency'),
  metrics: token<Metrics>('metrics'),
  streams: token<OpenStreams>('streams'),
  listening: token<Listening>('listening'),
  providers: token<ProviderRegistry>('providers'),
  needs: token<Needs>('needs'),
  reconciler: token<Reconciler>('reconciler'),
  deadlines: token<Deadlines>('deadlines'),
  storage: token<StorageMeter>('storage'),
  builder: token<Builder>('builder'),
  feeds: token<Feeds>('feeds'),
  commands: token<EnvironmentCommands>('commands'),
  exec: token<ExecSocket>('exec'),
  recall: token<Recall>('recall'),
  plugins: token<PluginHost>('plugins'),
  control: token<Control>('control'),
}

export interface ContainerOptions {
  /** Instead of the ones that come with Standin. For tests. */
  readonly providers?: readonly Provider[]
  /** What the list of plugins is taken from. */
  readonly plugins?: () => Promise<ReadPlugins>
  readonly pluginLimits?: Partial<PluginLimits>
  /** For tests that set the time. */
  readonly clock?: Clock
  /** Where the log goes; default: standard error. */
  readonly logTo?: DestinationStream
}

/** Control's parts and what each is made of. Nothing starts here. */
export function buildContainer(config: ControlConfig, opened: OpenedHome, options: ContainerOptions = {}): DependencyContainer {
  const { home, database } = opened
  const { clock = systemClock } = options
  const now = () => clock.now()
  const place = placeOf(config)
  const container = root.createChildContainer()
  const provide = <T>(name: InjectionToken<T>, make: (get: <P>(part: InjectionToken<P>) => P) => T) =>
    container.register(name, { useFactory: instanceCachingFactory(() => make((part) => container.resolve(part))) })

  provide(Tokens.log, () =>
    pino(
      { base: null, level: config.logLevel, redact: ['req.headers.authorization', 'headers.authorization', 'token', '*.token'] },
      options.logTo ?? logDestination(),
    ),
  )

  // The store.
  provide(Tokens.database, () => database)
  provide(Tokens.events, (get) => {
    const onFault = (error: unknown) => get(Tokens.log).error({ err: error }, 'a part that follows the events failed')
    return new EventLog(database, now, { onFault })
  })
  provide(Tokens.environments, (get) => new Environments(database, get(Tokens.events), now))
  provide(Tokens.queries, () => new EnvironmentQueries(database))
  provide(Tokens.aliases, (get) => new Aliases(database, get(Tokens.environments), get(Tokens.events), now))
  provide(Tokens.faults, (get) => new Faults(database, get(Tokens.environments), get(Tokens.events), now))
  provide(Tokens.templates, (get) => new Templates(database, get(Tokens.events), now))
  provide(Tokens.stacks, (get) => new Stacks(database, get(Tokens.templates)))
  provide(Tokens.builds, (get) => new Builds(database, get(Tokens.events), now))
  provide(Tokens.accesses, () => new Accesses(database))
  provide(Tokens.users, (get) => new Users(database, get(Tokens.events), get(Tokens.accesses), now))
  provide(Tokens.groups, (get) => new Groups(database, get(Tokens.events), get(Tokens.users), get(Tokens.accesses), now))
  provide(Tokens.roles, (get) => new Roles(database, get(Tokens.events), get(Tokens.accesses), now))
  provide(Tokens.tokens, (get) => new TokenStore(database, get(Tokens.events), get(Tokens.accesses), now))
  provide(Tokens.idempotency, () => new IdempotencyKeys(database, now))

  // Who may do what.
  provide(Tokens.userChanges, (get) => {
    const [users, groups, roles] = [get(Tokens.users), get(Tokens.groups), get(Tokens.roles)]
    const [tokens, environments, accesses] = [get(Tokens.tokens), get(Tokens.environments), get(Tokens.accesses)]
    return new UserChanges({ db: database, users, groups, roles, tokens, environments, accesses, now })
  })
  provide(Tokens.authority, (get) => {
    const [queries, templates, accesses, tokens] = [get(Tokens.queries), get(Tokens.templates), get(Tokens.accesses), get(Tokens.tokens)]
    return new Authority({ queries, templates, accesses, tokens })
  })

  // What brings environments to where they are wanted.
  provide(Tokens.listening, () => new Listening(config))
  provide(Tokens.providers, (get) => {
    const listening = get(Tokens.listening)
    const configs: Readonly<Record<string, () => unknown>> = { attach: () => ({ reserved: listening.reserved.map(formatEndpoint) }) }
    const entries = (options.providers ?? [processProvider as Provider, attachProvider as Provider]).map(
      (provider): ProviderEntry => ({ provider, config: configs[provider.id] ?? (() => ({})) }),
    )
    const contextOf = (id: string) => {
      const dataDir = home.providerDir(id)
      makePrivate(dataDir)
      return { dataDir, hiddenDirs: home.hiddenDirs, domain: config.domain, log: get(Tokens.log).child({ provider: id }), now }
    }
    return new ProviderRegistry(entries, contextOf, get(Tokens.log))
  })
  provide(Tokens.needs, (get) => new Needs(get(Tokens.environments), get(Tokens.queries), get(Tokens.events)))
  provide(Tokens.reconciler, (get) => {
    const metrics = get(Tokens.metrics)
    return new Reconciler({
      environments: get(Tokens.environments),
      queries: get(Tokens.queries),
      templates: get(Tokens.templates),
      stacks: get(Tokens.stacks),
      needs: get(Tokens.needs),
      builds: get(Tokens.builds),
      events: get(Tokens.events),
      providers: get(Tokens.providers),
      log: get(Tokens.log),
      now,
      trashMs: config.trashMs,
      onStep: (step, seconds) => metrics.observeStep(step, seconds),
      onFailure: (code) => metrics.countFailure(code),
    })
  })
  provide(Tokens.deadlines, (get) => {
    const [environments, queries, faults] = [get(Tokens.environments), get(Tokens.queries), get(Tokens.faults)]
    return new Deadlines(environments, queries, faults, get(Tokens.events), clock, get(Tokens.log))
  })

  provide(
    Tokens.storage,
    (get) =>
      new StorageMeter({
        environments: get(Tokens.environments),
        queries: get(Tokens.queries),
        events: get(Tokens.events),
        providers: get(Tokens.providers),
        clock,
        log: get(Tokens.log),
      }),
  )

  provide(
    Tokens.builder,
    (get) =>
      new Builder({
        db: database,
        builds: get(Tokens.builds),
        environments: get(Tokens.environments),
        templates: get(Tokens.templates),
        providers: get(Tokens.providers),
        reconciler: get(Tokens.reconciler),
        dir: home.buildsDir,
        authorise: (name, project, caller) => {
          const authority = get(Tokens.authority)
          authority.build(name, project, authority.refresh(caller).user)
        },
        log: get(Tokens.log),
        now,
      }),
  )

  // What followers hold.
  provide(Tokens.feeds, (get) => {
    const [stacks, queries, aliases, faults] = [get(Tokens.stacks), get(Tokens.queries), get(Tokens.aliases), get(Tokens.faults)]
    const belongingsOf = (id: number): Belongings => ({ aliases: aliases.of(id), faults: faults.of(id) })
    const feed = <E extends object>(entryOf: EntryOf<E>, hasAliases: (entry: E) => boolean) =>
      new Feed({
        table: new Table((record) => entryOf(record, stacks.of(record), config.domain, belongingsOf(record.id)), hasAliases),
        environments: get(Tokens.environments),
        queries,
        events: get(Tokens.events),
        epoch: () => database.epoch,
        place,
      })
    return {
      routes: feed(routeEntry, ({ routes }) => routes.some(({ alias }) => alias === true)),
      records: feed(recordEntry, (entry) => entry.aliases !== undefined),
    }
  })

  // The API.
  provide(Tokens.streams, () => new OpenStreams())
  provide(Tokens.metrics, (get) => {
    const [queries, events, streams] = [get(Tokens.queries), get(Tokens.events), get(Tokens.streams)]
    return new Metrics({
      environmentsByState: () => queries.countByState(),
      lastEvent: () => events.last,
      openStreams: () => streams.size,
    })
  })
  provide(Tokens.commands, (get) => {
    const listening = get(Tokens.listening)
    return new EnvironmentCommands({
      environments: get(Tokens.environments),
      queries: get(Tokens.queries),
      templates: get(Tokens.templates),
      providers: get(Tokens.providers),
      reconciler: get(Tokens.reconciler),
      deadlines: get(Tokens.deadlines),
      stacks: get(Tokens.stacks),
      needs: get(Tokens.needs),
      admission: get(Tokens.plugins).admission,
      reserved: () => listening.reserved,
      now,
    })
  })
  provide(
    Tokens.exec,
    (get) =>
      new ExecSocket({
        tokens: get(Tokens.tokens),
        authority: get(Tokens.authority),
        queries: get(Tokens.queries),
        stacks: get(Tokens.stacks),
        providers: get(Tokens.providers),
        streams: get(Tokens.streams),
        log: get(Tokens.log),
      }),
  )
  const aliasDependencies = (get: <P>(part: InjectionToken<P>) => P): AliasRoutesDependencies => ({
    aliases: get(Tokens.aliases),
    authority: get(Tokens.authority),
    queries: get(Tokens.queries),
    stacks: get(Tokens.stacks),
    place,
  })
  provide(Tokens.recall, (get) => (reference) => {
    const [kind, id] = reference.split(':')
    if (kind === 'build') return { status: 202, body: toBuild(get(Tokens.builds).require(Number(id))) }
    if (kind === 'alias') return { status: 200, body: viewAlias(get(Tokens.aliases).require(id ?? ''), aliasDependencies(get)) }
    if (kind === 'fault') return { status: 201, body: get(Tokens.faults).require(id ?? '') }
    if (kind === 'user') return { status: 201, body: viewUsers(database, [get(Tokens.users).require(id ?? '')])[0] }
    if (kind === 'group') return { status: 201, body: get(Tokens.groups).require(id ?? '') }
    if (kind === 'role') return { status: 201, body: get(Tokens.roles).require(id ?? '') }
    if (kind !== 'environment') throw new StandinError('internal', `an idempotency key refers to ${reference}`)
    const record = get(Tokens.queries).byRef(id ?? '')
    return { status: 201, body: viewEnvironment(record, get(Tokens.stacks).of(record), place) }
  })

  provide(Tokens.plugins, (get) => {
    const listening = get(Tokens.listening)
    const file = config.configFile ?? (existsSync(home.configFile) ? home.configFile : null)
    return new PluginHost({
      read: options.plugins ?? (() => readPlugins(file, builtInPlugins)),
      events: get(Tokens.events),
      cursors: new PluginCursors(database),
      runs: new PluginRuns(database, now),
      values: new PluginValues(database),
      tokens: get(Tokens.tokens),
      authenticate: (authorization, needed, permission, params, response) => {
        const authority = get(Tokens.authority)
        const caller = authenticate(get(Tokens.tokens), authorization, needed)
        authority.enforce(permission, caller, params)
        if (caller.user !== null) {
          const open = { end: () => response.destroy(), onClose: (listener: () => void) => response.on('close', listener) }
          get(Tokens.streams).add(open, () => authority.stillAllows(permission, caller, params))
        }
        return caller
      },
      clock,
      limits: { ...pluginLimits, ...options.pluginLimits },
      url: () => listening.apiUrl,
      log: get(Tokens.log),
      registry: get(Tokens.metrics).registry,
    })
  })

  provide(Tokens.control, (get) => {
    const log = get(Tokens.log)
    const [queries, stacks, templates, providers, streams] = [
      get(Tokens.queries),
      get(Tokens.stacks),
      get(Tokens.templates),
      get(Tokens.providers),
      get(Tokens.streams),
    ]
    return new Control({
      ...opened,
      config,
      log,
      providers,
      streams,
      tokens: get(Tokens.tokens),
      events: get(Tokens.events),
      reconciler: get(Tokens.reconciler),
      deadlines: get(Tokens.deadlines),
      feeds: get(Tokens.feeds),
      metrics: get(Tokens.metrics),
      listening: get(Tokens.listening),
      services: [get(Tokens.builder), get(Tokens.storage)],
      plugins: get(Tokens.plugins),
      buildServer: (ready) =>
        buildServer({
          ready,
          log,
          version: manifest.version,
          tokens: get(Tokens.tokens),
          authority: get(Tokens.authority),
          idempotency: get(Tokens.idempotency),
          recall: get(Tokens.recall),
          metrics: get(Tokens.metrics),
          exec: get(Tokens.exec),
          routes: (app) => {
            const [authority, users, groups, roles] = [get(Tokens.authority), get(Tokens.users), get(Tokens.groups), get(Tokens.roles)]
            serverRoutes(app, {
              place,
              dns: config.dns,
              version: manifest.version,
              trashMs: config.trashMs,
              providers,
              metrics: get(Tokens.metrics),
              epoch: () => database.epoch,
            })
            environmentRoutes(app, {
              ...{ commands: get(Tokens.commands), plugins: get(Tokens.plugins), events: get(Tokens.events) },
              ...{ queries, users: get(Tokens.users), stacks, providers, streams, place, authority },
              rules: new EnvironmentRules(authority, queries, templates),
            })
            aliasRoutes(app, aliasDependencies(get))
            faultRoutes(app, { faults: get(Tokens.faults), queries, stacks, place, now })
            templateRoutes(app, { templates, authority, queries, providers, log })
            buildRoutes(app, { builds: get(Tokens.builds), builder: get(Tokens.builder) })
            eventRoutes(app, {
              ...{ events: get(Tokens.events), environments: get(Tokens.environments), streams, authority },
              sight: new EventSight({
                ...{ environments: get(Tokens.environments), builds: get(Tokens.builds), templates, accesses: get(Tokens.accesses) },
              }),
            })
            pluginRoutes(app, get(Tokens.plugins))
            tableRoutes(app, get(Tokens.feeds), streams, authority)
            userRoutes(app, { db: database, users, groups, changes: get(Tokens.userChanges) })
            groupRoutes(app, { users, groups, roles })
            roleRoutes(app, { users, groups, roles })
            tokenRoutes(app, get(Tokens.tokens), users, now)
            activityRoutes(app, get(Tokens.environments))
          },
        }),
    })
  })
  return container
}
