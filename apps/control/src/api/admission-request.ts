import type { CreateEnvironment, EnvironmentPlan, Stack, StandinError } from '@standin/client'
import type { AdmissionRequest } from '@standin/core'
import { cloneLabels } from '../store/clone-labels.ts'
import type { EnvironmentRecord } from '../store/environment-record.ts'
import { plannedHosts } from '../store/planned-hosts.ts'
import type { TemplateRecord } from '../store/template-record.ts'
import type { Caller } from '../store/tokens.ts'

/**
 * What plugins are asked before something is created.
 * @param template null: services are attached
 * @param storageBytes that it begins with; null: not known
 */
export function admissionOfCreation(
  body: CreateEnvironment,
  caller: Caller,
  template: TemplateRecord | null,
  storageBytes: number | null,
): AdmissionRequest {
  return {
    action: 'create',
    actor: caller.actor,
    owner: caller.name,
    name: body.name ?? null,
    labels: template === null ? { ...body.labels } : cloneLabels(template.stack, body.labels),
    template: template === null ? null : { name: template.name, version: template.version },
    environment: null,
    hosts: template === null ? [] : plannedHosts(template.stack),
    desired: body.desired ?? 'running',
    storageBytes,
    plan: false,
  }
}

/** What plugins are asked before an environment is made to run. */
export function admissionOfRun(environment: EnvironmentRecord, stack: Stack, caller: Caller): AdmissionRequest {
  const { id, name, owner, labels, template, storageBytes } = environment
  const hosts = plannedHosts(stack)
  return {
    action: 'run',
    actor: caller.actor,
    owner,
    name,
    labels,
    template,
    environment: id,
    hosts,
    desired: 'running',
    storageBytes,
    plan: false,
  }
}

/** What plugins are asked before an environment gets another owner or project. @param after what it would have */
export function admissionOfMove(
  environment: EnvironmentRecord,
  stack: Stack,
  caller: Caller,
  after: Pick<AdmissionRequest, 'owner' | 'labels'>,
): AdmissionRequest {
  const desired = environment.desired === 'running' ? 'running' : 'stopped'
  return { ...admissionOfRun(environment, stack, caller), action: 'move', desired, ...after }
}

/** The answer to whoever wants to know what would become of a request. */
export function planOf(
  { name, template, owner, labels, desired, hosts, storageBytes }: AdmissionRequest,
  cloned: TemplateRecord | null,
  refusal: { readonly plugin: string; readonly refused: StandinError } | null,
): EnvironmentPlan {
  return {
    name,
    provider: cloned?.provider ?? 'attach',
    template,
    owner,
    labels,
    desired,
    hosts: [...hosts],
    storageBytes,
    templateBytes: cloned?.sizeBytes ?? null,
    admitted: refusal === null,
    refusal:
      refusal === null
        ? null
        : {
            plugin: refusal.plugin,
            code: refusal.refused.code,
            message: refusal.refused.message,
            hint: refusal.refused.hint ?? null,
          },
  }
}
