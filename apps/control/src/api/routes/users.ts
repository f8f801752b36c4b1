import { api, type User } from '@standin/client'
import type { FastifyInstance } from 'fastify'
import { requireSeenGroup, requireSeenUser, seesEverybody } from '../../access/people-rules.ts'
import type { Database } from '../../store/database.ts'
import type { Groups } from '../../store/people/groups.ts'
import type { UserChanges } from '../../store/people/user-changes.ts'
import { type UserRecord, viewUsers } from '../../store/people/user-record.ts'
import type { Users } from '../../store/people/users.ts'
import { endpoint } from '../endpoint.ts'
import { requireRevision } from '../require-revision.ts'

export interface UserRoutesDependencies {
  readonly db: Database
  readonly users: Users
  readonly groups: Groups
  readonly changes: UserChanges
}

/** Who may use the platform by name. */
export function userRoutes(app: FastifyInstance, deps: UserRoutesDependencies): void {
  const { db, users, groups, changes } = deps
  const view = (record: UserRecord): User => viewUsers(db, [record])[0] as User

  endpoint(app, 'users.list', api.users.list, ({ query, caller }) => {
    const { limit = 100, group, ...filter } = query
    const only = seesEverybody(caller.user) ? undefined : caller.user?.id
    const within = group === undefined ? undefined : groups.require(group).id
    if (within !== undefined) requireSeenGroup(within, group ?? '', caller.user, groups)
    const { items, nextCursor, total } = users.list({ ...filter, limit, group: within, only })
    return { items: viewUsers(db, items), nextCursor, total }
  })

  endpoint(app, 'users.get', api.users.get, ({ params, caller }) => {
    const user = users.require(params.ref)
    requireSeenUser(user.id, params.ref, caller.user)
    return view(user)
  })

  endpoint(app, 'users.create', api.users.create, ({ body, caller, request, reply }) => {
    const user = users.insert(body, caller.actor, (id) => request.idempotent?.refer(`user:${id}`))
    reply.code(201).header('location', `/v1/users/${user.id}`)
    return view(user)
  })

  endpoint(app, 'users.update', api.users.update, ({ params, body, caller, request }) => {
    const user = users.require(params.ref)
    requireRevision(`user ${user.userName}`, user.revision, request.headers['if-match'])
    return view(changes.edit(user.id, body, caller.actor))
  })

  endpoint(app, 'users.deactivate', api.users.deactivate, ({ params, body, caller }) => {
    const { dryRun = false, ...departure } = body
    const { id } = users.require(params.ref)
    return dryRun ? changes.plan(id, departure) : changes.deactivate(id, departure, caller.actor)
  })

  endpoint(app, 'users.activate', api.users.activate, ({ params, caller }) =>
    view(changes.activate(users.require(params.ref).id, caller.actor)),
  )

  endpoint(app, 'users.delete', api.users.delete, ({ params, query, caller, reply }) => {
    changes.delete(users.require(params.ref).id, query, caller.actor)
    return reply.code(204).send()
  })
}
