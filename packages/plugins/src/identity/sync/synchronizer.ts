import type { Deactivation, Group, User } from '@standin/client'
import type { PluginContext } from '@standin/core'
import { type Directory, type Source, SourceFailure } from '../sources/directory.ts'
import { type Action, applyPlan } from './apply-plan.ts'
import { depart } from './depart.ts'
import { LeaverMarks } from './leaver-marks.ts'
import type { Most } from './limit.ts'
import { makePlan } from './make-plan.ts'
import type { Plan } from './plan.ts'
import { planText } from './plan-text.ts'

export interface SyncOptions {
  readonly adopt: boolean
  readonly most: Most
  readonly heir: string | null
  readonly dryRun: boolean
  readonly onDone: (kind: 'user' | 'group', action: Action) => void
  /** What does not work, in words; null: everything does. */
  readonly onTrouble: (trouble: string | null) => Promise<void>
}

export type SyncContext = Pick<PluginContext, 'client' | 'store'>

/** Brings users and groups in step with one source. */
export class Synchronizer {
  readonly #source: Source
  readonly #context: SyncContext
  readonly #options: SyncOptions
  readonly #left: LeaverMarks

  constructor(source: Source, context: SyncContext, options: SyncOptions) {
    this.#source = source
    this.#context = context
    this.#options = options
    this.#left = new LeaverMarks(context.store, source.id)
  }

  /**
   * Read, compare, do.
   * @param print the plan, then what could not be done
   * @throws SourceFailure where the source can't be read to its end: nothing is changed then
   */
  async run(signal: AbortSignal, print: (line: string) => void): Promise<void> {
    try {
      await this.#run(signal, print)
    } catch (error) {
      if (!signal.aborted) {
        const message = error instanceof Error ? error.message : String(error)
        await this.#options.onTrouble(error instanceof SourceFailure ? `${message}; nothing was changed` : `${this.#source.id}: ${message}`)
      }
      throw error
    }
  }

  async #run(signal: AbortSignal, print: (line: string) => void): Promise<void> {
    const directory = await this.#source.read(signal)
    const { dryRun, heir, onDone, onTrouble } = this.#options
    const left = await this.#left.all()
    const plan = await this.#plan(directory, left, signal)
    const departures = new Map<string, Deactivation>()
    for (const step of plan.people) {
      if (step.kind !== 'deactivate') continue
      const reason = `${step.because} in ${this.#source.id}`
      departures.set(step.user.id, await depart(this.#context.client, step.user.id, { heir, reason, signal, dryRun: true }))
    }
    for (const line of planText(this.#source.id, plan, departures, dryRun)) print(line)
    let failed: readonly string[] = []
    if (!dryRun) {
      failed = await applyPlan(plan, this.#context.client, { source: this.#source.id, heir, left: this.#left, signal, onDone })
      for (const fault of failed) print(`! ${fault}`)
    }
    const faults = [...plan.faults, ...failed]
    const troubles = [...(plan.heldBack === null ? [] : [plan.heldBack]), ...faults.slice(0, 2)]
    if (faults.length > 2) troubles.push(`${faults.length - 2} more: \`standin plugin runs identity\``)
    await onTrouble(troubles.length === 0 ? null : `${this.#source.id}: ${troubles.join('; ')}`)
  }

  async #plan(directory: Directory, left: Set<string>, signal: AbortSignal): Promise<Plan> {
    const { client } = this.#context
    const users: User[] = []
    for await (const user of client.users.iterate({}, { signal })) users.push(user)
    const groups: Group[] = []
    if (directory.groups !== null) {
      for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
        const page = await client.groups.list({ limit: 1000, cursor }, { signal })
        groups.push(...page.items)
        cursor = page.nextCursor ?? undefined
      }
    }
    const { adopt, most } = this.#options
    const plan = makePlan(directory, users, groups, { source: this.#source.id, adopt, left, most })
    // Whoever is active was let in again, whoever did it: if somebody sends them away now, that is to hold.
    const leaving = new Set(plan.people.flatMap((step) => (step.kind === 'deactivate' ? [step.user.id] : [])))
    if (!this.#options.dryRun) {
      for (const { id, active } of users) if (active && left.has(id) && !leaving.has(id)) await this.#left.remove(id)
    }
    return plan
  }
}
