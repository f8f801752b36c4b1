import type { User } from '@standin/client'
import type { PluginStore } from '@standin/core'
import type { Profile } from './user-resource.ts'

/** What is kept of a user for SCIM alone. */
export interface UserRecord {
  readonly profile: Profile
  /** The directory deleted them: to it they are not there any more. */
  readonly gone: boolean
}

const prefix = 'scim/user/'
const none: UserRecord = { profile: {}, gone: false }

export class UserRecords {
  readonly #store: PluginStore

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

  set(id: string, record: UserRecord): Promise<void> {
    return this.#store.set(prefix + id, record as never)
  }

  async delete(id: string): Promise<void> {
    await this.#store.delete(prefix + id)
  }
}

/** The profile of a user who is there; null of one whom the directory deleted. Who is let in here again is there. */
export function profileOf(user: User, record: UserRecord = none): Profile | null {
  return record.gone && !user.active ? null : record.profile
}
