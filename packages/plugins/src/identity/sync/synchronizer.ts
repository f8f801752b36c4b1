import type { Group, User } from '@standin/client'
import type { PluginContext } from '@standin/core'
import { type Directory, type Source, SourceFailure } from '../sources/directory.ts'
import { type Action, applyPlan } from './apply-plan.ts'
import { LeaverMarks } from './leaver-marks.ts'
import type { Most } from './limit.ts'
import { makePlan } from './make-plan.ts'
import type { Plan } from './plan.ts'
import { departureText, planText } from './plan-text.ts'
import { heirFault, plannedDepartures } from './planned-departures.ts'

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
   * @param most in the place of that of the configuration
   * @throws SourceFailure where the source can't be read to its end: nothing is changed then
   */
  async run(signal: AbortSignal, print: (line: string) => void, most = this.#options.most): Promise<void> {
    try {
      const troubles = await this.#follow(signal, print, { dryRun: this.#options.dryRun, most })
      await this.#options.onTrouble(troubles.length === 0 ? null : `${this.#source.id}: ${troubles.join('; ')}`)
    } catch (error) {
      if (!signal.aborted) {
        const message = error instanceof Error ? error.message : String(error)
        await this.#options.onTrouble(error instanceof SourceFailure ? `${message}; nothing was changed` : `${this.#source.id}: ${message}`)
      }
      throw error
    }
  }

  /** Read, compare, and leave it at that. @throws SourceFailure */
  async plan(signal: AbortSignal, print: (line: string) => void, most = this.#options.most): Promise<void> {
    await this.#follow(signal, print, { dryRun: true, most })
  }

  /** @returns what does not work */
  async #follow(signal: AbortSignal, print: (line: string) => void, how: Pick<SyncOptions, 'dryRun' | 'most'>): Promise<string[]> {
    const directory = await this.#source.read(signal)
    const { heir, onDone } = this.#options
    const left = await this.#left.all()
    const { plan, users } = await this.#compare(directory, left, how, signal)
    const { client } = this.#context
    const fault = heirFault(heir, users, plan)
    const planned = await plannedDepartures(plan, users, fault === null ? heir : null, { client, signal })
    const faults = fault === null ? [...plan.faults] : [fault, ...plan.faults]
    for (const line of planText(this.#source.id, { ...plan, faults }, planned, how.dryRun)) print(line)
    if (!how.dryRun) {
      const options = { source: this.#source.id, heir: fault === null ? heir : null, left: this.#left, signal, onDone }
      const { faults: failed, departures } = await applyPlan(plan, client, options)
      for (const each of failed) print(`! ${each}`)
      faults.push(...failed)
      for (const [id, done] of departures) {
        const [before, after] = [planned.get(id), departureText(done)]
        if (before !== undefined && departureText(before) !== after) print(`- ${done.user.userName} in the end: ${after}`)
      }
    }
    const troubles = [...(plan.heldBack === null ? [] : [plan.heldBack]), ...faults.slice(0, 2)]
    if (faults.length > 2) troubles.push(`${faults.length - 2} more: \`standin plugin runs identity\``)
    return troubles
  }

  async #compare(
    directory: Directory,
    left: Set<string>,
    { dryRun, most }: Pick<SyncOptions, 'dryRun' | 'most'>,
    signal: AbortSignal,
  ): Promise<{ plan: Plan; users: readonly User[] }> {
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
    const { adopt } = this.#options
    const plan = makePlan(directory, users, groups, { source: this.#source.id, adopt, left, most })
    // Whoever is active was let in again, whoever did it: if somebody sends them away now, that is to hold.
    const leaving = new Set(plan.people.flatMap((step) => (step.kind === 'deactivate' ? [step.user.id] : [])))
    if (!dryRun) {
      for (const { id, active } of users) if (active && left.has(id) && !leaving.has(id)) await this.#left.remove(id)
    }
    return { plan, users }
  }
}
