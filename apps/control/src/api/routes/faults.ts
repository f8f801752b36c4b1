import { api, type CreateFault, type FaultKind, StandinError } from '@standin/client'
import type { FastifyInstance } from 'fastify'
import type { EnvironmentQueries } from '../../store/environment-queries.ts'
import type { Faults } from '../../store/faults.ts'
import type { Stacks } from '../../store/stacks.ts'
import type { Place } from '../../tables/pool.ts'
import { endpoint } from '../endpoint.ts'
import { requireService } from './aliases.ts'

export interface FaultRoutesDependencies {
  readonly faults: Faults
  readonly queries: EnvironmentQueries
  readonly stacks: Stacks
  readonly place: Place
  readonly now: () => number
}

/** Failures that are made on purpose. */
export function faultRoutes(app: FastifyInstance, deps: FaultRoutesDependencies): void {
  const { faults, queries, stacks, place, now } = deps

  endpoint(app, 'faults.listAll', api.faults.listAll, ({ query, caller }) =>
    faults.list({ limit: query.limit ?? 100, cursor: query.cursor, seenBy: caller.user }),
  )

  endpoint(app, 'faults.list', api.faults.list, ({ params }) => ({ items: faults.of(queries.byRef(params.ref).id), nextCursor: null }))

  endpoint(app, 'faults.create', api.faults.create, ({ params, body, caller, request, reply }) => {
    refuseMismatch(body)
    const environment = queries.byRef(params.ref)
    if (environment.desired === 'deleted') {
      throw new StandinError('state_conflict', `environment ${environment.name} (${environment.id}) is deleted`, {
        hint: `\`standin undelete ${environment.id}\` brings it back`,
      })
    }
    const { service, forMs, percent = 100, ...rest } = body
    requireService(environment, service, stacks, place.domain)
    const added = faults.add(
      { environment: environment.id, service, fault: { ...rest, percent }, expiresAt: now() + forMs },
      caller.actor,
      (id) => request.idempotent?.refer(`fault:${id}`),
    )
    reply.code(201).header('location', `/v1/environments/${environment.id}/faults/${added.id}`)
    return added
  })

  endpoint(app, 'faults.get', api.faults.get, ({ params }) => faults.require(params.id, queries.byRef(params.ref).id))

  endpoint(app, 'faults.delete', api.faults.delete, ({ params, caller, reply }) => {
    faults.remove(queries.byRef(params.ref).id, params.id, caller.actor)
    return reply.code(204).send()
  })

  endpoint(app, 'faults.deleteAll', api.faults.deleteAll, ({ params, caller, reply }) => {
    faults.removeAll(queries.byRef(params.ref).id, caller.actor)
    return reply.code(204).send()
  })
}

/** What each kind is made of. */
const measures = { delay: 'delayMs', abort: 'status', throttle: 'bytesPerSecond', reset: null } as const satisfies Record<
  FaultKind,
  keyof CreateFault | null
>

/** @throws StandinError `invalid` where the kind's own field is missing, or another's is there */
function refuseMismatch(body: CreateFault): void {
  const own = measures[body.kind]
  const errors = Object.values(measures).flatMap((field) => {
    if (field === null || (field === own) === (body[field] !== undefined)) return []
    return [{ path: `/body/${field}`, message: field === own ? 'is missing' : `is not for ${body.kind}` }]
  })
  if (errors.length === 0) return
  const words = errors.map(({ path, message }) => `${path.slice('/body/'.length)} ${message}`).join(', ')
  throw new StandinError('invalid', `a fault of kind ${body.kind} takes ${own ?? 'no measure of its own'}: ${words}`, { errors })
}
