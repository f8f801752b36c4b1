import { setImmediate } from 'node:timers/promises'
import type { Environment } from '@standin/client'
import { StandinError } from '@standin/client'
import type { LiveEnvironment } from '@standin/client/connect'
import { type PluginContext, Retries } from '@standin/core'
import { Announcements } from './announcements.ts'
import { askBusy } from './ask-busy.ts'
import type { Calendar } from './calendar.ts'
import { decide } from './decide.ts'
import type { Decision, Step } from './decision.ts'
import { factsOf } from './facts.ts'
import { neededBy } from './needs.ts'
import type { Policy } from './policy.ts'

/** After its start it waits for the gateway to tell who was used while nobody listened. */
const settleMs = 2 * 60_000
const firstRetryMs = 2 * 60_000
/** Somebody else was faster, or it is gone: there is nothing left to do. */
const overtaken: readonly string[] = ['environment_deleted', 'environment_not_found', 'state_conflict', 'changed_meanwhile']
/** So many are decided before others get their turn. */
const chunk = 500

/** A step that is known to come, as the plugin's route `/next` tells it. */
interface Upcoming {
  readonly environment: number
  readonly name: string
  readonly owner: string
  readonly action: 'suspend' | 'delete'
  /** ISO 8601. */
  readonly at: string
  readonly rule: string
}

/** Looks at all environments and does what is due. Told apart from the plugin, so that it can be asked, too. */
export class Sweep {
  readonly #context: Pick<PluginContext, 'client' | 'log' | 'clock' | 'store'>
  readonly #policy: Policy
  readonly #calendar: Calendar
  readonly #announcements: Announcements
  readonly #onDone: (action: Step['action'], outcome: 'done' | 'failed') => void
  #startedAt = Number.POSITIVE_INFINITY
  #canSuspend: ReadonlySet<string> = new Set()
  #neededBy: ReadonlyMap<number, readonly string[]> = new Map()
  readonly #busyUntil = new Map<number, number>()
  readonly #retries: Retries<number>

  constructor(
    context: Pick<PluginContext, 'client' | 'log' | 'clock' | 'store'>,
    policy: Policy,
    calendar: Calendar,
    onDone: (action: Step['action'], outcome: 'done' | 'failed') => void = () => {},
  ) {
    this.#context = context
    this.#retries = new Retries(() => context.clock.now(), firstRetryMs)
    this.#policy = policy
    this.#calendar = calendar
    this.#announcements = new Announcements(context)
    this.#onDone = onDone
  }

  /** From now on it listens. */
  start(): void {
    this.#startedAt = this.#context.clock.now()
  }

