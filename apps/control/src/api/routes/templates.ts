import { api } from '@standin/client'
import type { Logger } from '@standin/core'
import type { FastifyInstance } from 'fastify'
import type { Authority } from '../../access/authority.ts'
import type { ProviderRegistry } from '../../reconcile/provider-registry.ts'
import type { EnvironmentQueries } from '../../store/environment-queries.ts'
import { type TemplateRecord, toTemplate } from '../../store/template-record.ts'
import type { Templates } from '../../store/templates.ts'
import { endpoint } from '../endpoint.ts'

export interface TemplateRoutesDependencies {
  readonly templates: Templates
  readonly authority: Authority
  readonly queries: EnvironmentQueries
  readonly providers: ProviderRegistry
  readonly log: Logger
}

/** Template versions and their channels. */
export function templateRoutes(app: FastifyInstance, deps: TemplateRoutesDependencies): void {
  const { templates, authority, queries, providers, log } = deps
  const view = (record: TemplateRecord) => toTemplate(record, templates.channelsOf(record))

  endpoint(app, 'templates.list', api.templates.list, ({ query, caller }) => {
    const { limit = 100, cursor, name } = query
    const { items, nextCursor } = templates.list({ limit, cursor, name, seenBy: caller.user })
    return { items: items.map(view), nextCursor }
  })

  endpoint(app, 'templates.get', api.templates.get, ({ params }) => view(templates.resolve(params.ref)))

  endpoint(app, 'templates.delete', api.templates.delete, async ({ params, caller, reply }) => {
    const template = templates.resolve(params.ref)
    const users = queries.usersOf(template.name, template.version).map((user) => {
      if (!authority.sees(user, caller.user)) return 'one of others'
      return user.desired === 'deleted' ? `${user.name} (in the trash)` : user.name
    })
    templates.delete(template, users, caller.actor)
    // Should control die before this, its next start deletes the files.
    await providers
      .get(template.provider)
      .deleteSnapshot(template.key)
      .catch((error: unknown) => log.error({ err: error, template: template.ref }, `the files of ${template.ref} could not be deleted yet`))
    return reply.code(204).send()
  })

  endpoint(app, 'channels.list', api.channels.list, ({ params }) => ({ items: templates.channels(params.name), nextCursor: null }))

  endpoint(app, 'channels.set', api.channels.set, ({ params, body, caller }) => {
    authority.templateName(params.name, caller.user, 'editor')
    authority.template(`${params.name}@${body.version}`, caller.user, 'editor')
    return templates.setChannel(params.name, params.channel, body.version, caller.actor)
  })

  endpoint(app, 'channels.delete', api.channels.delete, ({ params, caller, reply }) => {
    templates.deleteChannel(params.name, params.channel, caller.actor)
    return reply.code(204).send()
  })
}
