import { api, permissions } from '@standin/client'
import type { FastifyInstance } from 'fastify'
import type { Authority } from '../../access/authority.ts'
import type { Feed } from '../../tables/feed.ts'
import { endpoint } from '../endpoint.ts'
import type { OpenStreams } from '../open-streams.ts'
import { SseStream } from '../sse.ts'

export interface Feeds {
  readonly routes: Feed
  readonly records: Feed
}

/** What followers hold. */
export function tableRoutes(app: FastifyInstance, feeds: Feeds, streams: OpenStreams, authority: Authority): void {
  for (const kind of ['routes', 'records'] as const) {
    endpoint(app, `tables.${kind}`, api.tables[kind], ({ query, caller, request, reply }) => {
      if (query.watch === undefined && request.headers.accept?.includes('text/event-stream') !== true) {
        reply.hijack()
        reply.raw.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
        for (const piece of feeds[kind].snapshot()) reply.raw.write(piece)
        reply.raw.end()
        return reply
      }
      const lastId = request.headers['last-event-id']
      reply.hijack()
      const stream = new SseStream(reply.raw)
      streams.add(stream, () => authority.stillAllows(permissions.tables[kind], caller, {}))
      feeds[kind].watch(stream, typeof lastId === 'string' ? lastId : (query.after ?? null))
      return reply
    })
  }
}
