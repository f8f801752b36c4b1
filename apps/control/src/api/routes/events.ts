import { api } from '@standin/client'
import type { FastifyInstance } from 'fastify'
import type { EventLog } from '../../store/events.ts'
import { endpoint } from '../endpoint.ts'
import { streamEvents } from '../event-stream.ts'
import type { OpenStreams } from '../open-streams.ts'
import { SseStream } from '../sse.ts'

export function eventRoutes(app: FastifyInstance, events: EventLog, streams: OpenStreams): void {
  endpoint(app, 'events.list', api.events.list, ({ query, request, reply }) => {
    const { watch, limit = 100, ...filter } = query
    const lastId = request.headers['last-event-id']
    const after = typeof lastId === 'string' && /^[0-9]{1,15}$/.test(lastId) ? Number(lastId) : (filter.after ?? 0)
    events.refuseFuture(after)
    if (watch === undefined && request.headers.accept?.includes('text/event-stream') !== true) {
      const items = events.list({ ...filter, limit })
      return { items, nextCursor: items.length === limit ? String(items.at(-1)?.seq) : null }
    }
    reply.hijack()
    const stream = new SseStream(reply.raw)
    streams.add(stream)
    streamEvents(events, { ...filter, after }, stream)
    return reply
  })
}
