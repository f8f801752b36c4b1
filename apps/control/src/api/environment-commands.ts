import { type CreateEnvironment, type EnvironmentAction, type EnvironmentPlan, StandinError, type UpdateEnvironment } from '@standin/client'
import { allEndpoints, attachedInstances, attachServices, refuseForbidden, type SocketName } from '@standin/providers/attach'
import type { Admission } from '../plugins/admission.ts'
import type { Deadlines } from '../reconcile/deadlines.ts'
import type { Needs } from '../reconcile/needs.ts'
import type { ProviderRegistry } from '../reconcile/provider-registry.ts'
import type { Reconciler } from '../reconcile/reconciler.ts'
import { cloneLabels } from '../store/clone-labels.ts'
import type { EnvironmentQueries } from '../store/environment-queries.ts'
import type { EnvironmentRecord } from '../store/environment-record.ts'
import type { Environments } from '../store/environments.ts'
import type { UserRecord } from '../store/people/user-record.ts'
import { plannedHosts } from '../store/planned-hosts.ts'
import type { Stacks } from '../store/stacks.ts'
import type { TemplateRecord } from '../store/template-record.ts'
import type { Templates } from '../store/templates.ts'
import type { Caller } from '../store/tokens.ts'
import { admissionOfCreation, admissionOfMove, admissionOfRun, planOf } from './admission-request.ts'
import { checkCreation } from './check-creation.ts'
import { refuseAction } from './refuse-action.ts'
import { refuseNumber } from './refuse-odd.ts'
import { wakeNeeded } from './wake-needed.ts'

export interface EnvironmentCommandDependencies {
  readonly environments: Environments
  readonly queries: EnvironmentQueries
  readonly templates: Templates
  readonly providers: ProviderRegistry
  readonly reconciler: Reconciler
  readonly deadlines: Deadlines
  readonly stacks: Stacks
  readonly needs: Needs
  /** Asks the plugins. */
  readonly admission: Admission
  /** Where the platform's own parts listen. */
  readonly reserved: () => readonly SocketName[]
  readonly now: () => number
}

/** What the API may do with environments: checks what can be refused at once, then writes what is wanted. */
export class EnvironmentCommands {
  readonly #deps: EnvironmentCommandDependencies

  constructor(deps: EnvironmentCommandDependencies) {
    this.#deps = deps
  }

