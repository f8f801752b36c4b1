import type { Group, User } from '@standin/client'
import type { Directory } from '../sources/directory.ts'
import { type Most, mostOf } from './limit.ts'
import type { Plan } from './plan.ts'
import { planGroups } from './plan-groups.ts'
import { type PeopleOptions, planPeople } from './plan-people.ts'

export interface PlanOptions extends PeopleOptions {
  /** How many may be deactivated, and how many groups emptied, in one run. */
  readonly most: Most
}

/**
 * What is to be done so that control has what a source has: without doing anything, and the same whenever it is asked of the
 * same.
 * @param users all that there are, with their groups
 * @param groups all that there are
 */
export function makePlan(directory: Directory, users: readonly User[], groups: readonly Group[], options: PlanOptions): Plan {
  const people = planPeople(directory, users, options)
  const ours = users.filter(({ source }) => source === options.source)
  const active = ours.filter((user) => user.active).length
  const most = mostOf(options.most, active)
  const held: string[] = []
  const needed: string[] = []
  const isTooMany = people.leaving.length > most
  if (isTooMany) {
    held.push(`${people.leaving.length} of ${active} users would be deactivated, and at most ${most} may be`)
    needed.push(mostFor(people.leaving.length, active))
  }
  const leaving = isTooMany ? [] : people.leaving
  const known = new Set(people.userIds.keys())
  for (const step of people.steps) if (step.kind === 'create') known.add(step.person.id)
  const unusable = new Set(directory.unusable.map(({ id }) => id))
  const kept = new Set(isTooMany ? people.leaving.map(({ user }) => user.id) : [])
  for (const { id, externalId } of ours) if (externalId !== null && unusable.has(externalId)) kept.add(id)
  const gone = new Set(leaving.map(({ user }) => user.id))
  const planned =
    directory.groups === null
      ? { steps: [], emptied: [], faults: [] }
      : planGroups(directory.groups, groups, users, { ...options, known, userIds: people.userIds, kept, gone, unusable })
  const filled = groups.filter(({ source, members }) => source === options.source && members > 0).length
  const mostGroups = mostOf(options.most, filled)
  const isEmptyingTooMany = planned.emptied.length > mostGroups
  if (isEmptyingTooMany) {
    held.push(`${planned.emptied.length} groups would be emptied, and at most ${mostGroups} may be`)
    needed.push(mostFor(planned.emptied.length, filled))
  }
  return {
    people: [...people.steps, ...leaving],
    groups: [...planned.steps, ...(isEmptyingTooMany ? [] : planned.emptied)],
    userIds: people.userIds,
    faults: [...people.faults, ...planned.faults],
    notes: people.notes,
    heldBack:
      held.length === 0
        ? null
        : `${held.join('; ')}: none was. If the directory is right, \`standin identity run ${options.source} --most ${greatest(needed)}\`; if not, look at what the source is asked for`,
    counts: { people: directory.people.length, groups: directory.groups?.length ?? 0, same: people.same },
  }
}

/** What lets so many go. */
function mostFor(count: number, all: number): string {
  return count === all ? '100%' : String(count)
}

function greatest(needed: readonly string[]): string {
  return needed.includes('100%') ? '100%' : String(Math.max(...needed.map(Number)))
}
