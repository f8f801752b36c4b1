import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import { api } from '@standin/client'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Registry } from 'prom-client'
import type { PathParams } from '../access/authority.ts'
import { endpoint } from '../api/endpoint.ts'
import { answerError, answerNotFound } from '../api/problems.ts'
import { pluginRoutes } from '../api/routes/plugins.ts'
import type { PluginHost } from '../plugins/plugin-host.ts'
import type { Authenticate } from '../plugins/plugin-server.ts'

export interface BesideServerParts {
  readonly host: PluginHost
  readonly registry: Registry
  readonly authenticate: Authenticate
  readonly log: FastifyBaseLogger
}

/** Of control's API what is about plugins, and health and metrics. The same tokens, which control is asked about. */
export async function buildBesideServer({ host, registry, authenticate, log }: BesideServerParts): Promise<FastifyInstance> {
  const app = Fastify({
    // Where it listens is said to who started it.
    loggerInstance: log.child({}, { level: log.level === 'info' ? 'warn' : log.level }),
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { maxParamLength: 256 },
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    frameworkErrors: answerError,
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.setValidatorCompiler(TypeBoxValidatorCompiler as never)
  app.setSerializerCompiler(() => JSON.stringify)
  app.setErrorHandler(answerError)
  app.setNotFoundHandler(answerNotFound)
  app.decorateRequest('caller', null)
  app.decorateRequest('idempotent', null)
  app.addHook('onRequest', async (request, reply) => {
    const { scope, permission } = request.routeOptions.config
    if (scope == null || permission === undefined) return
    request.caller = await authenticate(request.headers.authorization, scope, permission, request.params as PathParams, reply.raw)
  })
  endpoint(app, 'server.health', api.server.health, () => ({ status: 'ok' as const }))
  endpoint(app, 'server.metrics', api.server.metrics, async ({ reply }) =>
    reply
      .type(registry.contentType)
      .serializer((text: unknown) => text as string)
      .send(await registry.metrics()),
  )
  pluginRoutes(app, host)
  await app.ready()
  return app
}
