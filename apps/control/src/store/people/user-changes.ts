import { type Deactivation, StandinError, type UpdateUser } from '@standin/client'
import type { Database } from '../database.ts'
import type { Environments } from '../environments.ts'
import type { Tokens } from '../tokens.ts'
import type { Accesses } from './accesses.ts'
import type { Groups } from './groups.ts'
import type { Ownership } from './ownership.ts'
import type { Roles } from './roles.ts'
import { roleOn } from './user-access.ts'
import { type UserRecord, viewUsers } from './user-record.ts'
import type { Users } from './users.ts'

export interface UserChangeParts {
  readonly db: Database
  readonly users: Users
  readonly groups: Groups
  readonly roles: Roles
  readonly tokens: Tokens
  readonly environments: Environments
  readonly ownership: Ownership
  readonly accesses: Accesses
  readonly now: () => number
}

export interface Departure {
  /** Reference of the user who gets their environments. */
  readonly heir?: string | undefined
  readonly reason?: string | undefined
}

/**
 * Changes of users that reach their tokens and environments. Who goes loses their tokens, their environments go to somebody
 * else, nothing is lost.
 */
export class UserChanges {
  readonly #parts: UserChangeParts

  constructor(parts: UserChangeParts) {
    this.#parts = parts
  }

  /**
   * What is theirs bears the new name; who goes by it goes as in `deactivate`, to the manager that is named with it. An address
   * is one active user's: who goes gives theirs up first, who comes back is looked at with the new one.
   * @throws StandinError as `Users.edit`
   */
  edit(id: string, { active, ...edit }: UpdateUser, actor: string): UserRecord {
    const { db, users, ownership } = this.#parts
    return db.transaction(() => {
      const before = users.require(id)
      if (active === false) {
        if (edit.manager !== undefined) users.edit(id, { manager: edit.manager }, actor)
        this.deactivate(id, {}, actor)
      }
      const after = users.edit(id, edit, actor)
      if (after.userName !== before.userName) ownership.rename(after, actor)
      return active === true ? this.activate(id, actor) : after
    })
  }

  /** What nobody was given is theirs as before. @throws StandinError `email_taken` */
  activate(id: string, actor: string): UserRecord {
    const { db, users, ownership } = this.#parts
    return db.transaction(() => {
      const user = users.activate(id, actor)
      for (const environment of ownership.of(id)) ownership.reclaim(environment.id, actor)
      return user
    })
  }

  /** What `deactivate` would do now. @throws StandinError as that does */
  plan(id: string, { heir }: Departure): Deactivation {
    const { db, users, tokens, ownership, accesses } = this.#parts
    const user = users.require(id)
    const named = heir === undefined ? null : this.#heirOf(user, heir)
    const to = named ?? this.#managerOf(user)
    const because = to === null ? null : named === null ? 'manager' : 'heir'
    const access = to === null ? null : accesses.of(to.id)
    // Of one who is inactive already, only an heir changes anything.
    const left = user.active || named !== null ? ownership.of(id) : []
    return {
      dryRun: true,
      user: viewUsers(db, [user])[0] as Deactivation['user'],
      deactivates: user.active,
      environments: left.map(({ id: environment, name, project }) => ({
        id: environment,
        name,
        project,
        to: to === null ? null : { id: to.id, userName: to.userName },
        because,
        role: to === null || access === null ? null : roleOn(access, { project, ownerId: to.id }),
      })),
      tokens: tokens.ofUser(id).map(({ id: token, name }) => ({ id: token, name })),
    }
  }

  /**
   * All of the plan, in one transaction. Doing it again does nothing more, but for an heir that is named then.
   * @throws StandinError `user_not_found`, `state_conflict` for an heir who is inactive, `invalid` for themselves
   */
  deactivate(id: string, departure: Departure, actor: string): Deactivation {
    const { db, users, tokens, environments, ownership, now } = this.#parts
    return db.transaction(() => {
      const plan = this.plan(id, departure)
      const reason = departure.reason ?? null
      for (const { id: token } of plan.tokens) tokens.revoke(token, actor)
      for (const { id: environment, to } of plan.environments) {
        if (to === null) ownership.orphan(environment, actor)
        else environments.give(environment, to, actor)
      }
      if (plan.deactivates) {
        users.update(id, { active: 0, deactivated_at: now() })
        const orphaned = plan.environments.filter(({ to }) => to === null).length
        const counts = { environments: plan.environments.length - orphaned, orphaned, tokens: plan.tokens.length }
        users.record(id, 'user.deactivated', actor, { reason, ...counts })
      }
      return { ...plan, dryRun: false, user: viewUsers(db, [users.require(id)])[0] as Deactivation['user'] }
    })
  }

  /** Deactivated first. What is still theirs stays, orphaned, under the name that they had. */
  delete(id: string, departure: Departure, actor: string): void {
    const { db, users, groups, roles, ownership, accesses } = this.#parts
    db.transaction(() => {
      this.deactivate(id, departure, actor)
      roles.revokeAll({ user: id, group: null }, actor)
      groups.leaveAll(id, actor)
      for (const each of users.managedBy(id)) users.edit(each, { manager: null }, actor)
      ownership.forget(id)
      users.record(id, 'user.deleted', actor)
      db.prepared('delete from users where id = ?').run(id)
      accesses.forget()
    })
  }

  #heirOf(user: UserRecord, heir: string): UserRecord {
    const named = this.#parts.users.require(heir)
    if (named.id === user.id) throw new StandinError('invalid', `${user.userName} can not be their own heir`)
    if (named.active) return named
    throw new StandinError('state_conflict', `${named.userName} can not be an heir: they are inactive`, {
      hint: 'Name somebody who is active',
    })
  }

  /** The first active one up the line; lines may lead in circles. */
  #managerOf(user: UserRecord): UserRecord | null {
    const seen = new Set([user.id])
    for (let next = user.manager; next !== null && !seen.has(next.id); ) {
      seen.add(next.id)
      const manager = this.#parts.users.require(next.id)
      if (manager.active) return manager
      next = manager.manager
    }
    return null
  }
}
