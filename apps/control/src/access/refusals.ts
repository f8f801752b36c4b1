import { type Role, StandinError, shellWord } from '@standin/client'
import { roleIn, type UserAccess } from '../store/people/user-access.ts'

/** What a user sees, and may not do. @param what `changing environment shop-1 (1001)` @param project null: it is in none */
export function lacksRole(user: UserAccess, what: string, needed: Role, project: string | null): StandinError {
  if (project === null) {
    return new StandinError('forbidden', `${what} needs its owner, or a manager everywhere; ${user.userName} is neither`, {
      hint: `\`standin role grant ${shellWord(user.userName)} manager --everywhere\`, by somebody who is that, makes one`,
    })
  }
  const has = roleIn(user, project)
  return new StandinError(
    'forbidden',
    `${what} needs the role ${needed} in the project ${project}; ${user.userName} ${has === null ? 'has none' : `is ${has}`} there`,
    { hint: `A manager of the project can \`standin role grant ${shellWord(user.userName)} ${needed} --project ${shellWord(project)}\`` },
  )
}

/** What concerns no project. */
export function lacksRoleEverywhere(user: UserAccess, needed: Role): StandinError {
  const has = user.everywhere === null ? 'has none' : `is ${user.everywhere}`
  return new StandinError('forbidden', `this needs the role ${needed} everywhere; ${user.userName} ${has} there`, {
    hint: `\`standin role grant ${shellWord(user.userName)} ${needed} --everywhere\`, by somebody who is manager everywhere, gives it`,
  })
}
