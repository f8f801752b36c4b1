import { definePlugin } from '@standin/core'
import { IdentityConfig } from './identity-config.ts'
import { pullSources } from './pull.ts'

/** Users and groups follow the company directory: it pushes them, or is asked. */
export const identityPlugin = definePlugin({
  id: 'identity',
  summary: 'Keeps users, groups and their roles in step with directories',
  config: IdentityConfig,
  scope: 'admin',
  setup(context, config) {
    const pull = pullSources(context, config.sources)
    return { schedules: pull.schedules, start: () => pull.start() }
  },
})
