import { api, type Event, permissions, StandinError } from '@standin/client'
import type { FastifyInstance } from 'fastify'
import type { Authority } from '../../access/authority.ts'
import type { EventSight } from '../../access/event-sight.ts'
import type { Environments } from '../../store/environments.ts'
import type { EventLog, EventQuery } from '../../store/events.ts'
import type { UserAccess } from '../../store/people/user-access.ts'
import { endpoint } from '../endpoint.ts'
import { type Sight, streamEvents } from '../event-stream.ts'
import type { OpenStreams } from '../open-streams.ts'
import { SseStream } from '../sse.ts'

export interface EventRoutesDependencies {
  readonly events: EventLog
  readonly environments: Environments
  readonly streams: OpenStreams
  readonly authority: Authority
  readonly sight: EventSight
}

/** Of the further data of a notice, characters of JSON. */
const mostData = 16_384

export function eventRoutes(app: FastifyInstance, { events, environments, streams, authority, sight }: EventRoutesDependencies): void {
  endpoint(app, 'events.list', api.events.list, ({ query, caller, request, reply }) => {
    const { watch, limit = 100, ...filter } = query
    const lastId = request.headers['last-event-id']
    const after = typeof lastId === 'string' && /^[0-9]{1,15}$/.test(lastId) ? Number(lastId) : (filter.after ?? 0)
    events.refuseFuture(after)
    if (watch === undefined && request.headers.accept?.includes('text/event-stream') !== true) {
      const items = listSeen(events, { ...filter, after, limit }, sight, caller.user)
      return { items, nextCursor: items.length === limit ? String(items.at(-1)?.seq) : null, first: events.first, last: events.last }
    }
    reply.hijack()
    const stream = new SseStream(reply.raw)
    streams.add(stream, () => authority.stillAllows(permissions.events.list, caller, {}))
    streamEvents(events, { ...filter, after }, stream, sightOf(sight, caller.user))
    return reply
  })

  endpoint(app, 'events.notify', api.events.notify, ({ body, caller, reply }) => {
    const { kind, message, environment = null, data = {} } = body
    if (environment === null) authority.everywhere(caller.user, 'manager')
    else authority.environment(String(environment), caller.user, 'participant')
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

/** Full pages of what is seen. */
function listSeen(
  events: EventLog,
  query: EventQuery & { after: number; limit: number },
  sight: EventSight,
  user: UserAccess | null,
): Event[] {
  if (user === null) return events.list(query)
  const seen: Event[] = []
  for (let { after } = query; ; ) {
    const batch = events.list({ ...query, after, seenBy: user })
    for (const event of batch) if (sight.sees(event, user)) seen.push(event)
    if (batch.length < query.limit || seen.length >= query.limit) return seen.slice(0, query.limit)
    after = batch.at(-1)?.seq ?? after
  }
}

function sightOf(sight: EventSight, user: UserAccess | null): Sight | null {
  if (user === null) return null
  const access = () => sight.current(user)
  return {
    access,
    sees: (event) => {
      const now = access()
      return now !== null && sight.sees(event, now)
    },
  }
}
