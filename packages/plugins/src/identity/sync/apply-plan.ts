import { type CreateUser, type Deactivation, type ErrorCode, StandinError, type UpdateUser } from '@standin/client'
import type { PluginContext } from '@standin/core'
import type { Person } from '../sources/directory.ts'
import { depart } from './depart.ts'
import type { LeaverMarks } from './leaver-marks.ts'
import type { ChangedField, GroupStep, PersonStep, Plan } from './plan.ts'

export type Action = 'created' | 'changed' | 'activated' | 'deactivated' | 'failed'

export interface ApplyOptions {
  readonly source: string
  /** Who gets what has no manager to go to; null: it stays, orphaned. */
  readonly heir: string | null
  readonly left: LeaverMarks
  readonly signal: AbortSignal
  readonly onDone: (kind: 'user' | 'group', action: Action) => void
}

/** Faults of one person or group, which must not keep the others from being worked on. */
const single: ReadonlySet<ErrorCode> = new Set([
  'name_taken',
  'email_taken',
  'external_id_taken',
  'invalid',
  'user_not_found',
  'group_not_found',
  'state_conflict',
])
/** Who has the name or address now may be about to lose it. */
const passing: ReadonlySet<ErrorCode> = new Set(['name_taken', 'email_taken'])
const membersAtOnce = 5_000

export interface Applied {
  /** What could not be done, in words. */
  readonly faults: readonly string[]
  /** What became of what is theirs who left, by their ids. */
  readonly departures: ReadonlyMap<string, Deactivation>
}

/**
 * Do what a plan says. Each step can be done again, or be found to be done: a run that ends in the middle is completed by the
 * next one.
 * @throws StandinError where nothing more can be done: control is not reached
 */
export async function applyPlan(plan: Plan, client: PluginContext['client'], options: ApplyOptions): Promise<Applied> {
  const work = new PlanWork(plan, client, options)
  await work.run()
  return work
}

class PlanWork implements Applied {
  readonly faults: string[] = []
  readonly departures = new Map<string, Deactivation>()
  readonly #plan: Plan
  readonly #client: PluginContext['client']
  readonly #options: ApplyOptions
  readonly #userIds: Map<string, string>
  /** Who were created with their managers: those were there before them. */
  readonly #managed = new Set<string>()

  constructor(plan: Plan, client: PluginContext['client'], options: ApplyOptions) {
    this.#plan = plan
    this.#client = client
    this.#options = options
    this.#userIds = new Map(plan.userIds)
  }

