import { api } from '@standin/client'
import type { FastifyInstance } from 'fastify'
import { requireSeenGroup, requireSeenUser, seesEverybody } from '../../access/people-rules.ts'
import type { Groups } from '../../store/people/groups.ts'
import type { Roles } from '../../store/people/roles.ts'
import type { Users } from '../../store/people/users.ts'
import { endpoint } from '../endpoint.ts'
import { requireRevision } from '../require-revision.ts'

export interface GroupRoutesDependencies {
  readonly users: Users
  readonly groups: Groups
  readonly roles: Roles
}

/** A list of twenty thousand members, bytes. */
const bodyLimit = 8 << 20

/** Groups of users: they don't nest. */
export function groupRoutes(app: FastifyInstance, { users, groups, roles }: GroupRoutesDependencies): void {
  endpoint(app, 'groups.list', api.groups.list, ({ query, caller }) => {
    const { limit = 100, member, ...filter } = query
    const asked = member === undefined ? undefined : users.require(member).id
    if (asked !== undefined) requireSeenUser(asked, member ?? '', caller.user)
    return groups.list({ ...filter, limit, member: seesEverybody(caller.user) ? asked : caller.user?.id })
  })

  endpoint(app, 'groups.get', api.groups.get, ({ params, caller }) => {
    const group = groups.require(params.ref)
    requireSeenGroup(group.id, params.ref, caller.user, groups)
    return group
  })

  endpoint(app, 'groups.members', api.groups.members, ({ params, query, caller }) => {
    const { id } = groups.require(params.ref)
    requireSeenGroup(id, params.ref, caller.user, groups)
    return groups.members(id, { limit: query.limit ?? 100, cursor: query.cursor })
  })

  endpoint(
    app,
    'groups.create',
    api.groups.create,
    ({ body, caller, request, reply }) => {
      const group = groups.insert(body, caller.actor, (id) => request.idempotent?.refer(`group:${id}`))
      reply.code(201).header('location', `/v1/groups/${group.id}`)
      return group
    },
    { bodyLimit },
  )

  endpoint(
    app,
    'groups.update',
    api.groups.update,
    ({ params, body, caller, request }) => {
      const group = groups.require(params.ref)
      requireRevision(`group ${group.displayName}`, group.revision, request.headers['if-match'])
      return groups.edit(group.id, body, caller.actor)
    },
    { bodyLimit },
  )

  endpoint(app, 'groups.delete', api.groups.delete, ({ params, caller, reply }) => {
    const { id } = groups.require(params.ref)
    groups.delete(id, caller.actor, () => roles.revokeAll({ user: null, group: id }, caller.actor))
    return reply.code(204).send()
  })
}
