import { createServer, type Server } from 'node:http'
import swagger from '@fastify/swagger'
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import { behalfHeader, StandinError } from '@standin/client'
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify'
import Fastify, { LogController } from 'fastify'
import type { Authority, PathParams } from '../access/authority.ts'
import type { Metrics } from '../metrics.ts'
import type { IdempotencyKeys } from '../store/idempotency.ts'
import type { Caller, Tokens } from '../store/tokens.ts'
import { actingFor, authenticate } from './auth.ts'
import type { ExecSocket } from './exec-socket.ts'
import { acceptIdempotencyKeys, type Recall } from './idempotent-request.ts'
import { answerError, answerNotFound } from './problems.ts'

export interface ServerDependencies {
  readonly log: FastifyBaseLogger
  readonly version: string
  readonly tokens: Tokens
  readonly authority: Authority
  readonly idempotency: IdempotencyKeys
  readonly recall: Recall
  readonly metrics: Metrics
  readonly exec: ExecSocket
  /** Requests wait for this: the address is taken before all else is ready, so that it can be told to the parts. */
  readonly ready: Promise<void>
  /** Registers the endpoints, each file of `routes/` its own, in an order that can be read in container/api.ts. */
  readonly routes: (app: FastifyInstance) => void
}

/** A request has to have arrived within this time, uploads too, ms. */
const uploadPatienceMs = 600_000

/**
 * The API. What happens to a request, in order: its token is checked, and the roles of the token's user; its parts are
 * validated, an Idempotency-Key is looked up, the endpoint's handler answers. Errors become problem documents in `problems.ts`.
 */
export async function buildServer(deps: ServerDependencies): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: deps.log,
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { maxParamLength: 256 },
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    frameworkErrors: answerError,
    serverFactory: (handler) => withUpgrade(createServer({ requestTimeout: uploadPatienceMs }, handler), deps.exec),
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.setValidatorCompiler(TypeBoxValidatorCompiler as never)
  // The handlers' types are the schemas': checking once more at run time would only cost.
  app.setSerializerCompiler(() => JSON.stringify)
  app.setErrorHandler(answerError)
  app.setNotFoundHandler(answerNotFound)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Standin', version: deps.version, description: 'Disposable stand-ins of production' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'stn_<id>_<secret>' } } },
    },
  })

  app.decorateRequest('caller', null)
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.permission === undefined)
      throw new StandinError('internal', `${method} ${url} has no permission: see permissions.ts in client`)
  })
  const enforce = ({ routeOptions, params }: FastifyRequest, caller: Caller) => {
    const { permission } = routeOptions.config
    if (permission === undefined) throw new StandinError('internal', `${routeOptions.url} has no permission`)
    deps.authority.enforce(permission, caller, params as PathParams)
  }
  app.addHook('onRequest', async (request) => {
    await deps.ready
    const { scope } = request.routeOptions.config
    if (scope == null) return
    request.caller = actingFor(authenticate(deps.tokens, request.headers.authorization, scope), request.headers[behalfHeader])
    enforce(request, request.caller)
  })
  // A body takes as long as its sender likes; meanwhile roles may have changed, and whose the thing is.
  app.addHook('preHandler', async (request) => {
    if (request.caller === null || request.method === 'GET') return
    request.caller = deps.authority.refresh(request.caller)
    enforce(request, request.caller)
  })
  app.addHook('preValidation', async (request) => {
    // A body that may be empty may be left out.
    if (request.body === undefined && request.routeOptions.schema?.body !== undefined) request.body = {}
  })
  acceptIdempotencyKeys(app, deps.idempotency, deps.recall)
  app.addHook('onResponse', async (request, reply) => {
    deps.metrics.observeRequest(request.method, request.routeOptions.url ?? 'none', reply.statusCode, reply.elapsedTime / 1000)
  })
  deps.routes(app)
  await app.ready()
  return app
}

function withUpgrade(server: Server, exec: ExecSocket): Server {
  return server.on('upgrade', exec.upgrade)
}
