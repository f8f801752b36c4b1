import type { Plugin } from '@standin/core'

/**
 * The plugins that come with Standin, by the name that `use` in standin.config.yaml gives them. Each is loaded only where
 * it is used.
 */
export const builtInPlugins: Readonly<Record<string, () => Promise<Plugin>>> = {
  classroom: async () => (await import('./classroom/classroom-plugin.ts')).classroomPlugin as Plugin,
  docs: async () => (await import('./docs/docs-plugin.ts')).docsPlugin as Plugin,
  identity: async () => (await import('./identity/identity-plugin.ts')).identityPlugin as Plugin,
  suspend: async () => (await import('./suspend/suspend-plugin.ts')).suspendPlugin as Plugin,
  webhook: async () => (await import('./webhook/webhook-plugin.ts')).webhookPlugin as Plugin,
  usage: async () => (await import('./usage/usage-plugin.ts')).usagePlugin as Plugin,
}
