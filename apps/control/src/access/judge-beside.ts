import { type Permission, StandinError } from '@standin/client'
import { StandinClient } from '@standin/client/connect'
import { includes, roleOn } from '../store/people/user-access.ts'
import type { Caller } from '../store/tokens.ts'
import type { PathParams } from './authority.ts'
import { lacksRole, lacksRoleEverywhere } from './refusals.ts'

/**
 * The rules of a plugin's routes away from the store: what is not known here is asked of control, with the token of who asks.
 * @throws StandinError as `Authority.enforce`
 */
export async function judgeBeside(url: string, token: string, permission: Permission, { user }: Caller, params: PathParams): Promise<void> {
  if (user === null) return
  switch (permission.rule) {
    case 'token':
    case 'seen':
    case 'named':
      return
    case 'everywhere':
      if (!includes(user.everywhere, permission.role)) throw lacksRoleEverywhere(user, permission.role)
      return
    case 'environment': {
      const { id, name, labels, ownerId } = await new StandinClient({ url, token }).environments.get(String(params.ref))
      const project = labels.project || null
      if (includes(roleOn(user, { project, ownerId }), permission.role)) return
      throw lacksRole(user, `this with environment ${name} (${id})`, permission.role, project)
    }
    case 'template':
      throw new StandinError('forbidden', 'a plugin that runs on its own has no rules about templates')
  }
}
