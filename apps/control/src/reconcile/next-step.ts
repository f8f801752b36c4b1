import type { Observed, ObservedState } from '@standin/core'
import type { EnvironmentRecord } from '../store/environment-record.ts'

/**
 * What to do next for an environment, from what is wanted, what it is thought to be and what its provider sees. Every
 * step can be repeated, and each one is chosen anew from what is seen then: a crash between any two of them loses nothing.
 *
 * | step | does |
 * |---|---|
 * | `create` | the provider makes its files, or learns new endpoints |
 * | `launch` | the next launch step is run |
 * | `start` | all hosts are brought up → `running` |
 * | `resume`, `suspend`, `stop`, `trash`, `restore`, `purge` | as the provider's calls |
 * | `settle` | nothing but to write down that it is what is wanted |
 * | `fail` | nothing but to write down that a host failed |
 * | `lost` | nothing but to write down that its files are gone |
 * | `silence` | its hosts are stopped, and it stays failed |
 */
export type Step =
  | 'create'
  | 'launch'
  | 'start'
  | 'resume'
  | 'suspend'
  | 'stop'
  | 'trash'
  | 'restore'
  | 'purge'
  | 'settle'
  | 'fail'
  | 'lost'
  | 'silence'

/** @param launchSteps how many the environment's stack has. @returns null: all is as wanted, or nothing helps */
export function nextStep(record: EnvironmentRecord, observed: Observed, launchSteps: number): Step | null {
  if (record.purgedAt !== null) return observed.state === 'absent' ? null : 'purge'
  // Also what failed: whoever deletes a thing does not want to be asked again.
  if (record.desired === 'deleted') return towardsDeleted(record, observed.state)
  if (record.state === 'failed') return mustBeSilent(record, observed.state) ? 'silence' : null
  // The builder drives its own.
  if (record.kind === 'build') return null
  return makeReady(record, observed.state) ?? towards[record.desired](record, observed, launchSteps)
}

/** Its files, where they have to be. */
function makeReady(record: EnvironmentRecord, observed: ObservedState): Step | null {
  if (observed === 'trashed') return 'restore'
  if (observed === 'absent' && record.provisioned) return record.kind === 'attachment' ? 'create' : 'lost'
  return record.provisioned ? null : 'create'
}

const towards = { running: towardsRunning, suspended: towardsSuspended, stopped: towardsStopped }

function towardsRunning(record: EnvironmentRecord, observed: Observed, launchSteps: number): Step | null {
  if (observed.state === 'suspended') return 'resume'
  if (record.state === 'running') {
    if (observed.state === 'running' || observed.state === 'starting') return null
    // Its processes are gone, with a restart of the machine say: all of them are brought up again.
    return observed.state === 'failed' ? 'fail' : 'start'
  }
  if (record.launched < launchSteps) return 'launch'
  // An interrupted suspend or resume: it runs already.
  if (observed.state === 'running' && (record.state === 'resuming' || record.state === 'suspending')) return 'settle'
  return 'start'
}

function towardsSuspended(record: EnvironmentRecord, observed: Observed, launchSteps: number): Step | null {
  if (observed.state === 'suspended') return record.state === 'suspended' ? null : 'settle'
  // It is brought up first: a launch step must not be cut in two by a freeze.
  if (record.state === 'starting') return towardsRunning(record, observed, launchSteps)
  if (observed.state === 'running' || observed.state === 'starting') return 'suspend'
  // Its processes are gone: it stays as idle as was wanted, and waking starts it.
  return record.state === 'suspended' ? null : 'settle'
}

function towardsStopped(record: EnvironmentRecord, observed: Observed): Step | null {
  if (observed.state === 'created' || observed.state === 'stopped') return record.state === 'stopped' ? null : 'settle'
  return 'stop'
}

function towardsDeleted(record: EnvironmentRecord, observed: ObservedState): Step | null {
  if (record.purge || observed === 'absent' || record.kind === 'build') return 'purge'
  if (observed === 'trashed') return record.state === 'deleted' ? null : 'settle'
  return 'trash'
}

/** What a launch step did not neutralise must not run: its mail and its cron are production's. */
function mustBeSilent(record: EnvironmentRecord, observed: ObservedState): boolean {
  return record.reason.code === 'launch_failed' && (observed === 'running' || observed === 'starting' || observed === 'suspended')
}
