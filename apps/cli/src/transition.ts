import type { Environment, EnvironmentState } from '@standin/client'
import type { LiveEnvironment, StandinClient } from '@standin/client/connect'
import type { Context } from './context.ts'
import { formatElapsed } from './duration.ts'
import { nameOf } from './environment-text.ts'

export interface TransitionOptions {
  readonly timeout?: number
  /** False with `--no-wait`. */
  readonly wait?: boolean
  readonly dryRun?: boolean
  readonly reason?: string
}

export interface Transition {
  /** `suspend`, for what would be done. */
  readonly verb: string
  /** `being suspended`, for what was begun and is not waited for. */
  readonly underway: string
  /** `suspended`, for what was done. */
  readonly done: string
  /** It need not be changed in these states. */
  readonly isDone: (environment: Environment) => boolean
  act(environment: LiveEnvironment, options: { reason?: string | undefined; signal: AbortSignal }): Promise<unknown>
  /** What to wait for. */
  readonly goal?: readonly EnvironmentState[]
  waitFor?(client: StandinClient, environment: LiveEnvironment, options: TransitionOptions): Promise<void>
}

export const defaultTimeoutMs = 300_000

/** Look all of them up first: a name that is wrong is found before anything was changed. Who is named twice is there once. */
export async function lookUp(context: Context, refs: readonly string[]): Promise<LiveEnvironment[]> {
  const client = await context.connect()
  return once(await Promise.all(refs.map((ref) => client.environments.get(ref, { signal: context.signal }))))
}

/** Each environment once, however often it was named. */
export function once(environments: readonly LiveEnvironment[]): LiveEnvironment[] {
  return [...new Map(environments.map((environment) => [environment.id, environment])).values()]
}

/** The same change for each of the environments, at once. Prints one environment, or an array of several. */
export async function changeAll(
  context: Context,
  environments: readonly LiveEnvironment[],
  transition: Transition,
  options: TransitionOptions,
): Promise<void> {
  const { messages, output } = context
  if (options.dryRun) {
    for (const environment of environments) messages.info(`Would ${transition.verb} ${nameOf(environment)}, which is ${environment.state}.`)
  } else {
    // Each comes to its end, so that what is said of one is not lost to another's failure.
    const results = await Promise.allSettled(environments.map((environment) => changeOne(context, environment, transition, options)))
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
    for (const failure of failures.slice(1)) messages.error(failure instanceof Error ? failure.message : String(failure))
    if (failures.length > 0) throw failures[0]
  }
  if (output.format !== 'table') await output.one(environments.length === 1 ? environments[0] : environments, () => '')
}

async function changeOne(
  context: Context,
  environment: LiveEnvironment,
  transition: Transition,
  options: TransitionOptions,
): Promise<void> {
  const { messages, signal } = context
  if (transition.isDone(environment)) {
    messages.info(`${nameOf(environment)} is ${transition.done} already.`)
    return
  }
  const startedAt = performance.now()
  await transition.act(environment, { reason: options.reason, signal })
  if (options.wait === false) {
    messages.info(`${nameOf(environment)} is ${transition.underway}.`)
    return
  }
  if (transition.waitFor) await transition.waitFor(await context.connect(), environment, options)
  else if (transition.goal) await environment.waitUntil(transition.goal, { signal, timeout: options.timeout ?? defaultTimeoutMs })
  messages.info(`${nameOf(environment)} is ${transition.done}, after ${formatElapsed(performance.now() - startedAt)}.`)
}
