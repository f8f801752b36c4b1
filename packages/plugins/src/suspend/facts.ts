import type { Environment, EnvironmentState } from '@standin/client'
import { suspendLabels } from '@standin/client/suspend-labels'

/** What is known of an environment when it is decided about. All times are ms since the epoch. */
export interface EnvironmentFacts {
  readonly id: number
  readonly name: string
  readonly kind: Environment['kind']
  readonly owner: string
  /** Name of the template, without its version. */
  readonly template: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly state: EnvironmentState
  readonly desired: Environment['desired']
  /** Why it is in its state, in words, and who brought it there. */
  readonly reason: string
  readonly createdAt: number
  readonly stateChangedAt: number
  /** Null: nobody was seen using it. Open connections are reported as use for as long as they are open. */
  readonly lastActivityAt: number | null
  readonly lastActivityCause: string | null
  /** Its own idle time; null: the policy's. 0: none. */
  readonly suspendAfterMs: number | null
  readonly canSuspend: boolean
  /** Names of environments that are awake and need it. */
  readonly neededBy: readonly string[]
  /** What the application answered: busy until then; null: it was not asked, or is not busy. */
  readonly busyUntil: number | null
}

/** What is not said by the environment itself. */
export interface Around {
  readonly canSuspend: boolean
  readonly neededBy?: readonly string[]
  readonly busyUntil?: number | null
}

export function factsOf(environment: Environment, { canSuspend, neededBy = [], busyUntil = null }: Around): EnvironmentFacts {
  const { lastActivity, reason } = environment
  const at = lastActivity === null ? Number.NaN : Date.parse(lastActivity.at)
  return {
    id: environment.id,
    name: environment.name,
    kind: environment.kind,
    owner: environment.owner,
    template: environment.template?.name ?? null,
    labels: environment.labels,
    state: environment.state,
    desired: environment.desired,
    reason: `${reason.message} (${reason.actor})`,
    createdAt: Date.parse(environment.createdAt),
    stateChangedAt: Date.parse(environment.stateChangedAt),
    lastActivityAt: Number.isNaN(at) ? null : at,
    lastActivityCause: lastActivity?.cause ?? null,
    suspendAfterMs: environment.suspendAfterMs,
    canSuspend,
    neededBy,
    busyUntil,
  }
}

/** @returns ms since the epoch; null: there is no such label; NaN: it can't be understood */
export function instantLabel(labels: EnvironmentFacts['labels'], key: string): number | null {
  const text = labels[key]
  if (text === undefined) return null
  return /^\d{4}-\d{2}-\d{2}(T[0-9:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN
}

/** @returns null: there is no such label; NaN: it is no whole number from 0 to `most` */
export function countLabel(labels: EnvironmentFacts['labels'], key: string, most: number): number | null {
  const text = labels[key]
  if (text === undefined) return null
  return /^\d{1,5}$/.test(text) && Number(text) <= most ? Number(text) : Number.NaN
}

/** Keys of the scripts that came before. */
export const originalKeys = { time: 'shutdown_time', delay: 'shutdown_delay', delete: 'delete_environment' } as const

/** Labels that say something which nobody can understand. */
export function labelFaults(labels: EnvironmentFacts['labels']): string[] {
  const faults: string[] = []
  for (const key of [suspendLabels.awakeUntil, suspendLabels.deleteAt]) {
    if (Number.isNaN(instantLabel(labels, key)))
      faults.push(`the label ${key} is no instant such as 2026-11-21T20:00:00Z: '${labels[key]?.slice(0, 80)}'`)
  }
  if (labels[originalKeys.time] !== '-' && Number.isNaN(countLabel(labels, originalKeys.time, 23)))
    faults.push(`the label ${originalKeys.time} is neither an hour of UTC from 0 to 23 nor -: '${labels[originalKeys.time]?.slice(0, 80)}'`)
  for (const key of [originalKeys.delay, originalKeys.delete]) {
    if (Number.isNaN(countLabel(labels, key, 99_999))) faults.push(`the label ${key} is no number of days: '${labels[key]?.slice(0, 80)}'`)
  }
  return faults
}
