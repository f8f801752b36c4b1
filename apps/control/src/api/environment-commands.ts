import { isNetwork } from '@standin/blueprint'
import { type CreateEnvironment, type EnvironmentAction, type Fault, StandinError, type UpdateEnvironment } from '@standin/client'
import { allEndpoints, attachedInstances, attachServices, refuseForbidden, type SocketName } from '@standin/providers/attach'
import type { Deadlines } from '../reconcile/deadlines.ts'
import type { ProviderRegistry } from '../reconcile/provider-registry.ts'
import type { Reconciler } from '../reconcile/reconciler.ts'
import type { EnvironmentQueries } from '../store/environment-queries.ts'
import type { EnvironmentRecord } from '../store/environment-record.ts'
import type { Environments } from '../store/environments.ts'
import { plannedHosts } from '../store/planned-hosts.ts'
import type { Templates } from '../store/templates.ts'
import type { Caller } from '../store/tokens.ts'

export interface EnvironmentCommandDependencies {
  readonly environments: Environments
  readonly queries: EnvironmentQueries
  readonly templates: Templates
  readonly providers: ProviderRegistry
  readonly reconciler: Reconciler
  readonly deadlines: Deadlines
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
   * @returns `created: false` where an attachment was renewed
   */
  async create(
    body: CreateEnvironment,
    caller: Caller,
    onInsert: (id: number) => void,
  ): Promise<{ environment: EnvironmentRecord; created: boolean }> {
    refuseNumber(body.name)
    const attaches = body.provider === 'attach' || body.services !== undefined
    if (attaches === (body.template !== undefined)) {
      throw new StandinError('invalid', 'say either which template to clone or which services to attach', {
        hint: 'Send {"template":"shop"}, or {"provider":"attach","name":"x","services":[{"name":"www","endpoints":["127.0.0.1:9000"]}]}',
        errors: [{ path: '/body', message: 'needs exactly one of template and services' }],
      })
    }
    return attaches ? this.#attach(body, caller, onInsert) : { environment: this.#clone(body, caller, onInsert), created: true }
  }

