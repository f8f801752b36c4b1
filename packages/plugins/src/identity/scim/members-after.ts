import type { PatchChange } from './patch/read-patch.ts'
import { readValue } from './read-value.ts'
import { type Attribute, named, type ScimObject } from './schema/attribute.ts'
import { resolvePath } from './schema/resolve-path.ts'
import { groupSchema } from './schema/resource-schemas.ts'

/** What a PATCH of a group comes to, where it can be said without knowing who is in it. */
export interface MembersAfter {
  readonly added: readonly (string | undefined)[]
  readonly removed: readonly (string | undefined)[]
  /** All that is not about members. */
  readonly others: readonly PatchChange[]
}

const attribute = named(groupSchema.attributes, 'members') as Attribute

/**
 * Who comes and who goes, so that a directory that adds one person to a group of thousands needs not have all of them read.
 * @returns null where it depends on who is in it
 * @throws ScimError as `applyPatch` does
 */
export function membersAfter(changes: readonly PatchChange[]): MembersAfter | null {
  const others: PatchChange[] = []
  /** Id → whether they are in it. */
  const members = new Map<string | undefined, boolean>()
  for (const change of changes) {
    const found = resolvePath(groupSchema, change.path.path)
    if (found === null || found === 'passed-over' || found[0] !== attribute) {
      others.push(change)
      continue
    }
    const named = found.length > 1 ? null : namedIn(change)
    if (named === null) return null
    for (const id of named) members.set(id, change.op === 'add')
  }
  const those = (present: boolean) => [...members].filter(([, isIn]) => isIn === present).map(([id]) => id)
  return { added: those(true), removed: those(false), others }
}

/** Ids that are added or removed; null where the change is about something else. */
function namedIn({ op, path: { filter, sub }, value }: PatchChange): (string | undefined)[] | null {
  if (filter !== null) {
    const isOne = op === 'remove' && sub === null && filter.kind === 'compare' && filter.op === 'eq'
    return isOne && filter.path.toLowerCase() === 'value' && typeof filter.value === 'string' ? [filter.value] : null
  }
  if (op === 'replace' || (op === 'remove' && (value === undefined || value === null))) return null
  const values = (readValue(attribute, value) ?? []) as readonly ScimObject[]
  return values.map((each) => each.value as string | undefined)
}
