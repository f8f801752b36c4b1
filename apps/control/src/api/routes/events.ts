import { api, StandinError } from '@standin/client'
import type { FastifyInstance } from 'fastify'
import type { Environments } from '../../store/environments.ts'
import type { EventLog } from '../../store/events.ts'
import { endpoint } from '../endpoint.ts'
import { streamEvents } from '../event-stream.ts'
import type { OpenStreams } from '../open-streams.ts'
import { SseStream } from '../sse.ts'

export interface EventRoutesDependencies {
  readonly events: EventLog
  readonly environments: Environments
  readonly streams: OpenStreams
}

/** Of the further data of a notice, characters of JSON. */
const mostData = 16_384

export function eventRoutes(app: FastifyInstance, { events, environments, streams }: EventRoutesDependencies): void {
  endpoint(app, 'events.list', api.events.list, ({ query, request, reply }) => {
    const { watch, limit = 100, ...filter } = query
    const lastId = request.headers['last-event-id']
    const after = typeof lastId === 'string' && /^[0-9]{1,15}$/.test(lastId) ? Number(lastId) : (filter.after ?? 0)
    events.refuseFuture(after)
    if (watch === undefined && request.headers.accept?.includes('text/event-stream') !== true) {
      const items = events.list({ ...filter, limit })
      return { items, nextCursor: items.length === limit ? String(items.at(-1)?.seq) : null, first: events.first, last: events.last }
    }
    reply.hijack()
    const stream = new SseStream(reply.raw)
    streams.add(stream)
    streamEvents(events, { ...filter, after }, stream)
    return reply
  })

  endpoint(app, 'events.notify', api.events.notify, ({ body, caller, reply }) => {
    const { kind, message, environment = null, data = {} } = body
    if (JSON.stringify(data).length > mostData)
      throw new StandinError('too_large', `the data of a notice is larger than ${mostData} characters`)
    const state = environment === null ? null : environments.require(environment).state
    const seq = events.append({ type: 'notice', actor: caller.actor, environment, state, data: { ...data, kind, message } })
    reply.code(201)
    const [event] = events.list({ after: seq - 1, limit: 1 })
    if (event === undefined) throw new StandinError('internal', `event ${seq} is not there`)
    return event
  })
}
