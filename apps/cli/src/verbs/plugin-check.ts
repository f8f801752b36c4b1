import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Problem } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import { findHome } from '../home.ts'
import type { Verb } from '../verb.ts'

interface Checked {
  readonly file: string
  readonly items: readonly { readonly id: string; readonly use: string; readonly valid: boolean; readonly summary: string | null }[]
  readonly faults: NonNullable<Problem['errors']>
}

/** Control knows the plugins; it is asked as a process of its own, as everywhere. */
const checker = fileURLToPath(new URL('../../../control/src/check-plugins.ts', import.meta.url))

/** What the checker said before it ended itself, because of a plugin that never returns. */
function lastWords(cause: Error & { readonly stdout?: string }): { readonly stdout: string } {
  if (cause.stdout === undefined || cause.stdout === '') throw cause
  return { stdout: cause.stdout }
}

export const pluginCheck: Verb<readonly [string | undefined]> = {
  description:
    'Tells every fault of every plugin at once, with line and column. Needs no platform; the plugins are set up, and not started.',
  arguments: [{ name: '[file]', description: 'default: standin.config.yaml here, else the one in STANDIN_HOME', completes: 'path' }],
  examples: [
    ['standin plugin check', 'before the platform is started'],
    ['standin plugin check deploy/standin.config.yaml', 'another file'],
  ],
  async run(context, [given]) {
    const { output, env, flags } = context
    const inHome = join(findHome(flags.home, env), 'standin.config.yaml')
    const here = resolve('standin.config.yaml')
    const file = given === undefined ? (existsSync(here) ? here : inHome) : resolve(given)
    const { stdout } = await promisify(execFile)(process.execPath, [checker, file], { env, timeout: 60_000 }).catch(lastWords)
    const answer = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Checked | { readonly error: Problem }
    if ('error' in answer) throw StandinError.fromProblem(answer.error)
    const { items, faults } = answer
    if (faults.length > 0) {
      const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`
      throw new StandinError('invalid', `${file} has ${count}.`, { errors: faults, hint: 'Mend what is listed, then look again.' })
    }
    await output.list(items, [
      { title: 'PLUGIN', value: ({ id }) => id },
      { title: 'USE', value: ({ use }) => use },
      { title: 'SUMMARY', value: ({ summary }) => summary ?? '' },
    ])
  },
}
