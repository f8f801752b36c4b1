import type { StandinClient } from '@standin/client/connect'

/** Which Standin writes: the id of its store, in which configIds count. Two of them have an environment 1001 each. */
export type Platform = (signal: AbortSignal) => Promise<string>

export function platformOf(client: StandinClient): Platform {
  let known: string | undefined
  return async (signal) => {
    known ??= (await client.discover({ signal })).epoch
    return known
  }
}
