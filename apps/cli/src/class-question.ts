import { StandinError } from '@standin/client/errors'
import type { Context } from './context.ts'
import { formatInstant } from './environment-text.ts'

/** What the plugin classroom answers of a class, without its seats. */
export interface ClassSummary {
  readonly name: string
  readonly template: string
  readonly version: string | null
  readonly phase: 'waiting' | 'preparing' | 'session' | 'over'
  readonly session: { readonly start: string; readonly end: string } | null
  readonly next: { readonly start: string; readonly end: string; readonly prepareAt: string } | null
  readonly count: number
  readonly ready: number
  readonly trouble: string | null
}

/** Ask the plugin classroom. @throws StandinError what it refuses with; `plugin_not_found` where there is none */
export async function askClassroom<T>(
  context: Context,
  path: `/${string}`,
  options: { readonly method?: 'GET' | 'POST'; readonly body?: unknown } = {},
): Promise<T> {
  try {
    return await (await context.connect()).plugins.ask<T>('classroom', path, { ...options, signal: context.signal })
  } catch (error) {
    if (!(error instanceof StandinError && error.code === 'plugin_not_found')) throw error
    throw new StandinError('plugin_not_found', 'No plugin classroom runs in this control plane.', {
      hint: 'Name it in standin.config.yaml; docs/guide/classroom.md says how.',
      cause: error,
    })
  }
}

/** @throws StandinError `invalid` */
export function classPath(name: string): `/${string}` {
  if (/^[a-z]([a-z0-9-]{0,48}[a-z0-9])?$/.test(name)) return `/classes/${name}`
  throw new StandinError('invalid', `'${name}' is not the name of a class.`, { hint: '`standin class list` shows them.' })
}

/** When its phase ends or the next one begins; empty where nothing is to come. */
export function formatPhase({ phase, session, next }: ClassSummary): string {
  if (session !== null) return phase === 'session' ? `until ${formatInstant(session.end)}` : `prepared for ${formatInstant(session.start)}`
  return next === null ? '' : `next ${formatInstant(next.start)}`
}
