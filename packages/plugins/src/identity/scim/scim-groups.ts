import { type Group, StandinError } from '@standin/client'
import type { StandinClient } from '@standin/client/connect'
import { membersAfter } from './members-after.ts'
import type { OneAtATime } from './one-at-a-time.ts'
import { applyPatch } from './patch/apply-patch.ts'
import { readPatch } from './patch/read-patch.ts'
import { readResource } from './read-value.ts'
import { retryChanged } from './retry-changed.ts'
import type { ScimObject } from './schema/attribute.ts'
import type { Projection } from './schema/projection.ts'
import { groupSchema } from './schema/resource-schemas.ts'
import { ScimError } from './scim-error.ts'
import { type Found, requireOurs, requireVersion, type ScimResources, scimSource, type Written } from './scim-resources.ts'
import { ResultPage, requiredTexts, type SearchQuery } from './search-query.ts'

interface GroupEdit {
  readonly displayName: string
  readonly externalId: string | null
  readonly source: string
}

/** So many users are looked up one by one. */
const fewIds = 20

/** The groups of Standin, as a directory sees them. */
export class ScimGroups implements ScimResources {
  readonly schema = groupSchema
  readonly #client: StandinClient
  readonly #base: string
  readonly #turns: OneAtATime

  constructor(client: StandinClient, turns: OneAtATime, base: string) {
    this.#client = client
    this.#turns = turns
    this.#base = base
  }

  async get(id: string, projection: Projection): Promise<ScimObject> {
    const group = await this.#require(id)
    return this.#show(group, projection.shows('members'))
  }

