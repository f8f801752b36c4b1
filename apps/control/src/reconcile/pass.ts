import type { EnvironmentState } from '@standin/client'
import { StandinError } from '@standin/client'
import type { EnvironmentSpec, Observed, ProviderHandle } from '@standin/core'
import type { StatePatch } from '../store/environment-changes.ts'
import type { EnvironmentRecord } from '../store/environment-record.ts'
import type { Environments } from '../store/environments.ts'
import type { Because } from '../store/reason.ts'
import type { Stacks } from '../store/stacks.ts'
import { runLaunchStep } from './launch.ts'
import type { Needs } from './needs.ts'
import { nextStep, type Step } from './next-step.ts'
import type { Semaphore } from './semaphore.ts'

/** More steps than any way from one state to another has: beyond them, provider and store disagree for good. */
const mostSteps = 100

export interface PassDependencies {
  readonly environments: Environments
  readonly stacks: Stacks
  readonly needs: Needs
  readonly now: () => number
  /** How long the trash keeps what is deleted, ms. */
  readonly trashMs: number
  /** Told of every step that was taken. */
  readonly onStep?: (step: Step, seconds: number) => void
}

/** One way of one environment from what it is to what is wanted, a step at a time, each chosen anew. */
export class Pass {
  readonly #deps: PassDependencies
  readonly #provider: ProviderHandle
  /** Bounds what is heavy: making files, bringing hosts up. */
  readonly #heavy: Semaphore
  readonly #id: number
  readonly #signal: AbortSignal

  constructor(deps: PassDependencies, provider: ProviderHandle, heavy: Semaphore, id: number, signal: AbortSignal) {
    this.#deps = deps
    this.#provider = provider
    this.#heavy = heavy
    this.#id = id
    this.#signal = signal
  }

  /** @throws what a step throws; the signal's reason when something else is wanted meanwhile */
  async run(): Promise<void> {
    for (let taken = 0; taken < mostSteps; taken += 1) {
      const observed = await this.#provider.observe(this.#id)
      this.#signal.throwIfAborted()
      const record = this.#deps.environments.require(this.#id)
      if (record.purgedAt === null && observed.state !== 'absent' && observed.state !== 'trashed') {
        this.#deps.environments.observe(this.#id, observed.instances, `provider:${record.provider}`)
      }
      const step = nextStep(record, observed, this.#deps.stacks.of(record).launch.length)
      if (step === null) return
      const began = performance.now()
      if (step === 'resume' || step === 'start' || step === 'launch') await this.#awaitNeeded(record, step)
      await this.#take(step, record, observed)
      this.#deps.onStep?.(step, (performance.now() - began) / 1000)
      this.#signal.throwIfAborted()
    }
    throw new StandinError('internal', `environment ${this.#id} does not settle: what its provider reports never becomes what is wanted`)
  }

  async #take(step: Step, record: EnvironmentRecord, observed: Observed): Promise<void> {
    const because: Because = { actor: record.desiredReason.actor, message: record.desiredReason.message }
    switch (step) {
      case 'create':
        return this.#heavy.run(this.#signal, () => this.#create(record))
      case 'launch':
        this.#become('starting', because)
        return this.#heavy.run(this.#signal, () => this.#launch(record))
      case 'start':
        return this.#heavy.run(this.#signal, () => this.#start(record, because))
      case 'resume': {
        this.#become('resuming', because)
        const { instances } = await this.#provider.resume(this.#id)
        if (record.launched >= this.#deps.stacks.of(record).launch.length) this.#become('running', because, { instances })
        return
      }
      case 'suspend': {
        this.#become('suspending', because)
        const { instances } = await this.#provider.suspend(this.#id)
        this.#become('suspended', because, { instances })
        return
      }
      case 'stop': {
        this.#become('stopping', because)
        const { instances } = await this.#provider.stop(this.#id, { signal: this.#signal })
        this.#become('stopped', because, { instances })
        return
      }
      case 'trash':
        return this.#trash(observed, because)
      case 'restore': {
        const { instances } = await this.#provider.restore(this.#id)
        this.#become('stopped', because, { instances, purgeAt: null })
        return
      }
      case 'purge':
        if (record.state !== 'deleted') this.#become('deleting', because)
        await this.#provider.purge(this.#id)
        this.#deps.environments.purged(this.#id, because)
        return
      case 'settle':
        this.#settle(record, observed, because)
        return
      case 'silence':
        await this.#provider.stop(this.#id)
        return
      case 'fail':
        throw hostFailed(record, observed)
      case 'lost':
        throw new StandinError('host_failed', `the files of environment ${record.name} (${record.id}) are gone`, {
          hint: 'Delete it and clone its template again',
        })
    }
  }

  /** What it needs runs before it does; but what does not come up keeps it waiting for a while only. */
  async #awaitNeeded(record: EnvironmentRecord, step: 'resume' | 'start' | 'launch'): Promise<void> {
    const { needs, environments } = this.#deps
    const pending = needs.pending(record)
    if (pending.length === 0) return
    const message = `waits for ${pending.map(({ name, id }) => `${name} (${id})`).join(', ')}, which it needs`
    this.#become(step === 'resume' ? 'resuming' : 'starting', { actor: 'reconciler', message })
    const late = await needs.settled(record, this.#signal)
    if (late.length === 0) return
    const without = late.map(({ name, id, state }) => `${name} (${id}) is still ${state}`).join(', ')
    const progress = { step: 'needs', host: null, status: 'failed' as const, durationMs: null, message: `${without}: it goes on without` }
    environments.progress(this.#id, progress, 'reconciler')
  }

  async #create(record: EnvironmentRecord): Promise<void> {
    const { stacks, environments } = this.#deps
    await this.#provider.create(specOf(record, stacks), {
      signal: this.#signal,
      onProgress: (progress) => environments.progress(this.#id, progress, `provider:${record.provider}`),
    })
    this.#signal.throwIfAborted()
    environments.markProvisioned(record)
  }

