import type { User } from '@standin/client'
import type { PluginStore } from '@standin/core'
import { foldText, type ScimObject } from './schema/attribute.ts'
import type { Profile } from './user-resource.ts'

/** What is kept of a user for SCIM alone. */
export interface UserRecord {
  readonly profile: Profile
  /** The directory deleted them: to it they are not there any more. */
  readonly gone: boolean
}

const prefix = 'scim/user/'
const none: UserRecord = { profile: {}, gone: false }

/** One of these at a time: what it remembers of addresses is right as long as nobody else writes. */
export class UserRecords {
  readonly #store: PluginStore
  /** Address → ids of those who have it, or had it. */
  #addresses: Promise<Map<string, Set<string>>> | undefined

  constructor(store: PluginStore) {
    this.#store = store
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

  async set(id: string, record: UserRecord): Promise<void> {
    await this.#store.set(prefix + id, record as never)
    // Addresses that they have no more stay: what is found is looked at.
    if (this.#addresses !== undefined) remember(await this.#addresses, id, record)
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

/** The profile of a user who is there; null of one whom the directory deleted. Who is let in here again is there. */
export function profileOf(user: User, record: UserRecord = none): Profile | null {
  return record.gone && !user.active ? null : record.profile
}

function remember(addresses: Map<string, Set<string>>, id: string, { profile }: UserRecord): void {
  for (const { value } of (profile.emails ?? []) as readonly ScimObject[]) {
    const address = foldText(String(value ?? ''))
    addresses.set(address, (addresses.get(address) ?? new Set()).add(id))
  }
}
