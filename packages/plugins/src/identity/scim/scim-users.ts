import { type ErrorCode, StandinError, type User } from '@standin/client'
import type { StandinClient } from '@standin/client/connect'
import type { OneAtATime } from './one-at-a-time.ts'
import { applyPatch } from './patch/apply-patch.ts'
import { readPatch } from './patch/read-patch.ts'
import { readResource } from './read-value.ts'
import { retryChanged } from './retry-changed.ts'
import { foldText, type ScimObject } from './schema/attribute.ts'
import type { Projection } from './schema/projection.ts'
import { userSchema } from './schema/resource-schemas.ts'
import { ScimError } from './scim-error.ts'
import { type Found, requireOurs, requireVersion, type ScimResources, scimSource, type Written } from './scim-resources.ts'
import { ResultPage, requiredTexts, type SearchQuery } from './search-query.ts'
import { keptOf, type UserRecord, type UserRecords } from './user-records.ts'
import { fromUserResource, type Profile, toUserResource } from './user-resource.ts'

type UserChange = ReturnType<typeof fromUserResource>

/** The users of Standin, as a directory sees them. */
export class ScimUsers implements ScimResources {
  readonly schema = userSchema
  readonly #client: StandinClient
  readonly #records: UserRecords
  readonly #base: string
  readonly #turns: OneAtATime

  constructor(client: StandinClient, records: UserRecords, turns: OneAtATime, base: string) {
    this.#client = client
    this.#records = records
    this.#turns = turns
    this.#base = base
  }

