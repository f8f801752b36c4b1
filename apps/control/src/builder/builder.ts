import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Build, type CreateBuildQuery, StandinError } from '@standin/client'
import type { Logger } from '@standin/core'
import type { ProviderRegistry } from '../reconcile/provider-registry.ts'
import type { Reconciler } from '../reconcile/reconciler.ts'
import { type BuildRecord, type Builds, snapshotKey } from '../store/builds.ts'
import type { Database } from '../store/database.ts'
import type { Environments } from '../store/environments.ts'
import { type Because, becauseOf } from '../store/reason.ts'
import type { Templates } from '../store/templates.ts'
import type { Caller } from '../store/tokens.ts'
import { acceptUpload, redactor } from './accept-upload.ts'
import { type BuildPlan, BuildRun } from './build-run.ts'
import { phases } from './phases.ts'
import { phaseFailure } from './step-failure.ts'

export interface BuilderDependencies {
  readonly db: Database
  readonly builds: Builds
  readonly environments: Environments
  readonly templates: Templates
  readonly providers: ProviderRegistry
  /** It purges the environments of builds. */
  readonly reconciler: Pick<Reconciler, 'settled'>
  /** Where uploads are unpacked. */
  readonly dir: string
  /** @throws StandinError `forbidden` where the caller may not build this */
  readonly authorise: (name: string, project: string | null, caller: Caller) => void
  readonly log: Logger
  readonly now: () => number
  /** Builds that run at once; others are queued. Default 2. */
  readonly atOnce?: number
}

/** So long a build waits for its environment to be purged before it is told to have ended. */
const purgeGraceMs = 30_000
const shutdownGraceMs = 10_000

/**
 * Makes templates from blueprints: accepts uploads, runs the phases, keeps what they made and clears up what they did not.
 * A build that control's end interrupted is failed by the reconciler's adoption at the next start.
 */
export class Builder {
  readonly #deps: BuilderDependencies
  readonly #running = new Map<number, { readonly abort: AbortController; readonly done: Promise<void> }>()
  readonly #queue: BuildPlan[] = []
  #closed = false

  constructor(deps: BuilderDependencies) {
    this.#deps = deps
  }

  /** Throw away what uploads a build that was interrupted left. After the reconciler has started, before the API does. */
  async start(): Promise<void> {
    const { dir } = this.#deps
    await mkdir(dir, { recursive: true, mode: 0o700 })
    for (const name of await readdir(dir)) await rm(join(dir, name), { recursive: true, force: true })
  }

  /**
   * Accept an upload and begin its build.
   *
   * @param onInsert within the transaction that writes the build down
   * @throws StandinError `blueprint_invalid`, `fixture_invalid`, `too_large`, `invalid`, `provider_not_found`, `unsupported`
   */
  async submit(upload: Readable, query: CreateBuildQuery, caller: Caller, onInsert: (id: number) => void = () => {}): Promise<BuildRecord> {
    const { providers, builds, db } = this.#deps
    const providerId = query.provider ?? 'process'
    if (!providers.get(providerId).can.snapshot) {
      throw new StandinError('unsupported', `provider ${providerId} can not bake templates`, {
        hint: `There are: ${providers.ids().join(', ')}`,
      })
    }
    if (query.channel === 'latest') throw new StandinError('invalid', 'the channel latest moves to every new version by itself')
    const half = join(this.#deps.dir, `upload-${randomBytes(6).toString('hex')}`)
    let dir = half
    try {
      await mkdir(half, { recursive: true, mode: 0o700 })
      const accepted = await acceptUpload(upload, half, query, providerId)
      this.#refuseWhenClosed()
      const project = accepted.stack.labels.project || null
      this.#deps.authorise(accepted.name, project, caller)
      const record = db.transaction(() => {
        const inserted = builds.insert({ name: accepted.name, actor: caller.actor, options: query, warnings: accepted.warnings, project })
        onInsert(inserted.id)
        return inserted
      })
      dir = join(this.#deps.dir, String(record.id))
      try {
        await rename(half, dir)
      } catch (error) {
        this.#fail(record.id, error instanceof StandinError ? error : new StandinError('internal', String(error)), null)
        throw error
      }
      this.#enqueue({
        ...accepted,
        id: record.id,
        actor: caller.actor,
        owner: caller.name,
        ownerId: caller.user?.id ?? null,
        project,
        provider: providerId,
        channels: query.channel === undefined ? [] : [query.channel],
        keepFailed: query.keepFailed ?? false,
        dir,
        redact: redactor(accepted.secrets),
      })
      return builds.require(record.id)
    } catch (error) {
      await rm(half, { recursive: true, force: true })
      throw error
    }
  }

  /** Until nothing is built any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map(({ done }) => done))
  }

  /** Interrupt what runs; it clears up after itself, as far as that does not take long. */
  async close(): Promise<void> {
    this.#closed = true
    const queued = this.#queue.splice(0)
    for (const { abort } of this.#running.values()) abort.abort(interrupted())
    for (const plan of queued) {
      this.#fail(plan.id, interrupted(), null)
      await rm(plan.dir, { recursive: true, force: true })
    }
    await Promise.race([this.idle(), sleep(shutdownGraceMs, undefined, { ref: false })])
  }

  #enqueue(plan: BuildPlan): void {
    this.#queue.push(plan)
    this.#next()
  }

