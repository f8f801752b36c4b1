import { nameKey } from '../name-key.ts'
import { normalDn, withoutUid } from './distinguished-name.ts'
import type { LdapConfig } from './ldap-config.ts'
import { type LdapEntry, textsOf } from './ldap-entry.ts'

type GroupsConfig = NonNullable<LdapConfig['groups']>

/** Who is in groups, by what their entries and those of people say. */
export class GroupMembers {
  /** By its DN, who is in a group directly: ids of people, and DNs of groups. */
  readonly #direct = new Map<string, { readonly people: string[]; readonly groups: string[] }>()

  constructor(
    { members, nested }: GroupsConfig,
    groups: readonly LdapEntry[],
    people: { entries: readonly LdapEntry[]; ids: ReadonlyMap<string, string>; names: ReadonlyMap<string, string> },
  ) {
    for (const { dn } of groups) this.#direct.set(normalDn(dn), { people: [], groups: [] })
    const add = (group: string, person: string | undefined, member: string) => {
      if (person !== undefined) this.#direct.get(group)?.people.push(person)
      else if (nested && this.#direct.has(member)) this.#direct.get(group)?.groups.push(member)
    }
    if (members === 'memberOf') {
      for (const entry of nested ? [...people.entries, ...groups] : people.entries) {
        const dn = normalDn(entry.dn)
        for (const group of textsOf(entry, 'memberOf')) add(normalDn(group), people.ids.get(dn), dn)
      }
      return
    }
    for (const entry of groups) {
      for (const value of textsOf(entry, members)) {
        const member = members === 'memberUid' ? '' : normalDn(withoutUid(value))
        add(normalDn(entry.dn), members === 'memberUid' ? people.names.get(nameKey(value)) : people.ids.get(member), member)
      }
    }
  }

  /** Ids of the people in a group and, where `nested`, in the groups in it, however deep; a group may be in itself. */
  of(dn: string): Set<string> {
    const seen = new Set([normalDn(dn)])
    const ids = new Set<string>()
    // A set that grows while it is walked goes on to what was added.
    for (const group of seen) {
      for (const id of this.#direct.get(group)?.people ?? []) ids.add(id)
      for (const inside of this.#direct.get(group)?.groups ?? []) seen.add(inside)
    }
    return ids
  }
}
