import type { Logger } from 'pino'
import type { UpstreamObserver } from './upstream-registry.ts'

/** Tells of endpoints that fail and come back. That one came, served and went is what all of them do. */
export const logChange =
  (log: Pick<Logger, 'warn' | 'info'>): UpstreamObserver =>
  ({ key, endpoint, state }, from, why) => {
    const line = { endpoint: key, instance: endpoint.instance, from, state, why }
    if (state === 'ejected' || state === 'unwell') log.warn(line, 'an endpoint fails')
    else if (state !== 'draining' && from !== 'new') log.info(line, 'an endpoint comes back')
  }
