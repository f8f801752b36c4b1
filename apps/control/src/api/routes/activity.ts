import { api } from '@standin/client'
import type { FastifyInstance } from 'fastify'
import type { Environments } from '../../store/environments.ts'
import { endpoint } from '../endpoint.ts'

/** A batch of the gateway's may name every environment there is, bytes. */
const reportLimit = 8 << 20

export function activityRoutes(app: FastifyInstance, environments: Environments): void {
  endpoint(
    app,
    'activity.report',
    api.activity.report,
    ({ body, reply }) => {
      const items = body.items.map((item) => ({ ...item, at: Date.parse(item.at) })).filter(({ at }) => !Number.isNaN(at))
      environments.reportActivity(items)
      return reply.code(204).send()
    },
    { bodyLimit: reportLimit, kept: false },
  )
}
