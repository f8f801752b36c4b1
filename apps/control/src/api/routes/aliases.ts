import { type Alias, api, StandinError } from '@standin/client'
import type { FastifyInstance } from 'fastify'
import { type Authority, effectiveScope } from '../../access/authority.ts'
import { type Aliases, type AliasRecord, aliasNotFound } from '../../store/aliases.ts'
import type { EnvironmentQueries } from '../../store/environment-queries.ts'
import type { EnvironmentRecord } from '../../store/environment-record.ts'
import type { UserAccess } from '../../store/people/user-access.ts'
import type { Stacks } from '../../store/stacks.ts'
import { mainService, type Place, servicePools } from '../../tables/pool.ts'
import { aliasHost, refuseForeignAlias } from '../alias-host.ts'
import { endpoint } from '../endpoint.ts'
import { urlOf } from '../environment-view.ts'

export interface AliasRoutesDependencies {
  readonly aliases: Aliases
  readonly authority: Authority
  readonly queries: EnvironmentQueries
  readonly stacks: Stacks
  readonly place: Place
}

/** Host names that are given to environments and moved between them. */
export function aliasRoutes(app: FastifyInstance, deps: AliasRoutesDependencies): void {
  const { aliases, authority, queries, stacks, place } = deps
  const { domain } = place
  const view = (record: AliasRecord) => viewAlias(record, deps)
  const requireSeen = (host: string, user: UserAccess | null): AliasRecord => {
    const record = aliases.require(host)
    if (!authority.sees(queries.find(String(record.environment)), user)) throw aliasNotFound(host)
    return record
  }
  const requireTaking = (record: AliasRecord, user: UserAccess | null) => {
    const holder = queries.find(String(record.environment))
    if (authority.sees(holder, user)) {
      if (holder !== undefined) authority.onEnvironment(holder, user, 'editor')
    } else throw new StandinError('forbidden', `the alias ${record.host} belongs to others`, { hint: 'Choose another name' })
  }

  endpoint(app, 'aliases.list', api.aliases.list, ({ query, caller }) => {
    const { limit = 100, cursor, environment } = query
    const of = environment === undefined ? undefined : authority.environment(environment, caller.user, 'viewer').id
    const { items, nextCursor } = aliases.list({ limit, cursor, environment: of, seenBy: caller.user })
    return { items: items.map(view), nextCursor }
  })

  endpoint(app, 'aliases.get', api.aliases.get, ({ params, caller }) => view(requireSeen(aliasHost(params.host, domain), caller.user)))

  endpoint(app, 'aliases.set', api.aliases.set, ({ params, body, caller, request }) => {
    const host = aliasHost(params.host, domain)
    refuseForeignAlias(host, domain, effectiveScope(caller))
    const environment = authority.environment(String(body.environment), caller.user, 'editor')
    const before = aliases.get(host)
    if (before !== undefined && before.environment !== environment.id) requireTaking(before, caller.user)
    if (environment.desired === 'deleted') {
      throw new StandinError('state_conflict', `environment ${environment.name} (${environment.id}) is deleted`, {
        hint: `\`standin undelete ${environment.id}\` brings it back`,
      })
    }
    if (body.service !== undefined) requireService(environment, body.service, stacks, domain)
    const to = { environment: environment.id, service: body.service ?? null }
    return view(aliases.set(host, to, caller.actor, () => request.idempotent?.refer(`alias:${host}`)))
  })

  endpoint(app, 'aliases.delete', api.aliases.delete, ({ params, caller, reply }) => {
    const host = aliasHost(params.host, domain)
    // Who may not give a name may not take it either.
    authority.onEnvironment(queries.byRef(String(requireSeen(host, caller.user).environment)), caller.user, 'editor')
    refuseForeignAlias(host, domain, effectiveScope(caller))
    aliases.delete(host, caller.actor)
    return reply.code(204).send()
  })
}

/** An alias as the API shows it. */
export function viewAlias(record: AliasRecord, { queries, stacks, place }: Omit<AliasRoutesDependencies, 'authority'>): Alias {
  const { host, environment, actor, createdAt, updatedAt } = record
  const target = queries.byRef(String(environment))
  const service = record.service ?? mainService(servicePools(target, stacks.of(target), place.domain))?.name ?? 'www'
  return {
    host,
    environment,
    service,
    url: urlOf(host, place),
    actor,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
  }
}

/** @throws StandinError `route_not_found` */
export function requireService(environment: EnvironmentRecord, service: string, stacks: Stacks, domain: string): void {
  const names = servicePools(environment, stacks.of(environment), domain).map(({ name }) => name)
  if (names.includes(service)) return
  throw new StandinError('route_not_found', `environment ${environment.name} (${environment.id}) has no service ${service}`, {
    hint: names.length === 0 ? 'It publishes none' : `Its services: ${names.join(', ')}`,
  })
}
