import { StandinError } from '@standin/client'
import type { FastifyInstance } from 'fastify'
import manifest from '../../package.json' with { type: 'json' }
import { EnvironmentRules } from '../access/environment-rules.ts'
import { EventSight } from '../access/event-sight.ts'
import { EnvironmentCommands } from '../api/environment-commands.ts'
import { viewEnvironment } from '../api/environment-view.ts'
import { ExecSocket } from '../api/exec-socket.ts'
import { OpenStreams } from '../api/open-streams.ts'
import { activityRoutes } from '../api/routes/activity.ts'
import { type AliasRoutesDependencies, aliasRoutes, viewAlias } from '../api/routes/aliases.ts'
import { buildRoutes } from '../api/routes/builds.ts'
import { environmentRoutes } from '../api/routes/environments.ts'
import { eventRoutes } from '../api/routes/events.ts'
import { faultRoutes } from '../api/routes/faults.ts'
import { groupRoutes } from '../api/routes/groups.ts'
import { pluginRoutes } from '../api/routes/plugins.ts'
import { roleRoutes } from '../api/routes/roles.ts'
import { serverRoutes } from '../api/routes/server.ts'
import { tableRoutes } from '../api/routes/tables.ts'
import { templateRoutes } from '../api/routes/templates.ts'
import { tokenRoutes } from '../api/routes/tokens.ts'
import { userRoutes } from '../api/routes/users.ts'
import { Metrics } from '../metrics.ts'
import { toBuild } from '../store/builds.ts'
import { viewUsers } from '../store/people/user-record.ts'
import type { Get, Ground, Provide } from './ground.ts'
import { Tokens } from './tokens.ts'

/** What answers requests. */
export function provideApi(provide: Provide, ground: Ground): void {
  const {
    opened: { database },
    place,
    now,
  } = ground
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
  provide(Tokens.recall, (get) => (reference) => {
    const [kind, id] = reference.split(':')
    if (kind === 'build') return { status: 202, body: toBuild(get(Tokens.builds).require(Number(id))) }
    if (kind === 'alias') return { status: 200, body: viewAlias(get(Tokens.aliases).require(id ?? ''), aliasParts(get, ground)) }
    if (kind === 'fault') return { status: 201, body: get(Tokens.faults).require(id ?? '') }
    if (kind === 'user') return { status: 201, body: viewUsers(database, [get(Tokens.users).require(id ?? '')])[0] }
    if (kind === 'group') return { status: 201, body: get(Tokens.groups).require(id ?? '') }
    if (kind === 'role') return { status: 201, body: get(Tokens.roles).require(id ?? '') }
    if (kind !== 'environment') throw new StandinError('internal', `an idempotency key refers to ${reference}`)
    const record = get(Tokens.queries).byRef(id ?? '')
    return { status: 201, body: viewEnvironment(record, get(Tokens.stacks).of(record), place) }
  })
}

/** All endpoints, in the order in which they are registered. */
export function registerRoutes(app: FastifyInstance, get: Get, ground: Ground): void {
  const {
    config,
    opened: { database },
    place,
    now,
  } = ground
  const log = get(Tokens.log)
  const [queries, stacks, templates, providers, streams] = [
    get(Tokens.queries),
    get(Tokens.stacks),
    get(Tokens.templates),
    get(Tokens.providers),
    get(Tokens.streams),
  ]
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
    rules: new EnvironmentRules(authority, queries, templates, get(Tokens.needs)),
  })
  aliasRoutes(app, aliasParts(get, ground))
  faultRoutes(app, { faults: get(Tokens.faults), queries, stacks, place, now })
  templateRoutes(app, { templates, authority, queries, providers, log })
  buildRoutes(app, { builds: get(Tokens.builds), builder: get(Tokens.builder), authority })
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
}

function aliasParts(get: Get, { place }: Ground): AliasRoutesDependencies {
  return {
    aliases: get(Tokens.aliases),
    authority: get(Tokens.authority),
    queries: get(Tokens.queries),
    stacks: get(Tokens.stacks),
    place,
  }
}
