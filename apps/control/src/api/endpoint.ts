import { type ApiEndpoint, type Permission, permissionOf, routeSchema, type Scope, StandinError } from '@standin/client'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { Caller } from '../store/tokens.ts'
import type { IdempotentRequest } from './idempotent-request.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The least scope of a token; null: no token at all. */
    scope?: Scope | null
    /** What a token of a user needs beside its scope. Every route has one. */
    permission?: Permission
    /** Whether its answers may be kept for an Idempotency-Key: not where they hold a secret. */
    kept?: boolean
  }
  interface FastifyRequest {
    caller: Caller | null
    idempotent: IdempotentRequest | null
  }
}

type PartOf<E, K extends string> = E extends Record<K, infer S extends TSchema> ? Static<S> : undefined
type AnswerOf<E extends ApiEndpoint> = E['response'][keyof E['response']] extends infer S extends TSchema ? Static<S> : never

/** A request whose parts were validated by the endpoint's schemas. */
export interface Call<E extends ApiEndpoint> {
  readonly params: PartOf<E, 'params'>
  readonly query: PartOf<E, 'querystring'>
  readonly body: PartOf<E, 'body'>
  readonly caller: Caller
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

export interface EndpointOptions {
  readonly kept?: boolean
  /** Bytes; default 1 MiB. */
  readonly bodyLimit?: number
}

/** Largest JSON body, bytes. */
const bodyLimit = 1 << 20

/**
 * Register an endpoint of the table: its schemas validate, its scope and its permission are asked for.
 * @param id `environments.get`, its place in the table
 * @param handler what it answers; status 201, 202 … is set through `reply.code`
 */
export function endpoint<E extends ApiEndpoint>(
  app: FastifyInstance,
  id: string,
  definition: E,
  handler: (call: Call<E>) => Promise<AnswerOf<E> | FastifyReply> | AnswerOf<E> | FastifyReply,
  options: EndpointOptions = {},
): void {
  const permission = permissionOf(id)
  if (permission === undefined) throw new StandinError('internal', `endpoint ${id} has no permission: see permissions.ts in client`)
  app.route({
    method: definition.method,
    url: definition.path,
    schema: routeSchema(id, definition),
    config: { scope: definition.scope, permission, kept: options.kept ?? true },
    bodyLimit: options.bodyLimit ?? bodyLimit,
    handler: async (request, reply) => {
      const { params, query, body } = request
      return handler({ params, query, body, caller: callerOf(request), request, reply } as Call<E>)
    },
  })
}

const nobody: Caller = { tokenId: '', actor: 'nobody', name: 'nobody', scope: 'read', user: null }

function callerOf(request: FastifyRequest): Caller {
  if (request.caller !== null) return request.caller
  if (request.routeOptions.config.scope === null) return nobody
  throw new StandinError('unauthenticated', 'the request carries no token')
}
