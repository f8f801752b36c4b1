import type { Directory, DirectoryGroup, Person, Source, Unusable } from '../directory.ts'
import { SourceFailure } from '../directory.ts'
import { nameKey } from '../name-key.ts'
import { isUnusable, toDisplayName, toPerson } from '../to-person.ts'
import { normalDn } from './distinguished-name.ts'
import { filterAttributes } from './filter-attributes.ts'
import { GroupMembers } from './group-members.ts'
import { requireAttributes } from './known-attributes.ts'
import type { LdapConfig } from './ldap-config.ts'
import { idOf, type LdapEntry, printedOf, textsOf } from './ldap-entry.ts'
import { LdapSession } from './ldap-session.ts'

/** A directory that is asked over LDAP: OpenLDAP, Active Directory and the like. */
export class LdapSource implements Source {
  readonly id: string
  readonly #config: LdapConfig

  constructor(config: LdapConfig) {
    this.id = config.id
    this.#config = config
  }

  async read(signal: AbortSignal): Promise<Directory> {
    await using session = await LdapSession.open(this.#config, signal)
    await requireAttributes(session, this.id, this.#names())
    const { people, groups } = this.#config
    const attributes = Object.values(people.attributes)
    if (people.disabled !== undefined) attributes.push(people.disabled.attribute)
    if (groups?.members === 'memberOf') attributes.push('memberOf')
    const entries = await this.#readPeople(session, attributes)
    const known = this.#people(entries)
    const found = groups === undefined ? null : await this.#readGroups(session, groups, known)
    return {
      people: known.usable,
      groups: found?.groups ?? null,
      unusable: [...known.unusable, ...(found?.unusable ?? [])],
    }
  }

  /** Attributes that are given out. */
  get exported(): readonly string[] {
    return this.#config.people.export
  }

  /** Of each of the people who are not disabled, the first value of these attributes, or nothing; in the order of their DNs. @throws SourceFailure */
  async rows(columns: readonly string[], signal: AbortSignal): Promise<string[][]> {
    await using session = await LdapSession.open(this.#config, signal)
    const { disabled } = this.#config.people
    await requireAttributes(session, this.id, new Map(columns.map((column) => [`people.export: ${column}`, column])))
    const attributes = [...columns, ...(disabled === undefined ? [] : [disabled.attribute])]
    const entries = await this.#readPeople(session, attributes)
    entries.sort((a, b) => (a.dn < b.dn ? -1 : 1))
    return entries.filter((entry) => !this.#isDisabled(entry)).map((entry) => columns.map((column) => printedOf(entry, column)))
  }

  async #readPeople(session: LdapSession, attributes: readonly string[]): Promise<LdapEntry[]> {
    const { base, filter, disabled } = this.#config.people
    const entries = await session.search({ base, filter, scope: 'sub', attributes })
    if (entries.length === 0) {
      throw new SourceFailure(
        `${this.id}: nobody below ${base} fits ${filter}: look at people.base and people.filter, and what this account may see`,
      )
    }
    // Otherwise whoever was sent away would be let in again.
    if (disabled?.bit !== undefined && !entries.some(({ values }) => values.has(disabled.attribute.toLowerCase()))) {
      throw new SourceFailure(
        `${this.id}: nobody has ${disabled.attribute}, by which it would be known who is disabled: look at people.disabled, and what this account may see`,
      )
    }
    return entries
  }

  #names(): Map<string, string> {
    const { people, groups } = this.#config
    const names = new Map<string, string>()
    for (const [field, name] of Object.entries(people.attributes)) names.set(`people.attributes.${field}`, name)
    if (people.disabled !== undefined) names.set('people.disabled.attribute', people.disabled.attribute)
    for (const name of filterAttributes(people.filter)) names.set(`people.filter: ${name}`, name)
    if (groups === undefined) return names
    for (const [field, name] of Object.entries(groups.attributes)) names.set(`groups.attributes.${field}`, name)
    names.set('groups.members', groups.members)
    for (const name of filterAttributes(groups.filter)) names.set(`groups.filter: ${name}`, name)
    return names
  }

  #people(entries: readonly LdapEntry[]): KnownPeople {
    const { attributes } = this.#config.people
    const { ids, shared, unusable } = this.#identify(entries, attributes.id)
    // Nobody has one: more likely this account does not see it than that the company has no managers.
    const isManaged = attributes.manager !== undefined && entries.some((entry) => textsOf(entry, attributes.manager ?? '').length > 0)
    const usable: Person[] = []
    const names = new Map<string, string>()
    for (const entry of entries) {
      const id = ids.get(normalDn(entry.dn)) ?? ''
      if (shared.has(id)) continue
      const [[userName], [displayName], [email]] = [
        textsOf(entry, attributes.userName),
        textsOf(entry, attributes.displayName),
        textsOf(entry, attributes.email),
      ]
      const raw = {
        ...{ id, userName, displayName, email, where: entry.dn },
        active: !this.#isDisabled(entry),
        manager: isManaged ? this.#managerOf(entry, ids) : undefined,
      }
      const person = toPerson(raw, attributes)
      if (isUnusable(person)) unusable.push(person)
      else usable.push(person)
      if (userName !== undefined) names.set(nameKey(userName), id)
    }
    return { entries, usable, unusable, ids, names }
  }

  /** By their DNs; `shared` are ids that are those of several, which is told of them. */
  #identify(entries: readonly LdapEntry[], attribute: string) {
    const ids = new Map(entries.map((entry) => [normalDn(entry.dn), this.#idOf(entry, attribute)]))
    const unusable: Unusable[] = []
    for (const [id, same] of Map.groupBy(entries, ({ dn }) => ids.get(normalDn(dn)) ?? '')) {
      if (same.length < 2) continue
      const names = same.slice(0, 5).map(({ dn }) => dn)
      const message = `${names.join(' and ')} have the same ${attribute} ${id.slice(0, 80)}: they stay as they were until it is one's alone`
      unusable.push({ id, message })
    }
    return { ids, shared: new Set(unusable.map(({ id }) => id)), unusable }
  }

  #idOf(entry: LdapEntry, attribute: string): string {
    const id = idOf(entry, attribute)
    if (id !== undefined) return id
    throw new SourceFailure(
      `${this.id}: ${entry.dn} has no ${attribute}, by which it would be known for ever: look at attributes.id, and what this account may see`,
    )
  }

  /** Undefined where it is not asked for, or somebody who is not among these people. */
  #managerOf(entry: LdapEntry, ids: ReadonlyMap<string, string>): string | null | undefined {
    const { manager } = this.#config.people.attributes
    if (manager === undefined) return undefined
    const [dn] = textsOf(entry, manager)
    return dn === undefined ? null : ids.get(normalDn(dn))
  }

  #isDisabled(entry: LdapEntry): boolean {
    const { disabled } = this.#config.people
    if (disabled === undefined) return false
    const texts = textsOf(entry, disabled.attribute)
    const { bit, value } = disabled
    if (bit === undefined && value === undefined) return texts.length > 0
    const isSet = bit !== undefined && texts.some((text) => (Number(text) & bit) !== 0)
    return isSet || (value !== undefined && texts.some((text) => text.toLowerCase() === value.toLowerCase()))
  }

