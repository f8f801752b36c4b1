import type { EnvironmentState, HostProgress } from '@standin/client'
import type { RoutedEnvironment } from '../routing/target.ts'
import { nextStep } from './next-step.ts'

/**
 * What `/.well-known/standin` tells, as JSON and as the data of its `state` events. Anyone who can reach the environment
 * can read it: it holds nothing that the waiting page doesn't show.
 */
export interface Status {
  readonly environment: number
  readonly name: string
  readonly state: EnvironmentState
  /** Who or what brought it there, why. */
  readonly reason: string
  readonly hosts: readonly HostProgress[]
  /** When it came into this state, ISO 8601; absent where the gateway did not see it. */
  readonly since?: string
  /** `runs`: requests are passed on; `waits`: it will run by itself, or as soon as it is asked; `ended`: somebody has to do something. */
  readonly phase: 'runs' | 'waits' | 'ended'
  /** In words, for a page. */
  readonly title: string
  readonly says: string
  /** What to do next; empty: nothing. */
  readonly hint: string
}

/** @param trouble why it can't be woken just now; empty: nothing is known to be in the way */
export const statusOf = ({ entry, since }: RoutedEnvironment, trouble = ''): Status => {
  const { environment, name, state, reason, hosts = [] } = entry
  const [phase, title, says] = words[state]
  const because = reason === '' ? '' : `${sentence(reason)} `
  return {
    environment,
    name,
    state,
    reason,
    hosts: hosts.map((host) => ({ name: host.name, ready: host.ready, wanted: host.wanted })),
    ...(since === 0 ? {} : { since: new Date(since).toISOString() }),
    phase,
    title: title(name),
    says: trouble === '' ? `${phase === 'ended' ? because : ''}${says}`.trim() : `It could not be woken yet: ${sentence(trouble)}`,
    hint: phase === 'runs' ? '' : (nextStep(environment, state) ?? `\`standin show ${environment}\` tells what it waits for.`),
  }
}

/** The status of an environment that left the table. */
export const statusOfDeleted = (before: Status): Status => ({
  ...before,
  state: 'deleted',
  reason: '',
  hosts: [],
  phase: 'ended',
  title: `${before.name} was deleted`,
  says: '',
  hint: nextStep(before.environment, 'deleted') ?? '',
})

type Words = readonly [phase: Status['phase'], title: (name: string) => string, says: string]

const words: Record<EnvironmentState, Words> = {
  running: ['runs', (name) => `${name} is running`, 'Your page is being opened.'],
  suspended: ['waits', (name) => `Waking ${name}`, 'It was asleep. Waking it takes a moment.'],
  suspending: ['waits', (name) => `Waking ${name}`, 'It was just going to sleep, and will be woken at once.'],
  resuming: ['waits', (name) => `Waking ${name}`, 'Its hosts go on where they stopped.'],
  starting: ['waits', (name) => `Starting ${name}`, 'Its hosts come up one after the other, in the order in which they need each other.'],
  snapshotting: ['waits', (name) => `${name} is being copied`, 'It answers again as soon as its snapshot is complete.'],
  stopping: ['ended', (name) => `${name} is being stopped`, ''],
  stopped: ['ended', (name) => `${name} is stopped`, ''],
  failed: ['ended', (name) => `${name} failed`, ''],
  deleting: ['ended', (name) => `${name} is being deleted`, ''],
  deleted: ['ended', (name) => `${name} was deleted`, ''],
}

/** Reasons are kept without a full stop. */
const sentence = (text: string): string => {
  const first = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.?!]$/.test(first) ? first : `${first}.`
}
