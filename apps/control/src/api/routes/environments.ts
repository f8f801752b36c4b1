import { api, type Environment, type EnvironmentAction, environmentActions, StandinError, type Stats } from '@standin/client'
import type { FastifyInstance } from 'fastify'
import type { PluginHost } from '../../plugins/plugin-host.ts'
import type { ProviderRegistry } from '../../reconcile/provider-registry.ts'
import type { EnvironmentQueries } from '../../store/environment-queries.ts'
import type { EnvironmentRecord } from '../../store/environment-record.ts'
import type { EventLog } from '../../store/events.ts'
import type { Stacks } from '../../store/stacks.ts'
import type { Place } from '../../tables/pool.ts'
import { endpoint } from '../endpoint.ts'
import type { EnvironmentCommands } from '../environment-commands.ts'
import { viewEnvironment } from '../environment-view.ts'
import { begun, streamLines } from '../line-stream.ts'

export interface EnvironmentRoutesDependencies {
  readonly commands: EnvironmentCommands
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
  const { commands, queries, events, providers, stacks, plugins, place } = deps
  const view = (record: EnvironmentRecord): Environment => viewEnvironment(record, stacks.of(record), place)
  const routes = api.environments

  endpoint(app, 'environments.list', routes.list, async ({ query }) => {
    const { limit = 100, label, stats, ...filter } = query
    const { items, nextCursor } = queries.list({ ...filter, limit, labels: label })
    if (stats !== true) return { items: items.map(view), nextCursor }
    const measured = await Promise.all(items.map((record) => measureSoon(providers, record)))
    return { items: items.map((record, index) => ({ ...view(record), stats: measured[index] ?? null })), nextCursor }
  })

  endpoint(app, 'environments.create', routes.create, async ({ body, caller, request, reply }) => {
    const { environment, created } = await commands.create(body, caller, (id) => request.idempotent?.refer(`environment:${id}`))
    reply.code(created ? 201 : 200).header('location', `/v1/environments/${environment.id}`)
    return view(environment)
  })

  endpoint(app, 'environments.plan', routes.plan, ({ body, caller }) => commands.plan(body, caller))

  endpoint(app, 'environments.get', routes.get, ({ params }) => view(queries.byRef(params.ref)))

  endpoint(app, 'environments.update', routes.update, ({ params, body, caller, request }) => {
    const record = queries.byRef(params.ref)
    requireRevision(record, request.headers['if-match'])
    return view(commands.edit(record, body, caller))
  })

  endpoint(app, 'environments.delete', routes.delete, ({ params, query, caller, reply }) => {
    reply.code(202)
    return view(commands.delete(queries.byRef(params.ref), caller, { purge: query.purge === true, reason: query.reason }))
  })

  for (const action of environmentActions) {
    endpoint(app, `environments.${action}`, routes[action as EnvironmentAction], async ({ params, body, caller, reply }) => {
      reply.code(202)
      return view(await commands.act(queries.byRef(params.ref), action, caller, body.reason))
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

  endpoint(app, 'environments.logs', routes.logs, async ({ params, query, request, reply }) => {
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

/**
 * RFC 9110, section 13.1.1. The entity tag is the revision; `*` is any.
 * @throws StandinError `invalid`, `changed_meanwhile`
 */
function requireRevision({ id, name, revision }: EnvironmentRecord, condition: string | undefined): void {
  if (condition === undefined || condition.trim() === '*') return
  const tags = condition.split(',').map((tag) => /^"([0-9]{1,15})"$/.exec(tag.trim())?.[1])
  if (tags.includes(undefined)) {
    throw new StandinError('invalid', `If-Match: ${condition.slice(0, 80)} is no revision of an environment`, {
      hint: 'Send the revision that was read, in quotes: `If-Match: "42"`',
    })
  }
  if (tags.includes(String(revision))) return
  throw new StandinError(
    'changed_meanwhile',
    `environment ${name} (${id}) was changed meanwhile: its revision is ${revision}, not ${tags.join(' or ')}`,
    {
      hint: 'Read it anew, and decide again',
    },
  )
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