  /** What is to happen to an environment, as far as is known from the last time that all were looked at. */
  async explain(environment: Environment): Promise<Decision> {
    if (this.#canSuspend.size === 0) await this.#discover()
    return this.#decide(environment)
  }

  /** What is to happen next, of all environments, soonest first; steps that are due wait for the next minute. */
  async upcoming(count: number, signal?: AbortSignal): Promise<Upcoming[]> {
    const options = signal === undefined ? {} : { signal }
    if (this.#canSuspend.size === 0) await this.#discover(signal)
    const all: Upcoming[] = []
    let index = 0
    for await (const environment of this.#context.client.environments.iterate({ limit: 1000 }, options)) {
      if (++index % chunk === 0) await setImmediate()
      const { action: first, at: firstAt, rule: firstRule, later } = this.#decide(environment)
      for (const { action, at, rule } of [{ action: first, at: firstAt, rule: firstRule }, ...later]) {
        if ((action !== 'suspend' && action !== 'delete') || at === null) continue
        const { id, name, owner } = environment
        all.push({ environment: id, name, owner, action, at: new Date(at).toISOString(), rule })
        break
      }
    }
    return all.sort((a, b) => a.at.localeCompare(b.at)).slice(0, count)
  }

  /**
   * Once through all of them.
   * @param print a line for each thing that is done, or would be
   */
  async run(signal: AbortSignal, print: (line: string) => void): Promise<void> {
    const { client } = this.#context
    if (!this.#policy.dryRun) await this.#announcements.settle(signal)
    await this.#discover(signal)
    const environments: LiveEnvironment[] = []
    for await (const environment of client.environments.iterate({ limit: 1000 }, { signal })) environments.push(environment)
    this.#neededBy = neededBy(environments)
    this.#forget(new Set(environments.map(({ id }) => id)))

    const due: { environment: LiveEnvironment; at: number }[] = []
    for (const [index, environment] of environments.entries()) {
      if (index % chunk === chunk - 1) await setImmediate()
      const step = this.#dueSteps(environment)[0]
      if (step !== undefined && this.#retries.reason(environment.id) === null) due.push({ environment, at: step.at })
    }
    due.sort((a, b) => a.at - b.at)
    for (const { environment } of due.slice(0, this.#policy.most)) {
      signal.throwIfAborted()
      await this.#act(environment, signal, print)
    }
    if (due.length > this.#policy.most)
      print(`${due.length - this.#policy.most} more are due: at most ${this.#policy.most} are changed in a minute`)
  }

  async #discover(signal?: AbortSignal): Promise<void> {
    const { providers } = await this.#context.client.discover(signal === undefined ? {} : { signal })
    this.#canSuspend = new Set(providers.filter(({ can }) => can.suspend === true).map(({ id }) => id))
  }

  #decide(environment: Environment): Decision {
    const { id, provider } = environment
    const around = {
      canSuspend: this.#canSuspend.has(provider),
      neededBy: this.#neededBy.get(id) ?? [],
      busyUntil: this.#busyUntil.get(id) ?? null,
    }
    return decide(factsOf(environment, around), this.#policy, this.#calendar, this.#context.clock.now())
  }

  #dueSteps(environment: Environment): Step[] {
    const now = this.#context.clock.now()
    const { action, at, later, ...decision } = this.#decide(environment)
    if (action === 'keep' || at === null) return []
    const isSettled = now - this.#startedAt >= settleMs
    return [{ ...decision, action, at }, ...later].filter((step) => step.at <= now && (isSettled || step.action !== 'suspend'))
  }

  async #act(listed: LiveEnvironment, signal: AbortSignal, print: (line: string) => void): Promise<void> {
    const { log } = this.#context
    const { id, name } = listed
    let action: Step['action'] | undefined
    try {
      // Somebody may have come since all were listed.
      const environment = await listed.refresh({ signal })
      for (const step of this.#dueSteps(environment)) {
        action = step.action
        if (action === 'suspend' && (await this.#isBusy(environment, signal))) {
          print(`${name} (${id}) says that it is busy`)
          break
        }
        print(`${this.#policy.dryRun ? 'would ' : ''}${action} ${name} (${id}), ${step.rule}: ${step.because}`)
        if (!this.#policy.dryRun) {
          await this.#announcements.accompany(environment, step, () => apply(environment, step, signal), signal)
          this.#onDone(action, 'done')
        }
        if (action === 'suspend' || action === 'delete') break
      }
      this.#retries.succeed(id)
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof StandinError && overtaken.includes(error.code)) return
      const message = error instanceof Error ? error.message : String(error)
      this.#retries.fail(id, message)
      print(`${name} (${id}) failed: ${message}`)
      log.warn({ environment: id, action }, message)
      if (action !== undefined) this.#onDone(action, 'failed')
    }
  }

  async #isBusy(environment: Environment, signal: AbortSignal): Promise<boolean> {
    const until = await askBusy(environment, this.#context.clock.now(), signal)
    if (until === null) this.#busyUntil.delete(environment.id)
    else this.#busyUntil.set(environment.id, until)
    return until !== null && until > this.#context.clock.now()
  }

  #forget(known: ReadonlySet<number>): void {
    this.#retries.keep(known)
    for (const id of this.#busyUntil.keys()) if (!known.has(id)) this.#busyUntil.delete(id)
  }
}

async function apply(environment: LiveEnvironment, step: Step, signal: AbortSignal): Promise<unknown> {
  const reason = `${step.rule}: ${step.because}`.slice(0, 500)
  switch (step.action) {
    case 'suspend':
      return environment.suspend({ reason, signal })
    case 'resume':
      return environment.resume({ reason, signal })
    case 'delete':
      return environment.delete({ reason, signal })
    case 'label': {
      const changed = Object.entries({ ...environment.labels, ...step.labels })
      return environment.update(
        { labels: Object.fromEntries(changed.filter((pair): pair is [string, string] => pair[1] !== null)) },
        // What a person changes meanwhile counts: it is looked at again in a minute.
        { signal, ifRevision: environment.revision },
      )
    }
  }
}
