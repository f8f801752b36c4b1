import { api, type Environment, type EnvironmentAction, environmentActions, permissions, StandinError, type Stats } from '@standin/client'
import type { FastifyInstance } from 'fastify'
import type { Authority } from '../../access/authority.ts'
import type { EnvironmentRules } from '../../access/environment-rules.ts'
import type { PluginHost } from '../../plugins/plugin-host.ts'
import type { ProviderRegistry } from '../../reconcile/provider-registry.ts'
import type { EnvironmentQueries } from '../../store/environment-queries.ts'
import type { EnvironmentRecord } from '../../store/environment-record.ts'
import type { EventLog } from '../../store/events.ts'
import type { UserAccess } from '../../store/people/user-access.ts'
import type { Users } from '../../store/people/users.ts'
import type { Stacks } from '../../store/stacks.ts'
import type { Place } from '../../tables/pool.ts'
import { endpoint } from '../endpoint.ts'
import type { EnvironmentCommands } from '../environment-commands.ts'
import { viewEnvironment } from '../environment-view.ts'
import { begun, streamLines } from '../line-stream.ts'
import type { OpenStreams } from '../open-streams.ts'
import { requireRevision } from '../require-revision.ts'

export interface EnvironmentRoutesDependencies {
  readonly commands: EnvironmentCommands
  readonly rules: EnvironmentRules
  readonly authority: Authority
  readonly users: Users
  readonly streams: OpenStreams
  readonly queries: EnvironmentQueries
  readonly events: EventLog
  readonly stacks: Stacks
  readonly providers: ProviderRegistry
  readonly plugins: Pick<PluginHost, 'sectionsOf'>
  readonly place: Place
}

/** A list does not wait longer than this for one environment's numbers, ms. */
const statsPatienceMs = 500