  async #launch(record: EnvironmentRecord): Promise<void> {
    const { stacks, environments, now } = this.#deps
    const step = stacks.of(record).launch[record.launched]
    if (step === undefined) return
    const context = { environments, provider: this.#provider, actor: 'reconciler', now }
    await runLaunchStep(record, step, this.#signal, context)
  }

  async #start(record: EnvironmentRecord, wanted: Because): Promise<void> {
    const because =
      record.state === 'running' ? { actor: 'reconciler', message: 'its processes were gone: they are started again' } : wanted
    this.#become('starting', because)
    const { instances } = await this.#provider.start(this.#id, {
      signal: this.#signal,
      onProgress: (progress) => this.#deps.environments.progress(this.#id, progress, `provider:${record.provider}`),
    })
    this.#signal.throwIfAborted()
    this.#become('running', because, { instances })
  }

  async #trash(observed: Observed, because: Because): Promise<void> {
    this.#become('deleting', because)
    if (observed.state !== 'created' && observed.state !== 'stopped') await this.#provider.stop(this.#id, { signal: this.#signal })
    this.#signal.throwIfAborted()
    await this.#provider.trash(this.#id)
    // An undelete that came meanwhile finds the files there and restores them: no date may be set on which they are purged.
    this.#signal.throwIfAborted()
    if (this.#deps.environments.require(this.#id).desired !== 'deleted') return
    this.#intoTrash(because)
  }

  /** What is seen is what is wanted: write it down. */
  #settle(record: EnvironmentRecord, observed: Observed, because: Because): void {
    const { instances } = observed
    if (record.desired === 'deleted') {
      this.#become('deleting', because)
      this.#intoTrash(because)
      return
    }
    if (record.desired === 'suspended' && record.state !== 'stopped') this.#become('suspending', because)
    if (record.desired === 'stopped') this.#become('stopping', because)
    this.#become(record.desired, because, { instances })
  }

  #intoTrash(because: Because): void {
    this.#become('deleted', because, { instances: [], purgeAt: this.#deps.now() + this.#deps.trashMs })
  }

  /** A step may be taken again: being there already is fine. */
  #become(state: EnvironmentState, because: Because, patch: StatePatch = {}): void {
    const { environments } = this.#deps
    const record = environments.require(this.#id)
    if (record.state === state) {
      if (patch.instances !== undefined) environments.observe(this.#id, patch.instances, because.actor)
      return
    }
    environments.transition(this.#id, state, because, patch)
  }
}

function specOf(record: EnvironmentRecord, stacks: Stacks): EnvironmentSpec {
  if (record.source === null) throw new StandinError('environment_deleted', `environment ${record.name} (${record.id}) was purged`)
  return { id: record.id, name: record.name, stack: stacks.of(record), source: record.source }
}

function hostFailed(record: EnvironmentRecord, observed: Observed): StandinError {
  const { failure } = observed
  return new StandinError(failure?.code ?? 'host_failed', failure?.message ?? `a host of environment ${record.name} failed`, {
    hint: `\`standin logs ${record.name}\` shows what it printed; \`standin resume ${record.name}\` tries again`,
  })
}
