import type { Logger, Observed, ProviderHandle } from '@standin/core'
import { type Builds, buildOfSnapshot } from '../store/builds.ts'
import type { EnvironmentQueries } from '../store/environment-queries.ts'
import type { Environments } from '../store/environments.ts'
import type { Stacks } from '../store/stacks.ts'
import type { Templates } from '../store/templates.ts'
import { nextStep } from './next-step.ts'
import { ofProvider, type ProviderRegistry } from './provider-registry.ts'

interface AdoptionDependencies {
  readonly environments: Environments
  readonly queries: EnvironmentQueries
  readonly stacks: Stacks
  readonly templates: Templates
  readonly builds: Builds
  readonly providers: ProviderRegistry
  readonly log: Logger
}

/**
 * Compare the store with what the providers really have, once, at start: what runs is adopted, what was half done is
 * finished or undone, what the store deleted is purged.
 */
export async function adopt(deps: AdoptionDependencies, kick: (id: number) => void): Promise<void> {
  endInterruptedBuilds(deps)
  for (const [id, provider] of deps.providers.entries()) {
    const existing = await provider.list().catch((cause: unknown) => {
      throw ofProvider(id, cause)
    })
    const seen = new Map(existing.map((observed) => [observed.id, observed]))
    adoptEnvironments(deps, id, seen, kick)
    await purgeUnknown(deps, id, provider, seen, kick)
    await deleteOrphanSnapshots(deps, id, provider)
  }
}

/** A build can't go on in the middle: it has failed, and its environment goes. */
function endInterruptedBuilds({ builds, environments }: AdoptionDependencies): void {
  const message = 'control was ended while it ran'
  for (const build of builds.open()) {
    builds.update(
      build.id,
      {
        state: 'failed',
        error: { code: 'interrupted', detail: `build ${build.id} of ${build.name}: ${message}`, hint: 'Build it again' },
        finished: true,
      },
      { type: 'build.finished', status: 'failed', message },
      'reconciler',
    )
    if (build.environment !== null) environments.want(build.environment, 'deleted', { actor: 'reconciler', message }, { purge: true })
  }
}

function adoptEnvironments(deps: AdoptionDependencies, provider: string, seen: Map<number, Observed>, kick: (id: number) => void): void {
  for (const record of deps.queries.living()) {
    if (record.provider !== provider) continue
    const observed = seen.get(record.id) ?? { id: record.id, state: 'absent', instances: [], failure: null }
    if (record.kind === 'build' && record.desired !== 'deleted' && record.state !== 'failed') {
      // Its build ended before it could say so.
      const because = { actor: 'reconciler', message: 'its build is no longer running' }
      deps.environments.want(record.id, 'deleted', because, { purge: true })
      continue
    }
    if (observed.state !== 'absent' && observed.state !== 'trashed') {
      deps.environments.observe(record.id, observed.instances, `provider:${provider}`)
    }
    if (nextStep(record, observed, deps.stacks.of(record).launch.length) !== null) kick(record.id)
  }
}

/** Only what has an id that this store gave out: anything else may be somebody's. */
async function purgeUnknown(
  deps: AdoptionDependencies,
  provider: string,
  handle: ProviderHandle,
  seen: Map<number, Observed>,
  kick: (id: number) => void,
): Promise<void> {
  for (const id of seen.keys()) {
    const record = deps.environments.get(id)
    if (record !== undefined && record.provider === provider) {
      if (record.purgedAt !== null) kick(id)
    } else if (id < deps.environments.nextId) {
      deps.log.warn({ environment: id }, `provider/${provider}: environment ${id} is none of its own and is purged`)
      await handle
        .purge(id)
        .catch((error: unknown) => deps.log.error({ err: error, environment: id }, `provider/${provider}: can not purge ${id}`))
    } else {
      deps.log.warn({ environment: id }, `provider/${provider}: environment ${id} is not of this store; it is left alone`)
    }
  }
}

/** Baked, but control died before the version was written down; or deleted, but its files were not yet. */
async function deleteOrphanSnapshots(deps: AdoptionDependencies, provider: string, handle: ProviderHandle): Promise<void> {
  if (!handle.can.snapshot) return
  const known = deps.templates.keys(provider)
  for (const key of await handle.listSnapshots()) {
    const build = buildOfSnapshot(key)
    if (known.has(key) || build === null || build >= deps.builds.nextId) continue
    await handle
      .deleteSnapshot(key)
      .catch((error: unknown) => deps.log.error({ err: error, key }, `provider/${provider}: can not delete ${key}`))
  }
}
