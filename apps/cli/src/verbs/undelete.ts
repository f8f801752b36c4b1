import type { LiveEnvironment } from '@standin/client/connect'
import { StandinError } from '@standin/client/errors'
import type { Context } from '../context.ts'
import { formatInstant, nameOf } from '../environment-text.ts'
import { findHolder, parseEnvironmentName } from '../name.ts'
import { changeAll, once, type TransitionOptions } from '../transition.ts'
import { dryRunOption, noWaitOption, reasonOption, timeoutOption, type Verb } from '../verb.ts'

interface Options extends TransitionOptions {
  readonly name?: string
}

export const undelete: Verb<readonly [string[]], Options> = {
  description:
    'Its data is as it was, and it becomes again what it was wanted to be. `standin list --deleted` shows the trash. Where several of\n' +
    'one name are there, say which by its configId.',
  arguments: [{ name: '<env...>', description: 'names or configIds', completes: 'environment' }],
  options: [
    { flags: '-n, --name <name>', description: 'bring it back under another name', parse: parseEnvironmentName },
    reasonOption,
    noWaitOption,
    timeoutOption,
    dryRunOption,
  ],
  examples: [
    ['standin undelete 1002', 'bring it back'],
    ['standin undelete 1002 --name alice-before', 'its name was given to another meanwhile'],
    ['standin list --deleted', 'what can be brought back, and until when'],
  ],
  async run(context, [refs], options) {
    const { name } = options
    const environments = once(await Promise.all(refs.map((ref) => findInTrash(context, ref, name !== undefined))))
    if (name !== undefined) {
      const [environment, ...others] = environments
      if (others.length > 0) throw new StandinError('invalid', '--name is for one environment, not for several.')
      if (environment) await refuseTaken(context, name, environment)
    }
    await changeAll(
      context,
      environments,
      {
        verb: 'undelete',
        underway: 'being brought back',
        done: 'back',
        isDone: ({ state, desired }) => state !== 'deleted' && state !== 'deleting' && desired !== 'deleted',
        act: async (environment, how) => {
          if (name !== undefined && name !== environment.name) await environment.update({ name }, { signal: how.signal })
          await environment.undelete(how).catch((error: unknown) => {
            throw nameIsTaken(error, environment)
          })
        },
        goal: ['running', 'suspended', 'stopped'],
      },
      options,
    )
  },
}

/**
 * A name may stand for one that lives and for several in the trash; which one is meant is not guessed.
 * @throws StandinError `invalid` when several of the name are in the trash, `name_taken` when another has it now
 */
async function findInTrash(context: Context, ref: string, isRenamed: boolean): Promise<LiveEnvironment> {
  const { signal } = context
  const client = await context.connect()
  const found = await client.environments.get(ref, { signal })
  if (ref === String(found.id)) return found
  const trash: LiveEnvironment[] = []
  for await (const each of client.environments.iterate({ name: ref, deleted: true, limit: 1000 }, { signal })) trash.push(each)
  trash.sort((a, b) => Date.parse(b.stateChangedAt) - Date.parse(a.stateChangedAt))
  const [latest, ...others] = trash
  const errors = trash.map(({ id, stateChangedAt }) => ({ path: String(id), message: `deleted ${formatInstant(stateChangedAt)}` }))
  const isLive = found.desired !== 'deleted'
  if (latest && isLive && !isRenamed) {
    throw new StandinError('name_taken', `The name ${ref} is in use by ${nameOf(found)}; what is in the trash can not have it.`, {
      errors,
      hint: `\`standin undelete ${latest.id} --name NEW\` brings ${others.length === 0 ? 'it' : 'the latest'} back under another name.`,
    })
  }
  if (latest && others.length > 0) {
    throw new StandinError('invalid', `${trash.length} environments named ${ref} are in the trash.`, {
      errors,
      hint: `Say which: \`standin undelete ${latest.id}\`, for the latest.`,
    })
  }
  return latest ?? found
}

/** Before it is renamed: nothing is changed where it could not come back. */
async function refuseTaken(context: Context, name: string, environment: LiveEnvironment): Promise<void> {
  if (environment.desired !== 'deleted') {
    throw new StandinError('state_conflict', `${nameOf(environment)} is not in the trash but ${environment.state}.`, {
      hint: '`standin list --deleted` shows the trash.',
    })
  }
  const holder = await findHolder(await context.connect(), name, context.signal)
  if (holder) throw new StandinError('name_taken', `The name ${name} is in use by ${nameOf(holder)}.`, { hint: 'Choose another name.' })
}

function nameIsTaken(error: unknown, { id }: LiveEnvironment): unknown {
  if (!(error instanceof StandinError) || error.code !== 'name_taken') return error
  return new StandinError('name_taken', error.message, {
    hint: `\`standin undelete ${id} --name NEW\` brings it back under another name.`,
    cause: error,
  })
}
