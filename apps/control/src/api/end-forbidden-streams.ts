import type { Event } from '@standin/client'
import type { EventLog } from '../store/events.ts'
import type { OpenStreams } from './open-streams.ts'

/** Who is no longer let in, or lost a role, reads on in nothing that is open. @returns the unsubscribe */
export function endForbiddenStreams(events: EventLog, streams: OpenStreams): () => void {
  return events.subscribe((committed) => {
    if (streams.size > 0 && committed.some(changesRights)) streams.endForbidden()
  })
}

function changesRights({ type, data }: Event): boolean {
  if (type === 'environment.changed') {
    const { fields } = data as { fields?: readonly string[] }
    return fields?.includes('labels') === true || fields?.includes('owner') === true
  }
  return type === 'token.revoked' || /^(user|group|role)\./.test(type)
}