  async search(query: SearchQuery, projection: Projection): Promise<Found> {
    const page = new ResultPage(query)
    const wanted = requiredTexts(query.filter)
    const id = wanted.get('id')
    const member = wanted.get('members') ?? wanted.get('members.value')
    const narrowed = { displayName: wanted.get('displayname'), externalId: wanted.get('externalid'), member }
    const asksMembers = query.filter !== null && JSON.stringify(query.filter).toLowerCase().includes('members')
    for await (const group of id === undefined ? this.#all(narrowed) : await this.#byId(id)) {
      const resource = await this.#show(group, asksMembers)
      page.offer(() => resource)
    }
    const shown = page.resources
    if (asksMembers || !projection.shows('members')) return { totalResults: page.total, resources: shown }
    const resources: ScimObject[] = []
    for (const resource of shown) resources.push({ ...resource, ...(await this.#members(String(resource.id))) })
    return { totalResults: page.total, resources }
  }

  async create(body: unknown): Promise<Written> {
    const resource = readResource(groupSchema, body)
    const members = idsOf(resource)
    return written(await this.#send(() => this.#client.groups.create({ ...toEdit(resource), members })))
  }

  replace(id: string, body: unknown, ifMatch: string | undefined): Promise<Written> {
    const resource = readResource(groupSchema, body)
    const members = idsOf(resource)
    return this.#change(id, ifMatch, async () => ({ ...toEdit(resource), members }))
  }

  patch(id: string, body: unknown, ifMatch: string | undefined): Promise<Written> {
    const changes = readPatch(body)
    return this.#change(id, ifMatch, async (group) => {
      const after = membersAfter(changes)
      if (after === null) {
        const resource = applyPatch(groupSchema, await this.#show(group, true), changes)
        return { ...toEdit(resource), members: idsOf(resource) }
      }
      const resource = applyPatch(groupSchema, await this.#show(group, false), after.others)
      return { ...toEdit(resource), addMembers: requireIds(after.added), removeMembers: await this.#present(group.id, after.removed) }
    })
  }

  async delete(id: string, ifMatch: string | undefined): Promise<void> {
    await this.#turns.run(id, async () => {
      const group = await this.#require(id)
      requireVersion(versionOf(group), ifMatch)
      requireOurs(`group ${group.displayName}`, group.source)
      await this.#client.groups.delete(id)
    })
  }

  async #change(id: string, ifMatch: string | undefined, decide: (group: Group) => Promise<GroupEdit & object>): Promise<Written> {
    const once = async () => {
      const group = await this.#require(id)
      requireVersion(versionOf(group), ifMatch)
      requireOurs(`group ${group.displayName}`, group.source)
      const edit = await decide(group)
      return written(await this.#send(() => this.#client.groups.update(id, edit, { ifRevision: group.revision })))
    }
    return this.#turns.run(id, () => retryChanged(once))
  }

  /** A member who is not there is a fault of the request: 404 would be about the group. */
  async #send(request: () => Promise<Group>): Promise<Group> {
    try {
      return await request()
    } catch (error) {
      if (!(error instanceof StandinError) || error.code !== 'user_not_found') throw error
      throw new ScimError(400, `${error.message}: members are provisioned first`, 'invalidValue')
    }
  }

  /** Who is not in it, or nobody at all, need not be removed. A few are looked up; with many, the group is read once. */
  async #present(group: string, ids: readonly (string | undefined)[]): Promise<string[]> {
    const wanted = new Set(ids)
    const present: string[] = []
    if (wanted.size > fewIds) {
      for await (const { id } of this.#client.groups.members(group)) if (wanted.has(id)) present.push(id)
      return present
    }
    for (const id of wanted) if (id !== undefined && (await this.#isThere(id))) present.push(id)
    return present
  }

  async #show(group: Group, withMembers: boolean): Promise<ScimObject> {
    const { id, displayName, externalId, createdAt: created, changedAt: lastModified } = group
    const location = `${this.#base}/Groups/${id}`
    return {
      id,
      ...(externalId === null ? {} : { externalId }),
      displayName,
      ...(withMembers ? await this.#members(id) : {}),
      meta: { resourceType: 'Group', created, lastModified, location, version: versionOf(group) },
    }
  }

  async #members(id: string): Promise<{ members?: ScimObject[] }> {
    const members: ScimObject[] = []
    for await (const { id: value, displayName } of this.#client.groups.members(id)) {
      members.push({ value, $ref: `${this.#base}/Users/${value}`, display: displayName, type: 'User' })
    }
    return members.length === 0 ? {} : { members }
  }

  async #require(id: string): Promise<Group> {
    const [group] = await this.#byId(id)
    if (group === undefined) throw new ScimError(404, `there is no Group ${id.slice(0, 80)}`)
    return group
  }

  async #byId(id: string): Promise<Group[]> {
    if (!/^grp_[0-9a-f]{12}$/.test(id)) return []
    try {
      return [await this.#client.groups.get(id)]
    } catch (error) {
      if (error instanceof StandinError && error.code === 'group_not_found') return []
      throw error
    }
  }

  async #isThere(user: string): Promise<boolean> {
    if (!userId.test(user)) return false
    try {
      return (await this.#client.users.get(user)).id === user
    } catch (error) {
      if (error instanceof StandinError && error.code === 'user_not_found') return false
      throw error
    }
  }

  async *#all(query: { displayName: string | undefined; externalId: string | undefined; member: string | undefined }) {
    if (query.member !== undefined && !(await this.#isThere(query.member))) return
    let cursor: string | undefined
    do {
      const page = await this.#client.groups.list({ ...query, limit: 1000, cursor })
      yield* page.items
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
  }
}

function versionOf({ revision }: Group): string {
  return `W/"${revision}"`
}

function written(group: Group): Written {
  return { id: group.id, version: versionOf(group) }
}

function toEdit({ displayName, externalId }: ScimObject): GroupEdit {
  return { displayName: displayName as string, externalId: (externalId ?? null) as string | null, source: scimSource }
}

function idsOf({ members }: ScimObject): string[] {
  return requireIds(((members ?? []) as readonly ScimObject[]).map(({ value }) => value as string | undefined))
}

const userId = /^usr_[0-9a-f]{12}$/

/** @throws ScimError `invalidValue` for what is no id of a user: names are not looked up */
function requireIds(values: readonly (string | undefined)[]): string[] {
  return values.map((value) => {
    if (value !== undefined && userId.test(value)) return value
    const why = value?.startsWith('grp_') ? 'is a group, and groups do not nest' : 'is no id of a User'
    throw new ScimError(400, `the member ${value?.slice(0, 80) ?? 'without a value'} ${why}`, 'invalidValue')
  })
}
