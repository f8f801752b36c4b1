import type { Role } from '@standin/client'
import type { Database } from '../database.ts'
import { greater, type UserAccess } from './user-access.ts'

/** So many are kept at most. */
const mostKept = 10_000

/** What each active user may. Kept until something of people changes, so that a request costs a look into a map. */
export class Accesses {
  readonly #db: Database
  readonly #kept = new Map<string, UserAccess>()

  constructor(db: Database) {
    this.#db = db
  }

  /** Null where there is no active user of this id. */
  of(id: string): UserAccess | null {
    const kept = this.#kept.get(id)
    if (kept !== undefined) return kept
    const access = this.#read(id)
    if (access === null) return null
    if (this.#kept.size >= mostKept) this.#kept.clear()
    this.#kept.set(id, access)
    return access
  }

  /** To be called within each transaction that changes users, groups or roles, once it has written. */
  forget(): void {
    this.#kept.clear()
  }

  #read(id: string): UserAccess | null {
    const user = this.#db.prepared<{ user_name: string }>('select user_name from users where id = ? and active = 1').get(id)
    if (user === undefined) return null
    const rows = this.#db
      .prepared<{ project: string; role: string }>(
        `select project, role from role_bindings where user_id = ?
         union all select b.project, b.role from group_members as m join role_bindings as b on b.group_id = m.group_id where m.user_id = ?`,
      )
      .all(id, id)
    const roles = new Map<string, Role>()
    for (const { project, role } of rows) roles.set(project, greater(role as Role, roles.get(project) ?? null) as Role)
    const everywhere = roles.get('') ?? null
    roles.delete('')
    return { id, userName: user.user_name, everywhere, roles, projects: JSON.stringify([...roles.keys()]) }
  }
}
