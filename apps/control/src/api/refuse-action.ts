import { type EnvironmentAction, StandinError } from '@standin/client'
import type { EnvironmentRecord } from '../store/environment-record.ts'

/**
 * @param canSuspend whether its provider can
 * @throws StandinError `state_conflict` where what it is doesn't allow the action, `unsupported`
 */
export function refuseAction(environment: EnvironmentRecord, action: Exclude<EnvironmentAction, 'undelete'>, canSuspend: boolean): void {
  const { id, name, state, desired, provider } = environment
  const refuse = (why: string, hint: string) => {
    throw new StandinError('state_conflict', `environment ${name} (${id}) ${why}`, { hint })
  }
  if (desired === 'deleted') refuse('is deleted', `\`standin undelete ${id}\` brings it back`)
  if (environment.kind === 'build') refuse('belongs to a build, which drives it', 'Wait for the build, or delete the environment')
  if (action === 'resume' && (state === 'failed' || desired === 'stopped')) {
    refuse(`is ${state}, not suspended`, `\`standin resume ${name}\` starts it`)
  }
  if (action !== 'suspend') return
  if (!canSuspend) {
    throw new StandinError('unsupported', `provider ${provider} can not suspend environment ${name} (${id})`, {
      hint: `\`standin stop ${name}\` takes it out of service`,
    })
  }
  if (desired === 'stopped' || state === 'failed')
    refuse(`is ${state}: only what runs can be suspended`, `\`standin resume ${name}\` first`)
}
