import { type ErrorCode, type phaseNames, StandinError, type Step } from '@standin/client'
import type { Observed, ProviderHandle, RunResult } from '@standin/core'

export type PhaseName = (typeof phaseNames)[number]

/** Lines of output that a failure quotes. */
const quotedLines = 20

/** `ended with exit code 3` */
export function describeEnding(result: RunResult, timeoutMs: number): string {
  if (result.timedOut) return `did not end within ${timeoutMs >= 1000 ? `${timeoutMs / 1000} s` : `${timeoutMs} ms`}`
  return result.signal === null ? `ended with exit code ${result.exitCode}` : `was ended by ${result.signal}`
}

export function stepFailure(step: Step, result: RunResult): StandinError {
  const tail = result.tail.length === 0 ? 'It printed nothing.' : `Its last lines:\n${result.tail.join('\n')}`
  return new StandinError('phase_failed', `step "${step.name}" on host ${step.host} ${describeEnding(result, step.timeoutMs)}. ${tail}`)
}

/** Codes that say more than that a phase failed. */
const telling = new Set<ErrorCode>([
  'fixture_invalid',
  'check_failed',
  'health_timeout',
  'host_failed',
  'disk_full',
  'interrupted',
  'blueprint_invalid',
  'unsupported',
  'too_large',
  'provider_failed',
])

/** What failed a build: the phase first, then what happened to which host, then the last lines of the hosts that are not well. */
export async function phaseFailure(phase: PhaseName, error: unknown, provider: ProviderHandle, id: number | null): Promise<StandinError> {
  const code = error instanceof StandinError && telling.has(error.code) ? error.code : 'phase_failed'
  const message = error instanceof Error ? error.message : String(error)
  const asksHosts = code === 'health_timeout' || code === 'host_failed' || code === 'provider_failed'
  const logs = asksHosts && id !== null ? await lastLines(provider, id) : ''
  const errors = error instanceof StandinError && error.errors !== undefined ? { errors: error.errors } : {}
  return new StandinError(code, `phase ${phase}: ${message}${logs}`, {
    ...errors,
    ...(error instanceof StandinError && error.hint !== undefined ? { hint: error.hint } : {}),
    cause: error,
  })
}

async function lastLines(provider: ProviderHandle, id: number): Promise<string> {
  try {
    const unwell = unwellHosts(await provider.observe(id))
    const parts: string[] = []
    for (const host of unwell.slice(0, 3)) {
      const lines: string[] = []
      for await (const { instance, line } of provider.logs(id, { host, tail: quotedLines })) lines.push(`${instance} | ${line}`)
      parts.push(
        lines.length === 0 ? `\nHost ${host} printed nothing.` : `\nLast lines of host ${host}:\n${lines.slice(-quotedLines).join('\n')}`,
      )
    }
    return parts.join('')
  } catch {
    // The failure itself matters more.
    return ''
  }
}

function unwellHosts({ instances }: Observed): string[] {
  const unwell = instances.filter(
    ({ state, health, exitCode }) =>
      state === 'failed' ||
      state === 'unhealthy' ||
      state === 'starting' ||
      health === 'unhealthy' ||
      (state === 'exited' && exitCode !== 0),
  )
  return [...new Set(unwell.map(({ host }) => host))]
}