  async get(id: string): Promise<ScimObject> {
    const { user, kept } = await this.#require(id)
    return toUserResource(user, kept, this.#base)
  }

  async search(query: SearchQuery, _: Projection): Promise<Found> {
    const page = new ResultPage(query)
    const wanted = requiredTexts(query.filter)
    const id = wanted.get('id')
    const narrowed = { userName: wanted.get('username'), externalId: wanted.get('externalid') }
    const address = wanted.get('emails.value') ?? wanted.get('emails')
    const isAll = Object.values({ id, address, ...narrowed }).every((each) => each === undefined)
    const records = isAll ? await this.#records.all() : null
    const isFound = Object.values(narrowed).some((each) => each !== undefined)
    const users =
      id !== undefined
        ? await this.#byId(id)
        : address === undefined || isFound
          ? this.#client.users.iterate(narrowed)
          : await this.#byAddress(address)
    for await (const user of users) {
      const kept = keptOf(user, records === null ? await this.#records.find(user.id) : records.get(user.id))
      if (kept !== null) page.offer(() => toUserResource(user, kept, this.#base))
    }
    return { totalResults: page.total, resources: page.resources }
  }

  /** Who was deleted and comes back under the same externalId is who they were; a POST that was cut short is finished by the next. */
  async create(body: unknown): Promise<Written> {
    const change = fromUserResource(readResource(userSchema, body), null)
    const { userName, externalId } = change.edit
    return this.#turns.run(`create ${foldText(userName)}`, async () => {
      const manager = await this.#managerOf(change, null)
      const same = externalId === null ? undefined : await this.#first({ externalId, source: scimSource })
      const namesake = await this.#first({ userName })
      for (const known of [same, namesake]) {
        const record = known && (await this.#records.find(known.id))
        if (known === undefined || known.source !== scimSource || known.externalId !== externalId) continue
        const comesBack = externalId !== null && keptOf(known, record) === null
        const wasCutShort = record === undefined && known.id === namesake?.id
        if (!comesBack && !wasCutShort) continue
        if (namesake !== undefined && namesake.id !== known.id) await this.#forgetGone(namesake)
        return this.#write(known, { ...change, active: change.active ?? true }, manager, {})
      }
      if (namesake !== undefined) await this.#forgetGone(namesake)
      const { active = true } = change
      const user = await this.#client.users.create({ ...change.edit, source: scimSource, active, manager })
      return this.#keep(user, change.profile)
    })
  }

  replace(id: string, body: unknown, ifMatch: string | undefined): Promise<Written> {
    const change = fromUserResource(readResource(userSchema, body), null)
    return this.#change(id, ifMatch, () => change)
  }

  patch(id: string, body: unknown, ifMatch: string | undefined): Promise<Written> {
    const changes = readPatch(body)
    return this.#change(id, ifMatch, (before) => fromUserResource(applyPatch(userSchema, before, changes), before))
  }

  /** They are deactivated, so that nothing of theirs is lost, and leave their groups; to the directory they are gone. */
  async delete(id: string, ifMatch: string | undefined): Promise<void> {
    await this.#turns.run(id, async () => {
      const { user, kept } = await this.#require(id)
      requireVersion(this.#versionOf(user, kept), ifMatch)
      requireOurs(`user ${user.userName}`, user.source)
      await this.#client.users.deactivate(id, { reason: 'deleted by the directory' })
      for (const group of user.groups) await this.#client.groups.update(group.id, { removeMembers: [id] })
      await this.#records.dismiss(id, kept)
    })
  }

  async #change(id: string, ifMatch: string | undefined, decide: (before: ScimObject) => UserChange): Promise<Written> {
    const once = async () => {
      const { user, kept } = await this.#require(id)
      requireVersion(this.#versionOf(user, kept), ifMatch)
      requireOurs(`user ${user.userName}`, user.source)
      const change = decide(toUserResource(user, kept, this.#base))
      return this.#write(user, change, await this.#managerOf(change, user), { ifRevision: user.revision })
    }
    return this.#turns.run(id, () => retryChanged(once))
  }

  async #write(
    user: User,
    { edit, active, profile }: UserChange,
    manager: string | null,
    options: { ifRevision?: number },
  ): Promise<Written> {
    const body = { ...edit, source: scimSource, manager, ...(active === undefined ? {} : { active }) }
    return this.#keep(await this.#client.users.update(user.id, body, options), profile)
  }

  async #keep(user: User, profile: Profile): Promise<Written> {
    const kept = await this.#records.keep(user.id, profile)
    return { id: user.id, version: this.#versionOf(user, kept) }
  }

  /** A deleted user's name is free again: who gets it is somebody else. */
  async #forgetGone(user: User): Promise<void> {
    if (keptOf(user, await this.#records.find(user.id)) !== null) return
    await this.#client.users.delete(user.id)
    await this.#records.delete(user.id)
  }

  #versionOf(user: User, kept: UserRecord): string {
    return (toUserResource(user, kept, '').meta as { version?: string }).version ?? ''
  }

  /** @throws ScimError 404, also for a userName */
  async #require(id: string): Promise<{ user: User; kept: UserRecord }> {
    const [user] = await this.#byId(id)
    const kept = user === undefined ? null : keptOf(user, await this.#records.find(id))
    if (user === undefined || kept === null) throw new ScimError(404, `there is no User ${id.slice(0, 80)}`)
    return { user, kept }
  }

  async #byId(id: string): Promise<User[]> {
    if (!/^usr_[0-9a-f]{12}$/.test(id)) return []
    try {
      return [await this.#client.users.get(id)]
    } catch (error) {
      if (isError(error, 'user_not_found')) return []
      throw error
    }
  }

  async #byAddress(address: string): Promise<User[]> {
    const found: User[] = []
    for await (const user of this.#client.users.iterate({ email: address })) found.push(user)
    for (const id of await this.#records.withAddress(address)) {
      if (!found.some((user) => user.id === id)) found.push(...(await this.#byId(id)))
    }
    return found
  }

  async #first(query: { userName?: string; externalId?: string; email?: string; source?: string }): Promise<User | undefined> {
    return (await this.#client.users.list({ ...query, limit: 1 })).items[0]
  }

  /** A directory knows them by id; one that is set up by hand often says userName, externalId or e-mail. */
  async #managerOf({ manager }: UserChange, user: User | null): Promise<string | null> {
    if (manager === null || manager === user?.manager?.id) return manager
    const found =
      (await this.#byId(manager))[0] ??
      (await this.#first({ externalId: manager, source: scimSource })) ??
      (await this.#first({ userName: manager })) ??
      (await this.#first({ email: manager }))
    if (found !== undefined && keptOf(found, await this.#records.find(found.id)) !== null) return found.id
    throw new ScimError(400, `the manager ${manager.slice(0, 80)} is no user here: managers are provisioned first`, 'invalidValue')
  }
}

function isError(error: unknown, code: ErrorCode): boolean {
  return error instanceof StandinError && error.code === code
}
