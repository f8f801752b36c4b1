import type { Deactivation } from '@standin/client'
import type { PluginContext } from '@standin/core'

export interface Departure {
  /** Who gets what no manager gets. */
  readonly heir: string | null
  readonly reason: string
  readonly signal: AbortSignal
  readonly dryRun?: boolean
}

/**
 * Let somebody go: their environments go to the first active one up their line of managers, and to the heir where there is
 * none, all in control's one step.
 * @throws StandinError as `users.deactivate`
 */
export async function depart(client: PluginContext['client'], user: string, departure: Departure): Promise<Deactivation> {
  const { heir, reason, signal, dryRun = false } = departure
  const plan = await client.users.deactivate(user, { dryRun: true, reason }, { signal })
  const isOrphaning = plan.environments.some(({ to }) => to === null)
  const named = heir === null || !isOrphaning ? {} : { heir }
  if (dryRun && !('heir' in named)) return plan
  return client.users.deactivate(user, { ...named, dryRun, reason }, { signal })
}
