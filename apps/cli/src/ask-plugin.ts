import { StandinError } from '@standin/client/errors'
import type { Context } from './context.ts'

/** Those that have verbs; each has a guide of its name. */
type AskedPlugin = 'classroom' | 'identity' | 'usage'

interface QuestionOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly body?: unknown
}

/** @throws StandinError what the plugin refuses with; `plugin_not_found` where there is none */
export async function askPlugin<T>(context: Context, id: AskedPlugin, path: `/${string}`, options: QuestionOptions = {}): Promise<T> {
  try {
    return await (await context.connect()).plugins.ask<T>(id, path, { ...options, signal: context.signal })
  } catch (error) {
    if (!(error instanceof StandinError && error.code === 'plugin_not_found')) throw error
    throw new StandinError('plugin_not_found', `No plugin ${id} runs in this control plane.`, {
      hint: `Name it in standin.config.yaml; docs/guide/${id}.md says how.`,
      cause: error,
    })
  }
}
