import { definePlugin } from '@standin/core'
import { GroupRoles } from './group-roles.ts'
import { IdentityConfig } from './identity-config.ts'
import { pullSources } from './pull.ts'
import { scimRoutes } from './scim/scim-routes.ts'

/** Users and groups follow the company directory: it pushes them, or is asked. */
export const identityPlugin = definePlugin({
  id: 'identity',
  summary: 'Keeps users, groups and their roles in step with directories',
  config: IdentityConfig,
  scope: 'admin',
  setup(context, config) {
    const pull = pullSources(context, config.sources)
    const roles = new GroupRoles(context, config.roles)
    return {
      schedules: pull.schedules,
      start: async () => {
        await pull.start()
        await roles.start()
      },
      eventTypes: ['group.created', 'group.changed'],
      onEvent: (event) => roles.onEvent(event),
      routes: async (app) => {
        await app.register(pull.routes)
        if (config.scim === undefined) return
        await app.register(scimRoutes({ ...config.scim, client: context.client, store: context.store, log: context.log }))
      },
    }
  },
})