  /**
   * @param onInsert within the transaction that makes it
   * @param still who asks, as they are once plugins have answered; throws where they may no longer
   * @returns `created: false` where an attachment was renewed
   * @throws StandinError `invalid`, `name_taken`, `template_not_found`; `quota_exceeded` and `not_admitted` from a plugin
   */
  async create(
    body: CreateEnvironment,
    caller: Caller,
    onInsert: (id: number) => void,
    still: () => Caller,
  ): Promise<{ environment: EnvironmentRecord; created: boolean }> {
    const { environments, templates, providers, admission, reconciler } = this.#deps
    const template = checkCreation(body, templates, providers)
    if (template !== null) {
      const request = admissionOfCreation(body, caller, template, this.#beginsWith(template))
      if (request.desired === 'running') await wakeNeeded(null, request, caller, this.#deps)
      return { environment: await admission.admit(request, () => this.#clone(body, template, still(), onInsert)), created: true }
    }
    const created = this.#renewed(body) === undefined
    const attach = () => this.#attach(body, still(), onInsert)
    const id = created ? await admission.admit(admissionOfCreation(body, caller, null, null), attach) : attach()
    // There is nothing to wait for: what is attached runs already.
    await reconciler.settled(id)
    return { environment: environments.require(id), created }
  }

  /** What `create` would do. @throws StandinError as it does, but for what a plugin refuses */
  async plan(body: CreateEnvironment, caller: Caller): Promise<EnvironmentPlan> {
    const { environments, templates, providers, admission } = this.#deps
    const template = checkCreation(body, templates, providers)
    const renews = template === null && this.#renewed(body) !== undefined
    if (body.name !== undefined && !renews) environments.refuseTakenName(body.name)
    const request = admissionOfCreation(body, caller, template, template === null ? null : this.#beginsWith(template))
    return planOf({ ...request, plan: true }, template, renews ? null : await admission.refusalOf({ ...request, plan: true }))
  }

  /**
   * @param still as of `create`
   * @throws StandinError `state_conflict` where the state doesn't allow it, `unsupported` where the provider can't;
   *   `quota_exceeded` and `not_admitted` from a plugin
   */
  async act(
    environment: EnvironmentRecord,
    action: EnvironmentAction,
    caller: Caller,
    reason: string | undefined,
    still: () => Caller,
  ): Promise<EnvironmentRecord> {
    const { environments, admission, stacks } = this.#deps
    const { id } = environment
    const message = reason ?? `${action} requested`
    const take = (because = message, desired?: 'stopped') => this.#take(environments.require(id), action, still(), because, desired)
    if (!wouldRun(environment, action)) return take()
    this.#refuse(environment, action)
    const request = admissionOfRun(environment, stacks.of(environment), caller)
    try {
      await wakeNeeded(environment, request, caller, this.#deps)
      return await admission.admit(request, take)
    } catch (error) {
      // Its data must not be lost to a quota: it comes back, and does not run.
      const isRefused = error instanceof StandinError && error.kind === 'quota'
      if (action !== 'undelete' || !isRefused) throw error
      return take(`${message}; not started: ${error.message}`, 'stopped')
    }
  }

  delete(environment: EnvironmentRecord, caller: Caller, options: { purge: boolean; reason: string | undefined }): EnvironmentRecord {
    const because = { actor: caller.actor, message: options.reason ?? (options.purge ? 'purge requested' : 'delete requested') }
    return this.#deps.environments.want(environment.id, 'deleted', because, { purge: options.purge })
  }

  /**
   * @param to who gets it; null: it stays whose it is
   * @param still as of `create`
   * @throws StandinError `state_conflict` for one who is inactive, `name_taken`; `quota_exceeded` and `not_admitted` from a plugin, where it
   *   gets another owner or project
   */
  async edit(
    environment: EnvironmentRecord,
    edit: Omit<UpdateEnvironment, 'owner'>,
    caller: Caller,
    to: () => UserRecord | null,
    still: () => Caller,
  ): Promise<EnvironmentRecord> {
    const { environments, admission, stacks } = this.#deps
    refuseNumber(edit.name)
    const heir = () => {
      const user = to()
      if (user?.active === false) throw new StandinError('state_conflict', `${user.userName} is inactive: nothing can be given to them`)
      return user
    }
    const write = ({ actor }: Caller) => environments.edit(environment.id, { ...edit, to: heir() }, actor)
    const { owner, labels, desired } = environment
    const after = { owner: heir()?.userName ?? owner, labels: edit.labels ?? labels }
    const moves = after.owner !== owner || (after.labels.project ?? '') !== (labels.project ?? '')
    if (!moves || desired === 'deleted') return write(caller)
    return admission.admit(admissionOfMove(environment, stacks.of(environment), caller, after), () => write(still()))
  }

  /** Disk that a clone takes at first, bytes. */
  #beginsWith(template: TemplateRecord): number {
    return this.#deps.providers.get(template.provider).can.share ? 0 : template.sizeBytes
  }

  /** @throws StandinError `state_conflict`, `unsupported` */
  #refuse(environment: EnvironmentRecord, action: EnvironmentAction): void {
    if (action === 'undelete') return
    refuseAction(environment, action, environment.kind !== 'attachment' && this.#deps.providers.get(environment.provider).can.suspend)
  }

  /** @param desired instead of what was wanted before: of an undelete */
  #take(
    environment: EnvironmentRecord,
    action: EnvironmentAction,
    caller: Caller,
    message: string,
    desired?: 'stopped',
  ): EnvironmentRecord {
    const { environments, now } = this.#deps
    const { id } = environment
    const because = { actor: caller.actor, message }
    if (action === 'undelete') return environments.undelete(id, because, desired)
    this.#refuse(environment, action)
    const after = environments.want(id, wanted[action], because)
    // The gateway tells of activity in batches, and may be ended before the one with the request that wakes this.
    if (action !== 'resume' || caller.actor !== 'gateway') return after
    environments.reportActivity([{ environment: id, at: now(), cause: message }])
    return environments.require(id)
  }

  #clone(body: CreateEnvironment, template: TemplateRecord, caller: Caller, onInsert: (id: number) => void): EnvironmentRecord {
    const { environments } = this.#deps
    return environments.insert(
      {
        name: body.name ?? null,
        namePrefix: template.name,
        kind: 'clone',
        provider: template.provider,
        template,
        owner: caller.name,
        ownerId: caller.user?.id ?? null,
        labels: cloneLabels(template.stack, body.labels),
        desired: body.desired ?? 'running',
        source: { kind: 'template', key: template.key },
        stack: null,
        hosts: plannedHosts(template.stack),
        suspendAfterMs: template.stack.suspendAfterMs,
        expiresAt: null,
      },
      { actor: caller.actor, message: `cloned from ${template.ref}` },
      onInsert,
    )
  }

  /** The attachment that a request attaches anew. */
  #renewed({ name }: CreateEnvironment): EnvironmentRecord | undefined {
    const before = name === undefined ? undefined : this.#deps.queries.byName(name)
    return before !== undefined && before.kind === 'attachment' && before.desired !== 'deleted' ? before : undefined
  }

  #attach(body: CreateEnvironment, caller: Caller, onInsert: (id: number) => void): number {
    const { environments, providers, deadlines, reserved, now } = this.#deps
    providers.get('attach')
    const at = now()
    const before = this.#renewed(body)
    const known = before?.source?.kind === 'attachment' ? before.source.services : []
    const services = attachServices(body.services ?? [], known, at)
    for (const endpoint of services.flatMap(allEndpoints)) refuseForbidden(endpoint, reserved())
    const probes = body.probes === undefined || body.probes.length === 0 ? {} : { probes: body.probes }
    const source = { kind: 'attachment' as const, services, ...probes }
    const expiresAt = body.ttlMs == null ? null : at + body.ttlMs

    let id: number
    if (before !== undefined) {
      id = before.id
      const because = { actor: caller.actor, message: 'attached again' }
      environments.reattach(id, { source, instances: attachedInstances(services, 'running'), labels: body.labels, expiresAt }, caller.actor)
      environments.want(id, 'running', because)
      onInsert(id)
    } else {
      const { id: inserted } = environments.insert(
        {
          name: body.name ?? null,
          namePrefix: 'attached',
          kind: 'attachment',
          provider: 'attach',
          template: null,
          owner: caller.name,
          ownerId: caller.user?.id ?? null,
          labels: body.labels ?? {},
          desired: body.desired ?? 'running',
          source,
          stack: null,
          hosts: [],
          instances: attachedInstances(services, 'created'),
          suspendAfterMs: null,
          expiresAt,
        },
        { actor: caller.actor, message: 'attached' },
        onInsert,
      )
      id = inserted
    }
    deadlines.arm()
    return id
  }
}

const wanted = { start: 'running', resume: 'running', suspend: 'suspended', stop: 'stopped' } as const

/** Whether something that does not run, and is not about to, is wanted to. */
function wouldRun({ desired, desiredBefore, state }: EnvironmentRecord, action: EnvironmentAction): boolean {
  if (action === 'undelete') return desired === 'deleted' && desiredBefore === 'running'
  return wanted[action] === 'running' && (desired !== 'running' || state === 'failed')
}
