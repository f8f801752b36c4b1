import { definePlugin } from '@standin/core'
import { GroupRoles } from './group-roles.ts'
import { IdentityConfig } from './identity-config.ts'
import { pullSources } from './pull.ts'
import { scimRoutes } from './scim/scim-routes.ts'
import { UserRecords } from './scim/user-records.ts'
import { checkFiles } from './sources/check-files.ts'

/** Users and groups follow the company directory: it pushes them, or is asked. */
export const identityPlugin = definePlugin({
  id: 'identity',
  summary: 'Keeps users, groups and their roles in step with directories',
  config: IdentityConfig,
  scope: 'admin',
  setup(context, config) {
    const pull = pullSources(context, config.sources)
    const roles = new GroupRoles(context, config.roles)
    const records = new UserRecords(context.store, () => context.clock.now())
    return {
      schedules: pull.schedules,
      check: () => checkFiles(config.sources),
      start: async (signal) => {
        await pull.start(signal)
        await roles.start()
      },
      eventTypes: ['group.created', 'group.changed', 'user.deleted'],
      onEvent: async (event) => {
        // Of who is deleted, also by hand, nothing is kept.
        if (event.type === 'user.deleted') await records.delete(String(event.data.id))
        else await roles.onEvent(event)
      },
      routes: async (app) => {
        await app.register(pull.routes)
        if (config.scim === undefined) return
        await app.register(scimRoutes({ ...config.scim, client: context.client, records, log: context.log }))
      },
    }
  },
})
