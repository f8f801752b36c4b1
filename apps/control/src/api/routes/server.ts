import '@fastify/swagger'
import { api, type Discovery } from '@standin/client'
import type { FastifyInstance } from 'fastify'
import type { Metrics } from '../../metrics.ts'
import type { ProviderRegistry } from '../../reconcile/provider-registry.ts'
import { toRights } from '../../store/people/user-access.ts'
import type { Place } from '../../tables/pool.ts'
import { endpoint } from '../endpoint.ts'

export interface ServerRoutesDependencies {
  readonly place: Place
  readonly dns: string | null
  readonly version: string
  readonly trashMs: number
  readonly providers: ProviderRegistry
  readonly metrics: Metrics
  readonly epoch: () => string
}

export function serverRoutes(app: FastifyInstance, deps: ServerRoutesDependencies): void {
  endpoint(
    app,
    'server.discover',
    api.server.discover,
    ({ caller }): Discovery => ({
      name: 'standin',
      version: deps.version,
      api: 'v1',
      domain: deps.place.domain,
      gateway: { scheme: deps.place.gateway.scheme, port: deps.place.gateway.port, httpsPort: deps.place.gateway.httpsPort },
      dns: deps.dns,
      epoch: deps.epoch(),
      actor: caller.actor,
      scope: caller.scope,
      ...(caller.user === null ? {} : { user: toRights(caller.user) }),
      providers: [...deps.providers.entries()].map(([id, { can, notes }]) => ({ id, can: { ...can }, notes: [...notes] })),
      links: {
        environments: '/v1/environments',
        aliases: '/v1/aliases',
        faults: '/v1/faults',
        templates: '/v1/templates',
        builds: '/v1/builds',
        events: '/v1/events',
        plugins: '/v1/plugins',
        routes: '/v1/routes',
        records: '/v1/records',
        users: '/v1/users',
        groups: '/v1/groups',
        roles: '/v1/roles',
        tokens: '/v1/tokens',
        activity: '/v1/activity',
        metrics: '/v1/metrics',
        openapi: '/v1/openapi.json',
      },
      trashMs: deps.trashMs,
    }),
  )

  endpoint(app, 'server.health', api.server.health, () => ({ status: 'ok' as const }))

  endpoint(app, 'server.openapi', api.server.openapi, () => app.swagger())

  endpoint(app, 'server.metrics', api.server.metrics, async ({ reply }) =>
    reply
      .type(deps.metrics.contentType)
      .serializer((text: unknown) => text as string)
      .send(await deps.metrics.text()),
  )
}
