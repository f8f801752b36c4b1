import { StandinError } from '@standin/client'
import { StandinClient } from '@standin/client/connect'
import type { Turns } from './turns.ts'

export interface PluginClientParts {
  readonly url: string
  readonly token: string
  /** For requests that change something. */
  readonly turns: Turns
  readonly ended: AbortSignal
  /** `setup` has no side effects. */
  readonly inSetup: () => boolean
  readonly plugin: string
}

/** The client that a plugin is given: it ends with the plugin's life, and waits its turn with what changes something. */
export function pluginClient({ url, token, turns, ended, inSetup, plugin }: PluginClientParts): StandinClient {
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
      if (init?.method !== undefined && init.method !== 'GET') await turns.take(1, ended)
      return globalThis.fetch(input, init)
    },
  })
}
