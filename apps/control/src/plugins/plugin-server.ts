import type { ServerResponse } from 'node:http'
import { type Permission, type Scope, StandinError } from '@standin/client'
import type { PluginHooks } from '@standin/core'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { PathParams } from '../access/authority.ts'
import { answerError, answerNotFound } from '../api/problems.ts'
import { toRights } from '../store/people/user-access.ts'
import type { Caller } from '../store/tokens.ts'

/** Who sends a request. @param params of the path @param response ended early where they may no longer have it @throws StandinError `unauthenticated`, `forbidden`, `environment_not_found` */
export type Authenticate = (
  authorization: string | undefined,
  needed: Scope,
  permission: Permission,
  params: PathParams,
  response: ServerResponse,
) => Caller | Promise<Caller>

/** Of routes that declare nothing. */
const forManagers: Permission = { rule: 'everywhere', role: 'manager' }

/** A request that a plugin does not answer is answered for it after this time, ms. */
const handlerTimeoutMs = 60_000

/**
 * A server of the plugin's own, without a socket: what its routes register, decorate and break is nobody else's. Control
 * hands it the requests below `/v1/plugins/<id>`.
 */
export async function buildPluginServer(
  id: string,
  routes: NonNullable<PluginHooks['routes']>,
  authenticate: Authenticate,
  log: FastifyBaseLogger,
): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { maxParamLength: 256 },
    exposeHeadRoutes: false,
    frameworkErrors: answerError,
    handlerTimeout: handlerTimeoutMs,
    ajv: { customOptions: { removeAdditional: false } },
  })
  app.setErrorHandler((error, request, reply) => answerError(failureOf(id, error), request, reply))
  app.setNotFoundHandler(answerNotFound)
  app.decorateRequest('pluginCaller', null)
  app.addHook('onRequest', async (request, reply) => {
    const reads = request.method === 'GET' || request.method === 'HEAD'
    const { scope = reads ? 'read' : 'write', permission = forManagers } = request.routeOptions.config
    if (scope === null) return
    const {
      actor,
      name,
      scope: has,
      user,
    } = await authenticate(request.headers.authorization, scope, permission, request.params as PathParams, reply.raw)
    request.pluginCaller = { actor, name, scope: has, user: user === null ? null : toRights(user) }
  })
  await app.register(routes, { prefix: `/v1/plugins/${id}` })
  await app.ready()
  return app
}

/** What is no StandinError and no fault of the request is the plugin's. */
function failureOf(id: string, error: unknown): unknown {
  const { statusCode } = (error ?? {}) as { statusCode?: number }
  if (error instanceof StandinError || (statusCode !== undefined && statusCode < 500)) return error
  return new StandinError('plugin_failed', `plugin/${id}: ${(error as Error)?.message ?? error}`, {
    hint: `\`standin plugin list\` shows how ${id} is; the log of control says more`,
    cause: error,
  })
}
