import type { Group, User } from '@standin/client'
import type { DirectoryGroup } from '../sources/directory.ts'
import { nameKey } from '../sources/name-key.ts'
import type { GroupStep } from './plan.ts'

export interface GroupOptions {
  readonly source: string
  readonly adopt: boolean
  /** Ids of those who will be users when groups are worked on, by the source: who is created then, and who is one already. */
  readonly known: ReadonlySet<string>
  /** By the source's id of somebody: id of the user. */
  readonly userIds: ReadonlyMap<string, string>
  /** Ids of users who keep their groups, although the source does not have them any more. */
  readonly kept: ReadonlySet<string>
  /** Ids of users who leave in this run. */
  readonly gone: ReadonlySet<string>
  /** Ids of what is in the source, and can't be used. */
  readonly unusable: ReadonlySet<string>
}

export interface GroupsPlan {
  readonly steps: readonly GroupStep[]
  /** Of groups that are gone from the source, or have nobody in it any more. */
  readonly emptied: readonly GroupStep[]
  readonly faults: readonly string[]
}

/**
 * Compare groups of a source with those of control. A group that is gone is emptied, not deleted: its roles would go with it,
 * and a filter is mistyped more easily than they are given again.
 * @param users all of them, with the groups that they are in
 */
export function planGroups(
  groups: readonly DirectoryGroup[],
  existing: readonly Group[],
  users: readonly User[],
  { source, adopt, known, userIds, kept, gone, unusable }: GroupOptions,
): GroupsPlan {
  const steps: GroupStep[] = []
  const emptied: GroupStep[] = []
  const faults: string[] = []
  const ours = new Map(
    existing.flatMap((group) => (group.source === source && group.externalId !== null ? [[group.externalId, group]] : [])),
  )
  const byName = new Map(existing.map((group) => [nameKey(group.displayName), group]))
  const present = new Set([...groups.map(({ id }) => id), ...unusable])
  const members = membersOf(users)
  const matched = new Set<string>()

  const compare = (group: DirectoryGroup, before: Group | undefined) => {
    const wanted = [...group.members].filter((id) => known.has(id))
    if (before === undefined) {
      steps.push({ kind: 'create', group, add: wanted })
      return
    }
    const now = members.get(before.id) ?? new Set<string>()
    const wantedUsers = new Set(wanted.flatMap((id) => userIds.get(id) ?? []))
    const add = wanted.filter((id) => !now.has(userIds.get(id) ?? ''))
    const remove = [...now].filter((id) => !wantedUsers.has(id) && !kept.has(id))
    const isRenamed = before.displayName !== group.displayName
    const isAdopted = before.source !== source || before.externalId !== group.id
    if (add.length + remove.length > 0 || isRenamed || isAdopted) {
      // Whoever leaves is counted as such.
      const isEmptied = remove.length === now.size && add.length === 0 && remove.some((id) => !gone.has(id))
      const to = isEmptied && !isAdopted ? emptied : steps
      to.push({ kind: 'change', known: before, group, isRenamed, isAdopted, add, remove })
    }
  }

  for (const same of Map.groupBy(groups, ({ displayName }) => nameKey(displayName)).values()) {
    const [group] = same
    if (group === undefined) continue
    if (same.length > 1) {
      for (const { id } of same) matched.add(ours.get(id)?.id ?? '')
      const names = same.map(({ where }) => where).join(' and ')
      faults.push(`${names} are groups of the same name ${group.displayName}: they stay as they were until it is one's alone`)
      continue
    }
    let before = ours.get(group.id)
    if (before === undefined) {
      const holder = byName.get(nameKey(group.displayName))
      const isFree = holder?.source === source ? holder.externalId === null || !present.has(holder.externalId) : false
      if (holder !== undefined && (isFree || (adopt && holder.source === 'local'))) before = holder
      else if (holder !== undefined && holder.source !== source) {
        const way = holder.source === 'local' ? ': delete that one, or set `adopt: true` to take it over' : ''
        faults.push(`${group.where}: there is a group ${holder.displayName} already, which ${holder.source} keeps${way}`)
        continue
      }
    }
    if (before !== undefined) matched.add(before.id)
    compare(group, before)
  }
  for (const [id, group] of ours) {
    if (present.has(id) || matched.has(group.id)) continue
    const remove = [...(members.get(group.id) ?? [])].filter((user) => !kept.has(user))
    if (remove.length > 0) {
      emptied.push({ kind: 'change', known: group, group: null, isRenamed: false, isAdopted: false, add: [], remove })
    }
  }
  return { steps, emptied, faults }
}

function membersOf(users: readonly User[]): Map<string, Set<string>> {
  const members = new Map<string, Set<string>>()
  for (const user of users) {
    for (const { id } of user.groups) {
      let ids = members.get(id)
      if (ids === undefined) {
        ids = new Set()
        members.set(id, ids)
      }
      ids.add(user.id)
    }
  }
  return members
}
