import { api, StandinError } from '@standin/client'
import type { FastifyInstance } from 'fastify'
import { requireGiving, requireSeenGroup, requireSeenRole, requireSeenUser } from '../../access/people-rules.ts'
import type { Groups } from '../../store/people/groups.ts'
import type { RoleFilter, RoleHolder, Roles } from '../../store/people/roles.ts'
import type { UserAccess } from '../../store/people/user-access.ts'
import type { Users } from '../../store/people/users.ts'
import { endpoint } from '../endpoint.ts'
import { requireRevision } from '../require-revision.ts'

export interface RoleRoutesDependencies {
  readonly users: Users
  readonly groups: Groups
  readonly roles: Roles
}

/** Who may do what in which project. */
export function roleRoutes(app: FastifyInstance, { users, groups, roles }: RoleRoutesDependencies): void {
  const userId = (ref: string, asker: UserAccess | null): string => {
    const { id } = users.require(ref)
    requireSeenUser(id, ref, asker)
    return id
  }
  const groupId = (ref: string, asker: UserAccess | null): string => {
    const { id } = groups.require(ref)
    requireSeenGroup(id, ref, asker, groups)
    return id
  }
  const holderOf = (body: { user?: string; group?: string }, asker: UserAccess | null): RoleHolder => {
    if ((body.user === undefined) === (body.group === undefined)) {
      throw new StandinError('invalid', 'a role is of a user or of a group: say which', {
        errors: [{ path: '/body', message: 'needs exactly one of user and group' }],
      })
    }
    return {
      user: body.user === undefined ? null : userId(body.user, asker),
      group: body.group === undefined ? null : groupId(body.group, asker),
    }
  }

  endpoint(app, 'roles.list', api.roles.list, ({ query, caller }) => {
    const { limit = 100, user, group, ...filter } = query
    return roles.list({
      ...filter,
      limit,
      user: user === undefined ? undefined : userId(user, caller.user),
      group: group === undefined ? undefined : groupId(group, caller.user),
      seenBy: seenBy(caller.user),
    })
  })

  endpoint(app, 'roles.get', api.roles.get, ({ params, caller }) => {
    const binding = roles.require(params.id)
    requireSeenRole(binding, caller.user, groups)
    return binding
  })

  endpoint(app, 'roles.grant', api.roles.grant, ({ body, caller, request, reply }) => {
    requireGiving(body.role, body.project, caller)
    const holder = holderOf(body, caller.user)
    const known = roles.find(holder, body.project) !== undefined
    const binding = roles.grant(holder, body.project, body.role, caller.actor, (id) => request.idempotent?.refer(`role:${id}`))
    reply.code(known ? 200 : 201).header('location', `/v1/roles/${binding.id}`)
    return binding
  })

  endpoint(app, 'roles.update', api.roles.update, ({ params, body, caller, request }) => {
    const binding = roles.require(params.id)
    requireSeenRole(binding, caller.user, groups)
    requireGiving(body.role, binding.project, caller)
    requireRevision(`role ${binding.id}`, binding.revision, request.headers['if-match'])
    return roles.edit(binding.id, body.role, caller.actor)
  })

  endpoint(app, 'roles.revoke', api.roles.revoke, ({ params, caller, reply }) => {
    const binding = roles.require(params.id)
    requireSeenRole(binding, caller.user, groups)
    requireGiving(binding.role, binding.project, caller)
    roles.revoke(binding.id, caller.actor)
    return reply.code(204).send()
  })
}

/** Undefined: all of them. */
function seenBy(user: UserAccess | null): RoleFilter['seenBy'] {
  return user === null || user.everywhere !== null ? undefined : { projects: user.projects, user: user.id }
}
