import type { UserRef } from '@standin/client'
import type { Selectable } from 'kysely'
import type { Database } from '../database.ts'
import { type EnvironmentRecord, toEnvironmentRecord } from '../environment-record.ts'
import type { Environments } from '../environments.ts'
import type { EnvironmentsTable } from '../schema.ts'

/** Whose environments are, as far as it changes with their owner. */
export class Ownership {
  readonly #db: Database
  readonly #environments: Environments
  readonly #now: () => number

  constructor(db: Database, environments: Environments, now: () => number) {
    this.#db = db
    this.#environments = environments
    this.#now = now
  }

  /** Everything of this user that is not purged. */
  of(user: string): EnvironmentRecord[] {
    return this.#db
      .prepared<Selectable<EnvironmentsTable>>('select * from environments where owner_id = ? and purged_at is null order by id')
      .all(user)
      .map(toEnvironmentRecord)
  }

  /** Its owner has another name; being orphaned or not stays as it is. */
  rename(user: UserRef, actor: string): void {
    this.#db.transaction(() => {
      for (const { id } of this.of(user.id)) {
        this.#db.prepared('update environments set owner = ? where id = ?').run(user.userName, id)
        this.#environments.noteChange(id, ['owner'], actor, { owner: user.userName, ownerId: user.id })
      }
    })
  }

  /** The owner of an environment is gone, and nobody comes in their place. */
  orphan(id: number, actor: string): void {
    this.#db.transaction(() => {
      const { owner, ownerId, orphanedAt } = this.#environments.require(id)
      if (orphanedAt !== null) return
      const at = this.#now()
      this.#db.prepared('update environments set orphaned_at = ? where id = ?').run(at, id)
      const data = { owner, ownerId, orphanedAt: new Date(at).toISOString() }
      this.#environments.noteChange(id, ['owner'], actor, data)
    })
  }

  /** Its owner is back. */
  reclaim(id: number, actor: string): void {
    this.#db.transaction(() => {
      const { owner, ownerId, orphanedAt } = this.#environments.require(id)
      if (orphanedAt === null) return
      this.#db.prepared('update environments set orphaned_at = null where id = ?').run(id)
      this.#environments.noteChange(id, ['owner'], actor, { owner, ownerId, orphanedAt: null })
    })
  }

  /** A user is deleted, within the caller's transaction: purged ones refer to them, too. */
  forget(user: string): void {
    this.#db.prepared('update environments set owner_id = null where owner_id = ?').run(user)
  }
}
