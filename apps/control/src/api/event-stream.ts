import type { Event } from '@standin/client'
import type { EventLog, EventQuery } from '../store/events.ts'
import type { UserAccess } from '../store/people/user-access.ts'
import type { SseStream } from './sse.ts'

/** What a user sees, at each moment. */
export interface Sight {
  access(): UserAccess | null
  sees(event: Event): boolean
}

const heartbeatMs = 5_000
const batchSize = 500

/**
 * Events after a sequence number, then those to come. The log is the buffer: a slow reader is given the next batch when
 * it has taken the last, so nothing piles up for it.
 * @param sight null: everything
 */
export function streamEvents(log: EventLog, query: EventQuery, stream: SseStream, sight: Sight | null): void {
  let sent = query.after ?? 0
  let caughtUp = false

  const send = (event: Event) => stream.send({ id: event.seq, event: event.type, data: JSON.stringify(event) })

  const pump = () => {
    while (!stream.blocked) {
      const batch = log.list({ ...query, after: sent, limit: batchSize, seenBy: sight?.access() ?? null })
      for (const event of batch) if (sight?.sees(event) !== false) send(event)
      sent = batch.at(-1)?.seq ?? sent
      if (batch.length < batchSize) {
        caughtUp = true
        return
      }
    }
    caughtUp = false
  }

  const unsubscribe = log.subscribe((events) => {
    if (!caughtUp) return
    if (stream.blocked) {
      caughtUp = false
      return
    }
    for (const event of events) {
      if (event.seq <= sent || !matches(event, query) || sight?.sees(event) === false) continue
      send(event)
      sent = event.seq
    }
  })
  const heartbeat = setInterval(() => stream.comment('still here'), heartbeatMs)
  heartbeat.unref()
  stream.onDrain(() => {
    if (!caughtUp) pump()
  })
  stream.onClose(() => {
    unsubscribe()
    clearInterval(heartbeat)
  })
  pump()
}

function matches(event: Event, query: EventQuery): boolean {
  return (
    (query.environment === undefined || event.environment === query.environment) &&
    (query.build === undefined || event.build === query.build) &&
    (query.type === undefined || event.type === query.type)
  )
}
