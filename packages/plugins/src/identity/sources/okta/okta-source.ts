import { type Directory, type DirectoryGroup, type Person, type Source, SourceFailure, type Unusable } from '../directory.ts'
import { nameKey } from '../name-key.ts'
import { isUnusable, toDisplayName, toPerson } from '../to-person.ts'
import { type OktaAccess, OktaClient } from './okta-client.ts'
import type { OktaConfig } from './okta-config.ts'

interface OktaUser {
  readonly id: string
  readonly status: string
  readonly profile: Readonly<Record<string, unknown>>
}

interface OktaGroup {
  readonly id: string
  readonly profile?: { readonly name?: unknown } | null
}

/**
 * Whether somebody in this state works here. Who forgot their password does; who is suspended does not; who is staged never
 * did.
 */
const states: Readonly<Record<string, boolean>> = {
  ACTIVE: true,
  PROVISIONED: true,
  RECOVERY: true,
  PASSWORD_EXPIRED: true,
  LOCKED_OUT: true,
  STAGED: false,
  SUSPENDED: false,
  DEPROVISIONED: false,
}

/** Okta, asked for its users and groups. Whoever is deprovisioned is not in its lists any more. */
export class OktaSource implements Source {
  readonly id: string
  readonly #config: OktaConfig
  readonly #sleep: OktaAccess['sleep']

  constructor(config: OktaConfig, sleep: OktaAccess['sleep']) {
    this.id = config.id
    this.#config = config
    this.#sleep = sleep
  }

  async read(signal: AbortSignal): Promise<Directory> {
    const { site, tokenFile, search, groups } = this.#config
    const client = await OktaClient.open({ id: this.id, site, tokenFile, sleep: this.#sleep }, signal)
    const users = await client.list<OktaUser>('/api/v1/users', search === undefined ? {} : { search })
    if (!users.every(isUser)) throw new SourceFailure(`${this.id}: ${site}: /api/v1/users has an entry that is no user`)
    if (users.length === 0) throw new SourceFailure(`${this.id}: ${site} has nobody${search === undefined ? '' : `: look at \`search\``}`)
    const known = new Set(users.map(({ id }) => id))
    const unusable: Unusable[] = []
    const people: Person[] = []
    for (const each of this.#people(users)) {
      if (isUnusable(each)) unusable.push(each)
      else people.push(each)
    }
    if (groups === undefined) return { people, groups: null, unusable }
    const found: DirectoryGroup[] = []
    for (const { id, profile } of await client.list<OktaGroup>('/api/v1/groups', { filter: groups.filter })) {
      if (typeof id !== 'string' || id === '') throw new SourceFailure(`${this.id}: ${site}: /api/v1/groups has an entry that is no group`)
      const members = await client.list<OktaUser | null>(`/api/v1/groups/${encodeURIComponent(id)}/users`)
      const displayName = toDisplayName(textOf(profile?.name), id)
      found.push({
        id,
        displayName,
        members: new Set(members.flatMap((each) => (each !== null && known.has(each.id) ? [each.id] : []))),
        where: displayName,
      })
    }
    return { people, groups: found, unusable }
  }

  #people(users: readonly OktaUser[]): (Person | Unusable)[] {
    const { profile: names } = this.#config
    const ids = new Map<string, string>()
    // By id last: whatever somebody writes into their profile, an id is an id.
    for (const { id, profile } of users) {
      for (const name of [textOf(profile.email), textOf(profile.login)]) if (name !== undefined) ids.set(nameKey(name), id)
    }
    for (const { id } of users) ids.set(nameKey(id), id)
    return users.map(({ id, status, profile }) => {
      const active = states[status]
      const where = textOf(profile.login) ?? id
      if (active === undefined) return { id, message: `${where} has the state ${status}, which nobody here knows: they stay as they were` }
      const [manager, first, last] = [textOf(profile[names.manager]), textOf(profile.firstName), textOf(profile.lastName)]
      const displayName = textOf(profile.displayName) ?? [first, last].filter((part) => part !== undefined).join(' ')
      const person = {
        ...{ id, active, where, displayName, userName: textOf(profile[names.userName]), email: textOf(profile.email) },
        // Most profiles leave it empty, which says nothing.
        manager: manager === undefined ? undefined : ids.get(nameKey(manager)),
      }
      return toPerson(person, { userName: names.userName, email: 'email' })
    })
  }
}

function isUser(each: OktaUser | null): boolean {
  return (
    typeof each?.id === 'string' &&
    each.id !== '' &&
    typeof each.status === 'string' &&
    typeof each.profile === 'object' &&
    each.profile !== null
  )
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}
