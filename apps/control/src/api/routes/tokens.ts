import { api, StandinError } from '@standin/client'
import type { FastifyInstance } from 'fastify'
import type { Users } from '../../store/people/users.ts'
import type { Tokens } from '../../store/tokens.ts'
import { endpoint } from '../endpoint.ts'

export function tokenRoutes(app: FastifyInstance, tokens: Tokens, users: Users, now: () => number): void {
  endpoint(app, 'tokens.list', api.tokens.list, ({ query }) => tokens.list({ limit: query.limit ?? 100, cursor: query.cursor }))

  endpoint(
    app,
    'tokens.create',
    api.tokens.create,
    ({ body, caller, reply }) => {
      const { name, scope, expiresInMs } = body
      const user = body.user === undefined ? null : users.require(body.user)
      if (user?.active === false) throw new StandinError('state_conflict', `${user.userName} is inactive: a token would let nobody in`)
      const expiresAt = expiresInMs == null ? null : now() + expiresInMs
      const { token, text } = tokens.create({ name, scope, expiresAt, user: user?.id ?? null }, caller.actor)
      reply.code(201)
      return { ...token, token: text }
    },
    // The answer holds a secret: it is kept nowhere.
    { kept: false },
  )

  endpoint(app, 'tokens.revoke', api.tokens.revoke, ({ params, caller, reply }) => {
    tokens.revoke(params.id, caller.actor)
    return reply.code(204).send()
  })
}
