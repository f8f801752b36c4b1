import type { AdmissionRequest } from '@standin/core'
import type { Admission } from '../plugins/admission.ts'
import type { Needs } from '../reconcile/needs.ts'
import type { EnvironmentRecord } from '../store/environment-record.ts'
import type { Environments } from '../store/environments.ts'
import type { Stacks } from '../store/stacks.ts'
import type { Caller } from '../store/tokens.ts'
import { admissionOfRun } from './admission-request.ts'

interface WakeDependencies {
  readonly environments: Environments
  readonly stacks: Stacks
  readonly needs: Needs
  readonly admission: Admission
}

/**
 * What an environment needs is wanted to run before it is, so that it can wait for that.
 * @param environment null: it is not there yet
 * @param request of the environment: nothing is woken for one that may not run
 * @throws StandinError `quota_exceeded`, `not_admitted`
 */
export async function wakeNeeded(
  environment: EnvironmentRecord | null,
  request: AdmissionRequest,
  caller: Caller,
  { environments, stacks, needs, admission }: WakeDependencies,
): Promise<void> {
  // Ids begin with 1001.
  const asleep = needs.allOf(environment ?? { id: 0, labels: request.labels }).filter(({ desired }) => desired === 'suspended')
  if (asleep.length === 0) return
  const refusal = await admission.refusalOf({ ...request, plan: true })
  if (refusal !== null) throw refusal.refused
  const who = environment === null ? (request.name ?? 'a new environment') : `${environment.name} (${environment.id})`
  const because = { actor: caller.actor, message: `needed: ${who} comes up and needs it` }
  for (const each of asleep) {
    await admission.admit(admissionOfRun(each, stacks.of(each), caller), () => {
      if (environments.require(each.id).desired === 'suspended') environments.want(each.id, 'running', because)
    })
  }
}
