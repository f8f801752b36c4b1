import type { LiveEnvironment } from '@standin/client/connect'
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
    const { labels, done } = change(environment)
    if (dryRun) {
      messages.info(`${nameOf(environment)} would be ${done}.`)
      continue
    }
    const merged = Object.entries({ ...environment.labels, ...labels })
    await environment.update(
      { labels: Object.fromEntries(merged.filter((pair): pair is [string, string] => pair[1] !== null)) },
      { signal },
    )
    messages.info(`${nameOf(environment)} is ${done}.`)
  }
  if (output.format !== 'table') await output.one(environments.length === 1 ? environments[0] : environments, () => '')
}
