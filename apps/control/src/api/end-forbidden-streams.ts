import type { Event } from '@standin/client'
import type { EventLog } from '../store/events.ts'
import type { OpenStreams } from './open-streams.ts'

/** A token that expires does so without an event: it is looked for so often, ms. */
const usualSweepMs = 10_000

/** Who is no longer let in, or lost a role, reads on in nothing that is open. @returns what ends it */
export function endForbiddenStreams(events: EventLog, streams: OpenStreams, sweepMs = usualSweepMs): () => void {
  const unsubscribe = events.subscribe((committed) => {
    if (streams.size > 0 && committed.some(changesRights)) streams.endForbidden()
  })
  const sweep = setInterval(() => streams.endForbidden(), sweepMs)
  sweep.unref()
  return () => {
    clearInterval(sweep)
    unsubscribe()
  }
}

function changesRights({ type, data }: Event): boolean {
  if (type === 'environment.changed') {
    const { fields } = data as { fields?: readonly string[] }
    return fields?.includes('labels') === true || fields?.includes('owner') === true
  }
  // Who is new takes nothing from anybody: thousands may come at once.
  return type === 'token.revoked' || (/^(user|group|role)\./.test(type) && !type.endsWith('.created'))
}
