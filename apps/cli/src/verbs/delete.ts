import type { Environment } from '@standin/client'
import type { LiveEnvironment, StandinClient } from '@standin/client/connect'
import { StandinError } from '@standin/client/errors'
import { confirm } from '../confirm.ts'
import type { Context } from '../context.ts'
import { formatAge } from '../duration.ts'
import { formatInstant, nameOf, templateOf } from '../environment-text.ts'
import { changeAll, defaultTimeoutMs, lookUp, type TransitionOptions } from '../transition.ts'
import { dryRunOption, noWaitOption, reasonOption, timeoutOption, type Verb, yesOption } from '../verb.ts'

interface Options extends TransitionOptions {
  readonly purge?: boolean
  readonly yes?: boolean
}

export const deleteVerb: Verb<readonly [string[]], Options> = {
  description:
    'Asks first. The data stays in the trash for a while, so `standin undelete` can bring it back; with --purge it is deleted at\n' +
    'once, and from the trash too.',
  arguments: [{ name: '<env...>', description: 'names or configIds', completes: 'environment' }],
  options: [
    { flags: '--purge', description: 'delete the data at once; nothing can be undone' },
    yesOption,
    reasonOption,
    noWaitOption,
    timeoutOption,
    dryRunOption,
  ],
  examples: [
    ['standin delete alice', 'asks, then moves it to the trash'],
    ['standin delete 1001 1002 --yes', 'for a script'],
    ['standin delete alice --purge', 'for good'],
  ],
  async run(context, [refs], options) {
    const environments = await lookUp(context, refs)
    if (!options.dryRun) await askFor(context, environments, options)
    const purge = options.purge ?? false
    await changeAll(
      context,
      environments,
      {
        verb: purge ? 'purge' : 'delete',
        underway: purge ? 'being deleted for good' : 'being deleted',
        done: purge ? 'gone for good' : 'deleted',
        isDone: ({ state, desired }) => !purge && state === 'deleted' && desired === 'deleted',
        act: (environment, how) => environment.delete({ ...how, purge }),
        waitFor: (client, environment, { timeout = defaultTimeoutMs }) =>
          purge
            ? awaitPurged(client, environment, timeout, context.signal)
            : environment.waitUntil('deleted', { timeout, signal: context.signal }).then(() => undefined),
      },
      options,
    )
    if (!purge && !options.dryRun) context.messages.info(`${undeleting(environments)}.`)
  },
}

async function askFor(context: Context, environments: readonly Environment[], { purge, yes }: Options): Promise<void> {
  if (yes) return
  const { trashMs } = await (await context.connect()).discover({ signal: context.signal })
  const until = purge
    ? 'Their data is deleted at once. Nothing brings it back.'
    : `Until ${formatInstant(Date.now() + trashMs)}, ${undeleting(environments)}.`
  const lines = environments.map((environment) => {
    const age = formatAge(Date.now() - Date.parse(environment.createdAt))
    return `  ${nameOf(environment)}, ${templateOf(environment)}, ${environment.state}, made ${age} ago by ${environment.owner}`
  })
  await confirm(context, [...lines, until], purge ? 'Delete for good?' : 'Delete?', yes)
}

function undeleting(environments: readonly Environment[]): string {
  const pronoun = environments.length === 1 ? 'it' : 'them'
  return `\`standin undelete ${environments.map(({ id }) => id).join(' ')}\` brings ${pronoun} back`
}

/** The trash is not the end here: wait until nobody knows it any more. */
async function awaitPurged(client: StandinClient, environment: LiveEnvironment, timeout: number, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.timeout(timeout)
  const either = AbortSignal.any([signal, deadline])
  for await (const event of client.events.follow({
    environment: environment.id,
    after: Math.max(0, environment.revision - 1),
    signal: either,
  })) {
    if (event.type !== 'environment.purged') continue
    environment.markDeleted()
    return
  }
  signal.throwIfAborted()
  throw new StandinError('timeout', `${nameOf(environment)} is still being deleted after ${formatAge(timeout)}.`, {
    hint: `It goes on. \`standin show ${environment.id}\` tells how far it is.`,
  })
}