  async run(): Promise<void> {
    const steps = this.#plan.people
    const changes = steps.filter((step) => step.kind === 'create' || step.kind === 'change')
    // Managers come first, so that who leaves in this run is followed by who manages them in the directory by now.
    const later = await this.#changeAll(changes, false)
    await this.#setManagers(changes)
    for (const step of steps) if (step.kind === 'deactivate') await this.#deactivate(step)
    let waiting = later
    for (let before = Number.POSITIVE_INFINITY; waiting.length > 0 && waiting.length < before; ) {
      before = waiting.length
      waiting = await this.#changeAll(waiting, false)
    }
    await this.#changeAll(waiting, true)
    await this.#setManagers(later)
    for (const step of steps) if (step.kind === 'activate') await this.#activate(step)
    for (const step of this.#plan.groups) await this.#workOnGroup(step)
  }

  /** @returns those that are to be tried again: somebody else has their name or address still */
  async #changeAll(steps: readonly ChangeStep[], isLast: boolean): Promise<ChangeStep[]> {
    const later: ChangeStep[] = []
    for (const step of steps) {
      const { person } = step
      const isDone = await this.#one('user', person.where, isLast, async () => {
        if (step.kind === 'create') {
          const { id, manager } = await this.#client.users.create(this.#newUser(person), this.#call)
          this.#userIds.set(person.id, id)
          if (manager !== null) this.#managed.add(id)
        } else {
          const edit = this.#edit(person, step.fields)
          if (Object.keys(edit).length === 0) return
          await this.#client.users.update(step.user.id, edit, this.#call)
        }
        this.#options.onDone('user', step.kind === 'create' ? 'created' : 'changed')
      })
      if (!isDone) later.push(step)
    }
    return later
  }

  #newUser({ id, userName, displayName, email, manager }: Person): CreateUser {
    const known = manager == null ? undefined : this.#userIds.get(manager)
    const user = { userName, displayName, email, externalId: id, source: this.#options.source }
    return known === undefined ? user : { ...user, manager: known }
  }

  #edit(person: Person, fields: readonly ChangedField[]): UpdateUser {
    const { userName, displayName, email, id } = person
    const after = { userName, displayName, email, externalId: id, source: this.#options.source }
    return Object.fromEntries(fields.filter((field) => field !== 'manager').map((field) => [field, after[field]]))
  }

  /** Once everybody is there who may be one. */
  async #setManagers(steps: readonly ChangeStep[]): Promise<void> {
    for (const { kind, person, ...step } of steps) {
      const { manager } = person
      const user = this.#userIds.get(person.id)
      const isWished = kind === 'create' ? manager != null : 'fields' in step && step.fields.includes('manager')
      if (!isWished || user === undefined || this.#managed.has(user) || manager === undefined || manager === person.id) continue
      const to = manager === null ? null : this.#userIds.get(manager)
      if (to === undefined) continue
      await this.#one('user', person.where, true, async () => {
        await this.#client.users.update(user, { manager: to }, this.#call)
        if (kind === 'change') this.#options.onDone('user', 'changed')
      })
    }
  }

  async #deactivate({ user, because }: Extract<PersonStep, { kind: 'deactivate' }>): Promise<void> {
    const { source, heir, left, signal, onDone } = this.#options
    await this.#one('user', user.userName, true, async () => {
      const now = await this.#client.users.get(user.id, this.#call)
      if (now.source !== source || now.externalId !== user.externalId) {
        throw new StandinError('state_conflict', 'they are not of this source any more')
      }
      // Before: whoever this source sent away, it may let in again. But whom somebody here sent away meanwhile, it did not.
      await left.add(user.id)
      const departure = await depart(this.#client, user.id, { heir, reason: `${because} in ${source}`, signal })
      if (!departure.deactivates) return left.remove(user.id)
      this.departures.set(user.id, departure)
      onDone('user', 'deactivated')
    })
  }

  async #activate({ user, person }: Extract<PersonStep, { kind: 'activate' }>): Promise<void> {
    await this.#one('user', person.where, true, async () => {
      await this.#client.users.activate(user.id, this.#call)
      await this.#options.left.remove(user.id)
      this.#options.onDone('user', 'activated')
    })
  }

  async #workOnGroup(step: GroupStep): Promise<void> {
    const { source, onDone } = this.#options
    const add = step.add.flatMap((id) => this.#userIds.get(id) ?? [])
    const name = step.kind === 'create' ? step.group.where : (step.group?.where ?? step.known.displayName)
    await this.#one('group', name, true, async () => {
      let id: string
      let remove: readonly string[] = []
      if (step.kind === 'create') {
        const { displayName, id: externalId } = step.group
        id = (await this.#client.groups.create({ displayName, externalId, source }, this.#call)).id
      } else {
        id = step.known.id
        remove = step.remove
        if (step.group !== null && (step.isRenamed || step.isAdopted)) {
          const { displayName, id: externalId } = step.group
          await this.#client.groups.update(id, { displayName, externalId, source }, this.#call)
        }
      }
      for (const some of chunks(remove)) await this.#client.groups.update(id, { removeMembers: some }, this.#call)
      for (const some of chunks(add)) await this.#client.groups.update(id, { addMembers: some }, this.#call)
      onDone('group', step.kind === 'create' ? 'created' : 'changed')
    })
  }

  get #call(): { signal: AbortSignal } {
    return { signal: this.#options.signal }
  }

  /** @returns whether it is settled: done, or given up */
  async #one(kind: 'user' | 'group', what: string, isLast: boolean, work: () => Promise<void>): Promise<boolean> {
    this.#options.signal.throwIfAborted()
    try {
      await work()
      return true
    } catch (error) {
      this.#options.signal.throwIfAborted()
      if (!(error instanceof StandinError) || !single.has(error.code)) throw error
      if (!isLast && passing.has(error.code)) return false
      this.faults.push(`${what}: ${error.message}`)
      this.#options.onDone(kind, 'failed')
      return true
    }
  }
}

type ChangeStep = Extract<PersonStep, { kind: 'create' | 'change' }>

function chunks(ids: readonly string[]): string[][] {
  const parts: string[][] = []
  for (let at = 0; at < ids.length; at += membersAtOnce) parts.push(ids.slice(at, at + membersAtOnce))
  return parts
}
