import { StandinError } from '@standin/client/errors'
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