  async #readGroups(session: LdapSession, config: NonNullable<LdapConfig['groups']>, people: KnownPeople) {
    const { base, filter, members, nested, attributes } = config
    const wanted = [...Object.values(attributes), ...(members === 'memberOf' && !nested ? [] : [members])]
    const entries = await session.search({ base, filter, scope: 'sub', attributes: wanted })
    const inGroups = new GroupMembers(config, entries, people)
    const groups: DirectoryGroup[] = []
    const { ids: groupIds, shared, unusable } = this.#identify(entries, attributes.id)
    for (const entry of entries) {
      const id = groupIds.get(normalDn(entry.dn)) ?? ''
      if (shared.has(id)) continue
      const [name] = textsOf(entry, attributes.displayName)
      const displayName = toDisplayName(name, '')
      if (displayName === '') {
        unusable.push({ id, message: `${entry.dn} has no ${attributes.displayName}: there is nothing to call the group by` })
        continue
      }
      groups.push({ id, displayName, members: inGroups.of(entry.dn), where: entry.dn })
    }
    return { groups, unusable }
  }
}

interface KnownPeople {
  readonly entries: readonly LdapEntry[]
  readonly usable: readonly Person[]
  readonly unusable: readonly Unusable[]
  /** By their DNs. */
  readonly ids: ReadonlyMap<string, string>
  /** By their userNames. */
  readonly names: ReadonlyMap<string, string>
}
