import type { Role, RoleBinding } from '@standin/client'
import { StandinError } from '@standin/client'
import { type Groups, groupNotFound } from '../store/people/groups.ts'
import { roleNotFound } from '../store/people/roles.ts'
import { greatestRole, includes, roleIn, type UserAccess } from '../store/people/user-access.ts'
import { userNotFound } from '../store/people/users.ts'
import type { Caller } from '../store/tokens.ts'
import { lacksRole, lacksRoleEverywhere } from './refusals.ts'

/** Managers see all people, to give them roles; everybody else sees themselves and the groups that they are in. */
export function seesEverybody(user: UserAccess | null): boolean {
  return user === null || includes(greatestRole(user), 'manager')
}

/** @throws StandinError `user_not_found` */
export function requireSeenUser(id: string, ref: string, user: UserAccess | null): void {
  if (!seesEverybody(user) && user?.id !== id) throw userNotFound(ref)
}

/** @throws StandinError `group_not_found` */
export function requireSeenGroup(id: string, ref: string, user: UserAccess | null, groups: Groups): void {
  if (user !== null && !seesEverybody(user) && !groups.isMember(id, user.id)) throw groupNotFound(ref)
}

/** Who has a role in a project sees who else has. @throws StandinError `role_not_found` */
export function requireSeenRole({ id, project, user: holder, group }: RoleBinding, user: UserAccess | null, groups: Groups): void {
  if (user === null || user.everywhere !== null || holder?.id === user.id) return
  if (project !== null && roleIn(user, project) !== null) return
  if (group !== null && groups.isMember(group.id, user.id)) return
  throw roleNotFound(id)
}

/**
 * Roles of a project are its managers' to give, those everywhere the managers' everywhere. A token without a user needs the
 * scope admin: who may write may not make others mighty.
 * @param project null: everywhere
 * @throws StandinError `forbidden`
 */
export function requireGiving(role: Role, project: string | null, { user, scope, name }: Caller): void {
  if (user === null) {
    if (scope === 'admin') return
    throw new StandinError('forbidden', `giving and taking roles needs a token with the scope admin; ${name} has ${scope}`, {
      hint: 'Use the admin token, or the token of a user who is manager of the project',
    })
  }
  if (user.everywhere === 'manager') return
  if (project === null) throw lacksRoleEverywhere(user, 'manager')
  if (!includes(roleIn(user, project), 'manager')) throw lacksRole(user, `giving or taking the role ${role}`, 'manager', project)
}