  #next(): void {
    while (!this.#closed && this.#running.size < (this.#deps.atOnce ?? 2)) {
      const plan = this.#queue.shift()
      if (plan === undefined) return
      const abort = new AbortController()
      const done = this.#build(plan, abort.signal)
        .catch((error: unknown) => this.#deps.log.error({ err: error, build: plan.id }, `build ${plan.id} can not be written down`))
        .finally(() => {
          this.#running.delete(plan.id)
          this.#next()
        })
      this.#running.set(plan.id, { abort, done })
    }
  }

  async #build(plan: BuildPlan, signal: AbortSignal): Promise<void> {
    const { builds, environments, providers, log, now } = this.#deps
    const provider = providers.get(plan.provider)
    const run = new BuildRun(plan, { provider, environments, builds, log, now }, signal)
    try {
      builds.update(plan.id, { state: 'running', phase: 'provision' }, { type: 'build.started', status: 'running' }, plan.actor)
      run.makeEnvironment()
      for (const phase of phases) await run.take(phase.name, phase.run)
      await this.#discard(run, { actor: 'builder', message: `build ${plan.id} is baked` })
      signal.throwIfAborted()
      await rm(plan.dir, { recursive: true, force: true })
      this.#finish(run)
    } catch (error) {
      await this.#giveUp(run, error)
    }
  }

  /** The version, its channels and the build's end are one transaction: there is no half template. */
  #finish(run: BuildRun): void {
    const { db, templates, builds } = this.#deps
    const { plan, phases, fixtures, checks } = run
    db.transaction(() => {
      const template = templates.insert(
        {
          name: plan.name,
          provider: plan.provider,
          key: snapshotKey(plan.id),
          sizeBytes: run.sizeBytes,
          stack: plan.stack,
          provenance: {
            blueprintHash: plan.blueprintHash,
            inputs: plan.inputs,
            build: plan.id,
            actor: plan.actor,
            phases,
            fixtures,
            checks,
          },
          channels: plan.channels,
        },
        plan.actor,
      )
      const event = { type: 'build.finished' as const, status: 'succeeded', message: template.ref }
      builds.update(plan.id, { state: 'succeeded', template: template.ref, environment: null, finished: true }, event)
    })
  }

  /** Nothing half-baked is left, but what was asked to be kept for a look. */
  async #giveUp(run: BuildRun, error: unknown): Promise<void> {
    const { plan, provider, environment, signal } = run
    const cause = signal.aborted ? (signal.reason as unknown) : error
    const failure = await phaseFailure(run.phase, cause, provider, environment)
    const hint =
      failure.hint ?? (plan.keepFailed ? 'Mend it and build again' : 'Build it with --keep-failed to have a look at its environment')
    const told = new StandinError(failure.code, plan.redact(failure.message), { hint: plan.redact(hint), cause: error })
    this.#deps.log.warn({ build: plan.id, code: told.code }, `build ${plan.id} of ${plan.name} failed in phase ${run.phase}`)
    await provider
      .deleteSnapshot(snapshotKey(plan.id))
      .catch((fault: unknown) => this.#deps.log.error({ err: fault, build: plan.id }, 'a snapshot could not be deleted yet'))
    const kept = plan.keepFailed && !signal.aborted && this.#keep(run, told)
    if (!kept) await this.#discard(run, { actor: 'builder', code: told.code, message: `build ${plan.id} failed` })
    await rm(plan.dir, { recursive: true, force: true })
    this.#fail(plan.id, told, kept ? environment : null)
  }

  /** The environment stays as it is, as `failed`, until somebody deletes it. */
  #keep(run: BuildRun, failure: StandinError): boolean {
    const { environments } = this.#deps
    if (run.environment === null) return false
    const record = environments.require(run.environment)
    if (record.desired === 'deleted') return false
    const because = becauseOf(failure, 'builder')
    const message = `kept for a look (build ${run.plan.id}): ${because.message}; \`standin delete ${record.name} --purge\` removes it`
    environments.transition(run.environment, 'failed', { ...because, message })
    return true
  }

  /** Gone, or nearly: what the reconciler can't purge in time it tries again by itself. */
  async #discard(run: BuildRun, because: Because): Promise<void> {
    const { environments, reconciler } = this.#deps
    if (run.environment === null) return
    environments.want(run.environment, 'deleted', because, { purge: true })
    await Promise.race([reconciler.settled(run.environment), sleep(purgeGraceMs, undefined, { ref: false })])
  }

  #fail(id: number, { code, message, hint }: StandinError, environment: number | null): void {
    const error: NonNullable<Build['error']> = { code, detail: message, hint: hint ?? '' }
    const event = { type: 'build.finished' as const, status: 'failed', message }
    this.#deps.builds.update(id, { state: 'failed', error, environment, finished: true }, event)
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw interrupted()
  }
}

function interrupted(): StandinError {
  return new StandinError('interrupted', 'control was stopped', { hint: 'Build it again' })
}
