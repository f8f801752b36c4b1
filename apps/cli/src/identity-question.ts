import { setTimeout as pause } from 'node:timers/promises'
import type { Problem } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import { askPlugin } from './ask-plugin.ts'
import type { Context } from './context.ts'
import { parseCount } from './verb.ts'

/** A directory that the plugin identity asks. */
export interface IdentitySource {
  readonly id: string
  readonly kind: 'ldap' | 'okta'
  readonly schedule: string
  readonly timeZone: string
  readonly dryRun: boolean
  /** Attributes that are given out as CSV. */
  readonly export: readonly string[]
}

/** What the plugin was asked for, and how far it is. */
interface AskedRun {
  readonly number: number
  readonly source: string
  readonly kind: 'plan' | 'run'
  readonly state: 'running' | 'done' | 'failed'
  readonly lines: readonly string[]
  readonly error: Problem | null
}

const firstPauseMs = 25
const longestPauseMs = 1_000

/** Have a source read and its plan made, or followed, and wait for the end. @throws StandinError why it failed */
export async function follow(context: Context, source: string, kind: 'plan' | 'run', most: number | string | undefined): Promise<AskedRun> {
  const path = sourcePath(source)
  let run = await askPlugin<AskedRun>(context, 'identity', `${path}/${kind}`, { method: 'POST', body: most === undefined ? {} : { most } })
  for (let wait = firstPauseMs; run.state === 'running'; wait = Math.min(2 * wait, longestPauseMs)) {
    await pause(wait, undefined, { signal: context.signal })
    run = await askPlugin<AskedRun>(context, 'identity', `${path}/asked/${run.number}`)
  }
  if (run.error !== null) throw StandinError.fromProblem(run.error)
  return run
}

/** @throws StandinError `invalid` */
export function sourcePath(source: string): `/${string}` {
  if (/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(source)) return `/sources/${source}`
  throw new StandinError('invalid', `'${source}' is not the id of a source.`, { hint: '`standin identity list` shows them.' })
}

/** `10`, `5%`. */
export function parseMost(text: string): number | string {
  return /^(100|\d{1,2})%$/.test(text) ? text : parseCount(0)(text)
}
