import { type Deactivation, type ErrorCode, StandinError } from '@standin/client'
import type { PluginContext } from '@standin/core'

export interface Departure {
  /** Who gets what no manager gets. */
  readonly heir: string | null
  readonly reason: string
  readonly signal: AbortSignal
}

/** An heir who is not there, or does not take: whoever goes goes all the same. */
const withoutHeir: ReadonlySet<ErrorCode> = new Set(['user_not_found', 'state_conflict', 'invalid'])

/**
 * Let somebody go: their environments go to the first active one up their line of managers, and to the heir where there is
 * none, all in control's one step. Where the heir can't have them, they stay, orphaned.
 * @throws StandinError as `users.deactivate`
 */
export async function depart(client: PluginContext['client'], user: string, { heir, reason, signal }: Departure): Promise<Deactivation> {
  if (heir !== null) {
    const { environments } = await client.users.deactivate(user, { dryRun: true }, { signal })
    if (environments.some(({ to }) => to === null)) {
      try {
        return await client.users.deactivate(user, { heir, reason }, { signal })
      } catch (error) {
        if (!(error instanceof StandinError) || !withoutHeir.has(error.code)) throw error
      }
    }
  }
  return client.users.deactivate(user, { reason }, { signal })
}
