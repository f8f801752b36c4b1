import type { Deactivation, User } from '@standin/client'
import type { PluginContext } from '@standin/core'
import { nameKey } from '../sources/name-key.ts'
import type { Plan } from './plan.ts'

interface Call {
  readonly client: PluginContext['client']
  readonly signal: AbortSignal
}

/** Why nobody gets what no manager gets; null: the heir does, or there is to be none. */
export function heirFault(heir: string | null, users: readonly User[], plan: Plan): string | null {
  if (heir === null) return null
  const user = userOf(heir, users)
  const isComing = plan.people.some((step) => step.kind === 'create' && nameKey(step.person.userName) === nameKey(heir))
  if (user === undefined && isComing) return null
  const why = user === undefined ? 'is no user' : leavingOf(plan).has(user.id) ? 'leaves, too' : user.active ? null : 'is inactive'
  return why === null
    ? null
    : `the heir ${heir} ${why}: environments of those who leave without a manager stay, orphaned; name another \`heir\``
}

/**
 * What becomes of what is theirs who leave, once everything of the plan is done: their managers may leave as well, or be others
 * by then.
 * @param heir who gets what no manager gets; null: nobody
 * @returns by the ids of users
 * @throws StandinError as `users.deactivate`
 */
export async function plannedDepartures(
  plan: Plan,
  users: readonly User[],
  heir: string | null,
  call: Call,
): Promise<Map<string, Deactivation>> {
  const [leaving, byId, managers] = [leavingOf(plan), new Map(users.map((user) => [user.id, user])), managersAfter(plan, users)]
  const last = heir === null ? undefined : userOf(heir, users)
  const departures = new Map<string, Deactivation>()
  for (const id of leaving) {
    const now = await call.client.users.deactivate(id, { dryRun: true }, { signal: call.signal })
    // Lines may lead in circles.
    const seen = new Set([id])
    let next = managers.get(id)
    while (next != null && !seen.has(next) && (leaving.has(next) || byId.get(next)?.active === false)) {
      seen.add(next)
      next = managers.get(next)
    }
    const manager = next == null || seen.has(next) ? undefined : byId.get(next)
    departures.set(id, await inherited(now, manager ?? last, manager === undefined ? 'heir' : 'manager', call))
  }
  return departures
}

async function inherited(
  now: Deactivation,
  to: User | undefined,
  because: 'heir' | 'manager',
  { client, signal }: Call,
): Promise<Deactivation> {
  if (now.environments.length === 0) return now
  if (to === undefined) return { ...now, environments: now.environments.map((each) => ({ ...each, to: null, because: null, role: null })) }
  // What they may see is told of whoever is named.
  const named = await client.users.deactivate(now.user.id, { dryRun: true, heir: to.id }, { signal })
  return { ...named, environments: named.environments.map((each) => ({ ...each, because })) }
}

/** By ids of users. Who is made in this run has none yet, and manages nobody who leaves in it. */
function managersAfter(plan: Plan, users: readonly User[]): Map<string, string | null> {
  const managers = new Map(users.map(({ id, manager }) => [id, manager?.id ?? null]))
  for (const step of plan.people) {
    if (step.kind !== 'change' || !step.fields.includes('manager')) continue
    const { manager } = step.person
    managers.set(step.user.id, manager == null ? null : (plan.userIds.get(manager) ?? null))
  }
  return managers
}

function leavingOf(plan: Plan): Set<string> {
  return new Set(plan.people.flatMap((step) => (step.kind === 'deactivate' ? [step.user.id] : [])))
}

function userOf(ref: string, users: readonly User[]): User | undefined {
  return users.find(({ id, userName }) => id === ref || nameKey(userName) === nameKey(ref))
}