export function environmentRoutes(app: FastifyInstance, deps: EnvironmentRoutesDependencies): void {
  const { commands, rules, authority, queries, users, events, streams, providers, stacks, plugins, place } = deps
  const view = (record: EnvironmentRecord): Environment => viewEnvironment(record, stacks.of(record), place)
  const routes = api.environments

  endpoint(app, 'environments.list', routes.list, async ({ query, caller }) => {
    const { limit = 100, label, stats, ...filter } = query
    const { items, nextCursor } = queries.list({ ...filter, limit, labels: label, seenBy: caller.user })
    if (stats !== true) return { items: items.map(view), nextCursor }
    const measured = await Promise.all(items.map((record) => measureSoon(providers, record)))
    return { items: items.map((record, index) => ({ ...view(record), stats: measured[index] ?? null })), nextCursor }
  })

  endpoint(app, 'environments.create', routes.create, async ({ body, caller, request, reply }) => {
    rules.create(body, caller.user)
    const onInsert = (id: number) => request.idempotent?.refer(`environment:${id}`)
    const still = () => {
      const now = authority.refresh(caller)
      rules.create(body, now.user)
      return now
    }
    const { environment, created } = await rules.hidingNames(body.name, caller.user, () => commands.create(body, caller, onInsert, still))
    reply.code(created ? 201 : 200).header('location', `/v1/environments/${environment.id}`)
    return view(environment)
  })

  endpoint(app, 'environments.plan', routes.plan, ({ body, caller }) => {
    rules.create(body, caller.user)
    return rules.hidingNames(body.name, caller.user, () => commands.plan(body, caller))
  })

  endpoint(app, 'environments.get', routes.get, ({ params }) => view(queries.byRef(params.ref)))

  endpoint(app, 'environments.update', routes.update, ({ params, body, caller, request }) => {
    const judge = (ref: string, user: UserAccess | null) => {
      const record = authority.environment(ref, user, 'viewer')
      rules.update(record, body, user)
      requireRevision(`environment ${record.name} (${record.id})`, record.revision, request.headers['if-match'])
      return record
    }
    const record = judge(params.ref, caller.user)
    const { owner, ...edit } = body
    const to = () => (owner === undefined ? null : users.require(owner))
    const still = () => {
      const now = authority.refresh(caller)
      judge(String(record.id), now.user)
      return now
    }
    return rules.hidingNames(body.name, caller.user, async () => view(await commands.edit(record, edit, caller, to, still)))
  })

  endpoint(app, 'environments.delete', routes.delete, ({ params, query, caller, reply }) => {
    reply.code(202)
    return view(commands.delete(queries.byRef(params.ref), caller, { purge: query.purge === true, reason: query.reason }))
  })

  for (const action of environmentActions) {
    endpoint(app, `environments.${action}`, routes[action as EnvironmentAction], async ({ params, body, caller, reply }) => {
      reply.code(202)
      const record = queries.byRef(params.ref)
      const still = () => {
        const now = authority.refresh(caller)
        authority.enforce(permissions.environments[action], now, params)
        return now
      }
      return view(await rules.hidingNames(record.name, caller.user, () => commands.act(record, action, caller, body.reason, still)))
    })
  }

  endpoint(app, 'environments.sections', routes.sections, async ({ params }) => {
    const record = queries.byRef(params.ref)
    return { items: await plugins.sectionsOf(() => view(record)) }
  })

  endpoint(app, 'environments.stats', routes.stats, async ({ params }) => {
    const record = queries.byRef(params.ref)
    const provider = providers.get(record.provider)
    if (!provider.can.stats) throw unsupported(record, 'measure')
    return provider.stats(record.id)
  })

  endpoint(app, 'environments.logs', routes.logs, async ({ params, query, caller, request, reply }) => {
    const record = queries.byRef(params.ref)
    const provider = providers.get(record.provider)
    if (!provider.can.logs) throw unsupported(record, 'read logs of')
    if (query.host !== undefined) requireHost(record, query.host, stacks)
    const gone = new AbortController()
    request.raw.on('close', () => gone.abort())
    reply.raw.on('close', () => gone.abort())
    // Nothing more will be printed: whoever follows is let go.
    const unsubscribe = events.subscribe((batch) => {
      if (batch.some(({ environment, state }) => environment === record.id && state === 'deleted')) gone.abort()
    })
    const allowed = () => authority.stillAllows(permissions.environments.logs, caller, { ref: record.id })
    streams.add({ end: () => gone.abort(), onClose: (listener) => reply.raw.on('close', listener) }, allowed)
    try {
      const lines = await begun(provider.logs(record.id, { ...query, signal: gone.signal }))
      reply.hijack()
      await streamLines(reply.raw, lines, (error) => request.log.warn({ err: error, environment: record.id }, 'logs ended early'))
    } finally {
      unsubscribe()
    }
    return reply
  })

  endpoint(app, 'environments.exec', routes.exec, () => {
    throw new StandinError('invalid', 'exec is a WebSocket: send the request with `Upgrade: websocket`')
  })
}

/** @throws StandinError `host_not_found` */
export function requireHost(record: EnvironmentRecord, host: string, stacks: Stacks): void {
  const names = stacks.of(record).hosts.map((each) => each.name)
  if (names.includes(host)) return
  throw new StandinError('host_not_found', `environment ${record.name} (${record.id}) has no host ${host}`, {
    hint: names.length === 0 ? 'It has no hosts' : `Its hosts: ${names.join(', ')}`,
  })
}

export function unsupported(record: EnvironmentRecord, verb: string): StandinError {
  return new StandinError('unsupported', `provider ${record.provider} can not ${verb} environment ${record.name} (${record.id})`, {
    hint:
      record.kind === 'attachment'
        ? `It runs elsewhere: \`standin show ${record.name}\` tells where`
        : '`standin doctor` tells what each provider can',
  })
}

/** Null where it doesn't run, isn't measured, or answers too late. */
async function measureSoon(providers: ProviderRegistry, record: EnvironmentRecord): Promise<Stats | null> {
  if (record.state !== 'running') return null
  const provider = providers.get(record.provider)
  if (!provider.can.stats) return null
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<null>((late) => {
    timer = setTimeout(late, statsPatienceMs, null)
  })
  const stats = provider.stats(record.id).catch(() => null)
  return Promise.race([stats, tooLate]).finally(() => clearTimeout(timer))
}
