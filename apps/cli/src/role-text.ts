import type { RoleBinding } from '@standin/client'

/** `in checkout`, `everywhere`. */
export function placeText({ project }: Pick<RoleBinding, 'project'>): string {
  return project === null ? 'everywhere' : `in ${project}`
}

/** Who has it: `alice`, `group checkout`. */
export function holderText({ user, group }: Pick<RoleBinding, 'user' | 'group'>): string {
  return user === null ? `group ${group?.displayName ?? ''}` : user.userName
}
