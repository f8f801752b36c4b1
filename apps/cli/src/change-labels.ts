import type { LiveEnvironment } from '@standin/client/connect'
import { StandinError } from '@standin/client/errors'
import type { Context } from './context.ts'
import { nameOf } from './environment-text.ts'
import { lookUp } from './transition.ts'

interface LabelChange {
  /** What to set, or with null to take away. The others stay. */
  readonly labels: Readonly<Record<string, string | null>>
  /** `pinned`, said of each. */
  readonly done: string
}

/** Change labels of each, and say what was done. */
export async function changeLabels(
  context: Context,
  refs: readonly string[],
  change: (environment: LiveEnvironment) => LabelChange,
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

/** Plugins write labels, too, and so do others: what they write meanwhile stays. @returns what was done */
async function write(
  environment: LiveEnvironment,
  change: (environment: LiveEnvironment) => LabelChange,
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
