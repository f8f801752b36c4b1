import { StandinError } from '@standin/client'
import { StandinClient } from '@standin/client/connect'
import type { PluginTurns } from './plugin-turns.ts'

export interface PluginClientParts {
  readonly url: string
  readonly token: string
  /** For requests that change something; notices have their own. */
  readonly turns: PluginTurns
  readonly ended: AbortSignal
  /** `setup` has no side effects. */
  readonly inSetup: () => boolean
  readonly plugin: string
  /** Told of each request that got no answer. */
  readonly onLost?: (() => void) | undefined
}

/** The client that a plugin is given: it ends with the plugin's life, and waits its turn with what changes something. */
export function pluginClient({ url, token, turns, ended, inSetup, plugin, onLost }: PluginClientParts): StandinClient {
  return new StandinClient({
    url,
    token,
    signal: ended,
    fetch: async (input, init) => {
      if (inSetup()) {
        throw new StandinError('state_conflict', `plugin/${plugin}: setup can not use the client: it has no side effects`, {
          hint: 'Do it in start()',
        })
      }
      if (init?.method !== undefined && init.method !== 'GET') await (isNotice(input) ? turns.notices : turns.requests).take(1, ended)
      try {
        return await globalThis.fetch(input, init)
      } catch (error) {
        if (init?.signal?.aborted !== true) onLost?.()
        throw error
      }
    },
  })
}

/** Nothing but notices is posted there. */
function isNotice(input: string | URL | Request): boolean {
  return new URL(input instanceof Request ? input.url : input).pathname.endsWith('/v1/events')
}