  /** @throws StandinError `state_conflict` where the state doesn't allow it, `unsupported` where the provider can't */
  act(environment: EnvironmentRecord, action: EnvironmentAction, caller: Caller, reason: string | undefined): EnvironmentRecord {
    const { environments, providers } = this.#deps
    const because = { actor: caller.actor, message: reason ?? `${action} requested` }
    const { id, name, state, desired } = environment
    if (action === 'undelete') return environments.undelete(id, because)
    const refuse = (why: string, hint: string) => {
      throw new StandinError('state_conflict', `environment ${name} (${id}) ${why}`, { hint })
    }
    if (desired === 'deleted') refuse('is deleted', `\`standin undelete ${id}\` brings it back`)
    if (environment.kind === 'build') refuse('belongs to a build, which drives it', 'Wait for the build, or delete the environment')
    const can = environment.kind === 'attachment' ? { suspend: false } : providers.get(environment.provider).can
    switch (action) {
      case 'suspend':
        if (!can.suspend) {
          throw new StandinError('unsupported', `provider ${environment.provider} can not suspend environment ${name} (${id})`, {
            hint: `\`standin stop ${name}\` takes it out of service`,
          })
        }
        if (desired === 'stopped' || state === 'failed')
          refuse(`is ${state}: only what runs can be suspended`, `\`standin resume ${name}\` first`)
        return environments.want(id, 'suspended', because)
      case 'resume':
        if (state === 'failed' || desired === 'stopped') refuse(`is ${state}, not suspended`, `\`standin resume ${name}\` starts it`)
        environments.want(id, 'running', because)
        // The gateway tells of activity in batches, and may be ended before the one with the request that wakes this.
        if (caller.actor === 'gateway') environments.reportActivity([{ environment: id, at: this.#deps.now(), cause: because.message }])
        return environments.require(id)
      case 'start':
        return environments.want(id, 'running', because)
      case 'stop':
        return environments.want(id, 'stopped', because)
    }
  }

  delete(environment: EnvironmentRecord, caller: Caller, options: { purge: boolean; reason: string | undefined }): EnvironmentRecord {
    const because = { actor: caller.actor, message: options.reason ?? (options.purge ? 'purge requested' : 'delete requested') }
    return this.#deps.environments.want(environment.id, 'deleted', because, { purge: options.purge })
  }

  edit(environment: EnvironmentRecord, edit: UpdateEnvironment, caller: Caller): EnvironmentRecord {
    refuseNumber(edit.name)
    return this.#deps.environments.edit(environment.id, edit, caller.actor)
  }

  #clone(body: CreateEnvironment, caller: Caller, onInsert: (id: number) => void): EnvironmentRecord {
    const { environments, templates, providers } = this.#deps
    for (const field of ['ttlMs', 'probes'] as const) {
      if (body[field] == null) continue
      throw new StandinError('invalid', `only attachments have ${field}`, {
        errors: [{ path: `/body/${field}`, message: 'is for attachments' }],
      })
    }
    const template = templates.resolve(body.template ?? '')
    if (body.provider !== undefined && body.provider !== template.provider) {
      throw new StandinError('invalid', `template ${template.ref} was baked on provider ${template.provider}, not on ${body.provider}`, {
        errors: [{ path: '/body/provider', message: `is ${template.provider} for this template` }],
      })
    }
    providers.get(template.provider)
    return environments.insert(
      {
        name: body.name ?? null,
        namePrefix: template.name,
        kind: 'clone',
        provider: template.provider,
        template,
        owner: caller.name,
        labels: { ...template.stack.labels, ...body.labels },
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

  async #attach(
    body: CreateEnvironment,
    caller: Caller,
    onInsert: (id: number) => void,
  ): Promise<{ environment: EnvironmentRecord; created: boolean }> {
    const { environments, queries, providers, reconciler, deadlines, reserved, now } = this.#deps
    const asked = body.services ?? []
    refuseOddServices(body, asked)
    providers.get('attach')
    const at = now()
    const before = body.name === undefined ? undefined : queries.byName(body.name)
    const renews = before !== undefined && before.kind === 'attachment' && before.desired !== 'deleted'
    const known = renews && before.source?.kind === 'attachment' ? before.source.services : []
    const services = attachServices(asked, known, at)
    for (const endpoint of services.flatMap(allEndpoints)) refuseForbidden(endpoint, reserved())
    const probes = body.probes === undefined || body.probes.length === 0 ? {} : { probes: body.probes }
    const source = { kind: 'attachment' as const, services, ...probes }
    const expiresAt = body.ttlMs == null ? null : at + body.ttlMs

    let id: number
    if (renews) {
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
    // There is nothing to wait for: what is attached runs already.
    await reconciler.settled(id)
    return { environment: environments.require(id), created: !renews }
  }
}

/** `standin show 1001` means an id. */
function refuseNumber(name: string | undefined): void {
  if (name === undefined || !/^[0-9]+$/.test(name)) return
  throw new StandinError('invalid', `the name ${name} would be taken for a configId`, {
    hint: 'Put a letter into it',
    errors: [{ path: '/body/name', message: 'must not be a number' }],
  })
}

function refuseOddServices(body: CreateEnvironment, asked: NonNullable<CreateEnvironment['services']>): void {
  const errors: Fault[] = [
    ...(asked.length === 0 ? [{ path: '/body/services', message: 'names no service' }] : []),
    ...(body.provider === undefined || body.provider === 'attach'
      ? []
      : [{ path: '/body/provider', message: 'is attach where there are services' }]),
    ...asked.flatMap(({ name }, index) =>
      asked.findIndex((service) => service.name === name) < index
        ? [{ path: `/body/services/${index}/name`, message: `${name} is there twice` }]
        : [],
    ),
    ...asked.flatMap(({ paths = [] }, service) =>
      paths.flatMap(({ path }, index) =>
        paths.findIndex((each) => each.path === path) < index
          ? [{ path: `/body/services/${service}/paths/${index}/path`, message: `${path} is there twice` }]
          : [],
      ),
    ),
    ...(body.probes ?? []).flatMap(({ network }, index) =>
      network === undefined || isNetwork(network) ? [] : [{ path: `/body/probes/${index}/network`, message: `${network} is no network` }],
    ),
  ]
  if (errors.length > 0)
    throw new StandinError('invalid', `the attachment is not valid: ${errors.map((each) => `${each.path} ${each.message}`).join('; ')}`, {
      errors,
    })
}
