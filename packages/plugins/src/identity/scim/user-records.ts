import type { User } from '@standin/client'
import type { PluginStore } from '@standin/core'
import { foldText, type ScimObject } from './schema/attribute.ts'
import { scimSource } from './scim-resources.ts'
import type { Kept, Profile } from './user-resource.ts'

/** What is kept of a user for SCIM alone. */
export interface UserRecord extends Kept {
  /** The directory deleted them: to it they are not there any more. */
  readonly gone: boolean
}

const prefix = 'scim/user/'
const none: UserRecord = { profile: {}, gone: false }

/** One of these at a time: what it remembers of addresses is right as long as nobody else writes. */
export class UserRecords {
  readonly #store: PluginStore
  readonly #now: () => number
  /** Address → ids of those who have it, or had it. */
  #addresses: Promise<Map<string, Set<string>>> | undefined

  /** @param now ms since the epoch */
  constructor(store: PluginStore, now: () => number) {
    this.#store = store
    this.#now = now
  }

  find(id: string): Promise<UserRecord | undefined> {
    return this.#store.get<UserRecord>(prefix + id)
  }

  /** Of all users, by id. */
  async all(): Promise<ReadonlyMap<string, UserRecord>> {
    const records = new Map<string, UserRecord>()
    for await (const { key, value } of this.#store.iterate<UserRecord>({ prefix })) records.set(key.slice(prefix.length), value)
    return records
  }

  /** Somebody who is there, with this profile. */
  async keep(id: string, profile: Profile): Promise<UserRecord> {
    const before = await this.find(id)
    const isSame = before === undefined || JSON.stringify(before.profile) === JSON.stringify(profile)
    const changedAt = isSame ? before?.changedAt : new Date(this.#now()).toISOString()
    const record = { profile, gone: false, ...(changedAt === undefined ? {} : { changedAt }) }
    await this.#store.set(prefix + id, record as never)
    // Addresses that they have no more stay: what is found is looked at.
    if (this.#addresses !== undefined) remember(await this.#addresses, id, record)
    return record
  }

  /** The directory deleted them. */
  async dismiss(id: string, record: UserRecord): Promise<void> {
    await this.#store.set(prefix + id, { ...record, gone: true } as never)
  }

  /** Who may have this address, besides the one that Standin knows them by. */
  async withAddress(address: string): Promise<ReadonlySet<string>> {
    this.#addresses ??= this.#readAddresses().catch((error: unknown) => {
      this.#addresses = undefined
      throw error
    })
    return (await this.#addresses).get(foldText(address)) ?? new Set()
  }

  async #readAddresses(): Promise<Map<string, Set<string>>> {
    const addresses = new Map<string, Set<string>>()
    for (const [id, record] of await this.all()) remember(addresses, id, record)
    return addresses
  }

  async delete(id: string): Promise<void> {
    await this.#store.delete(prefix + id)
  }
}

/** What is kept of a user who is there; null of one whom the directory deleted. Who is let in here again, or is somebody else's by now, is there. */
export function keptOf(user: User, record: UserRecord = none): UserRecord | null {
  return record.gone && !user.active && user.source === scimSource ? null : record
}

function remember(addresses: Map<string, Set<string>>, id: string, { profile }: UserRecord): void {
  for (const { value } of (profile.emails ?? []) as readonly ScimObject[]) {
    const address = foldText(String(value ?? ''))
    addresses.set(address, (addresses.get(address) ?? new Set()).add(id))
  }
}
