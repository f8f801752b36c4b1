import type { Group, User } from '@standin/client'
import type { DirectoryGroup, Person } from '../sources/directory.ts'

export type PersonStep =
  | { readonly kind: 'create'; readonly person: Person }
  /** `fields` are those that differ; of `manager`, `person.manager` is who it is to be. */
  | { readonly kind: 'change'; readonly person: Person; readonly user: User; readonly fields: readonly ChangedField[] }
  | { readonly kind: 'activate'; readonly person: Person; readonly user: User }
  | { readonly kind: 'deactivate'; readonly user: User; readonly because: 'gone' | 'disabled' }

export type ChangedField = 'userName' | 'displayName' | 'email' | 'manager' | 'externalId' | 'source'

/** Members are ids that the source knows people by. */
export type GroupStep =
  | { readonly kind: 'create'; readonly group: DirectoryGroup; readonly add: readonly string[] }
  | {
      readonly kind: 'change'
      readonly known: Group
      /** Null: it is gone from the source, and is emptied. Its roles stay, for its return. */
      readonly group: DirectoryGroup | null
      readonly isRenamed: boolean
      readonly isAdopted: boolean
      readonly add: readonly string[]
      /** Ids of users. */
      readonly remove: readonly string[]
    }

/** What is to be done so that control has what the source has. */
export interface Plan {
  readonly people: readonly PersonStep[]
  readonly groups: readonly GroupStep[]
  /** Everybody of the source who is a user already, by the source's id: id of the user. */
  readonly userIds: ReadonlyMap<string, string>
  /** What is wrong with single people and groups, which stay as they are. */
  readonly faults: readonly string[]
  /** What somebody should know and need not change. */
  readonly notes: readonly string[]
  /** What was to be done and is not, because it was too much: why, and what to do. Null: nothing. */
  readonly heldBack: string | null
  readonly counts: { readonly people: number; readonly groups: number; readonly same: number }
}
