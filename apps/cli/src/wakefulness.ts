import type { LiveEnvironment } from '@standin/client/connect'
import { StandinError } from '@standin/client/errors'
import type { suspendLabels } from '@standin/client/suspend-labels'
import type { Context } from './context.ts'
import { nameOf } from './environment-text.ts'
import { lookUp } from './transition.ts'

interface Wakefulness {
  /** What to set, or with null to take away. */
  readonly labels: Readonly<Partial<Record<(typeof suspendLabels)[keyof typeof suspendLabels], string | null>>>
  /** `pinned`, said of each. */
  readonly done: string
}

/** Tell the plugin suspend, wherever it runs, what it may do to these environments: by their labels. */
export async function changeWakefulness(
  context: Context,
  refs: readonly string[],
  change: (environment: LiveEnvironment) => Wakefulness,
  { dryRun = false }: { readonly dryRun?: boolean },
): Promise<void> {
  const { messages, output, signal } = context
  const environments = await lookUp(context, refs)
  for (const environment of environments) {
    const done = dryRun ? change(environment).done : await write(environment, change, signal)
    messages.info(`${nameOf(environment)} ${dryRun ? 'would be' : 'is'} ${done}.`)
  }
  if (output.format !== 'table') await output.one(environments.length === 1 ? environments[0] : environments, () => '')
}

const mostTries = 5

/** The plugin writes labels, too, and so do others: what they write meanwhile stays. @returns what was done */
async function write(
  environment: LiveEnvironment,
  change: (environment: LiveEnvironment) => Wakefulness,
  signal: AbortSignal,
): Promise<string> {
  for (let tries = 1; ; tries++) {
    const { labels, done } = change(environment)
    const merged = Object.entries({ ...environment.labels, ...labels }).filter((pair): pair is [string, string] => pair[1] !== null)
    try {
      await environment.update({ labels: Object.fromEntries(merged) }, { signal, ifRevision: environment.revision })
      return done
    } catch (error) {
      if (tries === mostTries || !(error instanceof StandinError && error.code === 'changed_meanwhile')) throw error
      await environment.refresh({ signal })
    }
  }
}
