import { type Step as StackStep, StandinError } from '@standin/client'
import type { ProviderHandle } from '@standin/core'
import type { EnvironmentRecord } from '../store/environment-record.ts'
import type { Environments } from '../store/environments.ts'

export interface LaunchContext {
  readonly environments: Environments
  readonly provider: ProviderHandle
  readonly actor: string
  readonly now: () => number
}

/**
 * Run a clone's next launch step, with the hosts up that it needs, and remember that it is done.
 * @throws StandinError `launch_failed` with the last lines that it printed
 */
export async function runLaunchStep(
  record: EnvironmentRecord,
  step: StackStep,
  signal: AbortSignal,
  context: LaunchContext,
): Promise<void> {
  const { environments, provider, actor, now } = context
  const { id } = record
  const began = now()
  const progress = (status: 'started' | 'done' | 'failed', message: string | null) =>
    environments.progress(
      id,
      { step: `launch ${step.name}`, host: step.host, status, durationMs: status === 'started' ? null : now() - began, message },
      actor,
    )
  progress('started', null)
  if (step.needs.length > 0) {
    await provider.start(id, { hosts: step.needs, signal, onProgress: (each) => environments.progress(id, each, actor) })
  }
  signal.throwIfAborted()
  const result = await provider.run(id, { step, signal })
  signal.throwIfAborted()
  if (result.exitCode === 0) {
    environments.markLaunched(id, record.launched + 1)
    progress('done', null)
    return
  }
  const ending = result.timedOut
    ? `did not end within ${step.timeoutMs} ms`
    : result.signal === null
      ? `ended with exit code ${result.exitCode}`
      : `was ended by ${result.signal}`
  const tail = result.tail.length === 0 ? 'It printed nothing.' : `Its last lines:\n${result.tail.join('\n')}`
  progress('failed', ending)
  throw new StandinError('launch_failed', `launch step ${step.name} on host ${step.host} ${ending}. ${tail}`, {
    hint: 'Mend the step in the blueprint, or `standin start` it to run the step again',
  })
}
