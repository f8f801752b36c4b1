import { StandinError } from '@standin/client/errors'
import type { Context } from './context.ts'

/** Ask the plugin usage. @throws StandinError what it refuses with; `plugin_not_found` where there is none */
export async function askUsage<T>(
  context: Context,
  path: `/${string}`,
  options: { readonly method?: 'GET' | 'POST' | 'DELETE'; readonly body?: unknown } = {},
): Promise<T> {
  try {
    return await (await context.connect()).plugins.ask<T>('usage', path, { ...options, signal: context.signal })
  } catch (error) {
    if (!(error instanceof StandinError && error.code === 'plugin_not_found')) throw error
    throw new StandinError('plugin_not_found', 'No plugin usage runs in this control plane.', {
      hint: 'Name it in standin.config.yaml; docs/guide/usage.md says how.',
      cause: error,
    })
  }
}
