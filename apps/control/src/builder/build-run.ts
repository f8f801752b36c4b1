import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { type CheckResult, type Provenance, type Stack, StandinError, type Step } from '@standin/client'
import type { Logger, ProgressListener, ProviderHandle } from '@standin/core'
import type { BuildEvent, Builds } from '../store/builds.ts'
import type { Environments } from '../store/environments.ts'
import { plannedHosts } from '../store/planned-hosts.ts'
import { type PhaseName, stepFailure } from './step-failure.ts'

/** What a build is made from, once its upload was accepted. */
export interface BuildPlan {
  readonly id: number
  readonly name: string
  readonly actor: string
  /** Who asked: the owner of the environment that is built in. */
  readonly owner: string
  /** Who that is, where it is a user. */
  readonly ownerId: string | null
  /** The label of this name; null where it is missing or empty. */
  readonly project: string | null
  readonly provider: string
  readonly channels: readonly string[]
  readonly keepFailed: boolean
  /** As the template keeps it. */
  readonly stack: Stack
  /** As the provider gets it: secrets that came as variables are files of `dir` here. */
  readonly spec: Stack
  /** Variables for the steps of `provision`: proxies and certificates of who builds. */
  readonly network: Readonly<Record<string, string>>
  /** The unpacked upload. */
  readonly dir: string
  readonly blueprintHash: string
  readonly inputs: Provenance['inputs']
  /** Takes the contents of secrets out of a text. */
  readonly redact: (text: string) => string
}

/** What the phases share and what they leave for the provenance. */
export class BuildRun {
  readonly plan: BuildPlan
  readonly provider: ProviderHandle
  readonly environments: Environments
  readonly log: Logger
  readonly signal: AbortSignal
  readonly phases: Provenance['phases'] = []
  readonly fixtures: Provenance['fixtures'] = []
  readonly checks: CheckResult[] = []
  /** Of the snapshot, once it is baked. */
  sizeBytes = 0
  readonly #builds: Builds
  readonly #now: () => number
  #environment: number | null = null
  #phase: PhaseName = 'provision'

  constructor(
    plan: BuildPlan,
    deps: { provider: ProviderHandle; environments: Environments; builds: Builds; log: Logger; now: () => number },
    signal: AbortSignal,
  ) {
    this.plan = plan
    this.provider = deps.provider
    this.environments = deps.environments
    this.log = deps.log
    this.signal = signal
    this.#builds = deps.builds
    this.#now = deps.now
  }

  get phase(): PhaseName {
    return this.#phase
  }

  get environment(): number | null {
    return this.#environment
  }

  /** The environment that is built in; it exists from the beginning of `provision` on. */
  get environmentId(): number {
    if (this.#environment === null) throw new StandinError('internal', `build ${this.plan.id} has no environment yet`)
    return this.#environment
  }

  /** Where it is built; nothing of it is made yet. */
  makeEnvironment(): void {
    const { plan } = this
    const environment = this.environments.insert(
      {
        name: null,
        namePrefix: `${plan.name.slice(0, 40)}-build`,
        kind: 'build',
        provider: plan.provider,
        template: null,
        owner: plan.owner,
        ownerId: plan.ownerId,
        labels: plan.project === null ? {} : { project: plan.project },
        desired: 'running',
        source: { kind: 'blueprint', dir: plan.dir },
        stack: plan.spec,
        hosts: plannedHosts(plan.spec),
        suspendAfterMs: null,
        expiresAt: null,
      },
      { actor: 'builder', message: `build ${plan.id} of ${plan.name}` },
      (id) => this.#builds.update(plan.id, { environment: id }, null),
    )
    this.#environment = environment.id
  }

  /** One phase, with its events and its time. */
  async take(phase: PhaseName, work: (run: BuildRun) => Promise<void>): Promise<void> {
    this.signal.throwIfAborted()
    this.#phase = phase
    const startedAt = new Date(this.#now()).toISOString()
    const began = performance.now()
    this.#builds.update(this.plan.id, { phase }, { type: 'build.phase', phase, status: 'started' })
    const elapsed = () => Math.round(performance.now() - began)
    try {
      await work(this)
      this.signal.throwIfAborted()
    } catch (error) {
      this.#say({ type: 'build.phase', phase, status: 'failed', durationMs: elapsed() })
      throw error
    }
    this.phases.push({ name: phase, startedAt, durationMs: elapsed() })
    this.#say({ type: 'build.phase', phase, status: 'done', durationMs: elapsed() })
  }

  /** Run steps one after the other. @throws StandinError `phase_failed` with the last lines of the one that failed */
  async runSteps(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      await this.step(step.host, step.name, async () => {
        await this.run(step)
        return null
      })
    }
  }

  /** @throws StandinError `phase_failed` */
  async run(step: Step, input?: Readable, onLine?: (stream: 'stdout' | 'stderr', line: string) => void): Promise<void> {
    const result = await this.provider.run(this.environmentId, {
      step,
      signal: this.signal,
      ...(input === undefined ? {} : { input }),
      ...(onLine === undefined ? {} : { onLine }),
    })
    this.signal.throwIfAborted()
    if (result.exitCode !== 0 || result.timedOut) throw stepFailure(step, result)
  }

  /** Something that is told of when it begins and when it ends. @param work returns what to say at its end */
  async step(host: string | null, name: string, work: () => Promise<string | null>): Promise<void> {
    this.signal.throwIfAborted()
    const began = performance.now()
    const tell = (status: 'started' | 'done' | 'failed', message: string | null, durationMs: number | null) =>
      this.#say({ type: 'build.progress', phase: this.#phase, host, step: name, status, durationMs, message })
    tell('started', null, null)
    try {
      const message = await work()
      tell('done', message, Math.round(performance.now() - began))
    } catch (error) {
      // The whole story, with the last lines, is the build's error.
      const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
      tell('failed', first, Math.round(performance.now() - began))
      throw error
    }
  }

  /** What a provider says while it works. */
  readonly onProgress: ProgressListener = ({ host, step, status, durationMs, message }) =>
    this.#say({ type: 'build.progress', phase: this.#phase, host, step, status, durationMs, message })

  /** The rows of a CSV file that came with the blueprint. */
  csvFile(path: string): Readable {
    return createReadStream(join(this.plan.dir, path))
  }

  #say(event: BuildEvent): void {
    const message = event.message == null ? null : this.plan.redact(event.message)
    this.#builds.record(this.plan.id, { ...event, message })
  }
}
