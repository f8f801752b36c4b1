import { api } from '@standin/client'
import type { FastifyInstance } from 'fastify'
import type { PluginHost } from '../../plugins/plugin-host.ts'
import { endpoint } from '../endpoint.ts'

export function pluginRoutes(app: FastifyInstance, host: PluginHost): void {
  endpoint(app, 'plugins.list', api.plugins.list, () => host.list)

  endpoint(app, 'plugins.get', api.plugins.get, ({ params }) => host.view(params.id))

  endpoint(app, 'plugins.runs', api.plugins.runs, ({ params, query }) =>
    host.runs(params.id, { schedule: query.schedule, limit: query.limit ?? 100, cursor: query.cursor }),
  )

  // Before anything of the request is read: the rest is the plugin's server's, its token too.
  app.route<{ Params: { id: string } }>({
    method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url: '/v1/plugins/:id/*',
    schema: { hide: true },
    config: { scope: null, permission: { rule: 'token' } },
    onRequest: async (request, reply) => {
      const answer = await host.answerOf(request.params.id)
      reply.hijack()
      answer(request.raw, reply.raw)
    },
    handler: (_, reply) => reply,
  })
}
