import type { Environment, Event, LogLine } from '@standin/client'
import type { LiveEnvironment, StandinClient } from '@standin/client/connect'
import { type ErrorCode, errorTable, StandinError } from '@standin/client/errors'
import type { Context } from './context.ts'
import { nameOf } from './environment-text.ts'
import type { Progress } from './progress.ts'

const failureLines = 12

/**
 * Wait until an environment that was just created or started runs, showing each step on the way.
 * @param after the sequence number from which its events are new
 * @throws StandinError that says why it does not run, with the last lines of the host's log, and what to do
 */
export async function awaitRunning(
  context: Context,
  client: StandinClient,
  environment: LiveEnvironment,
  after: number,
  progress: Progress,
  timeout: number | undefined,
): Promise<void> {
  const following = new AbortController()
  const { shown, caughtUp } = followProgress(client, environment, after, progress, following.signal)
  try {
    await environment.waitUntil('running', { signal: context.signal, timeout })
    await caughtUp(environment.revision)
  } catch (error) {
    await caughtUp(environment.revision)
    throw await explain(error, environment, context.signal)
  } finally {
    following.abort()
    await shown
  }
}

/** Waiting has its own stream, so what is shown is followed from the start: not a step is missed. */
function followProgress(client: StandinClient, environment: Environment, after: number, progress: Progress, signal: AbortSignal) {
  let seen = after
  let wake = () => {}
  const shown = (async () => {
    try {
      for await (const event of client.events.follow({ environment: environment.id, after, signal })) {
        showStep(event, environment, progress)
        seen = event.seq
        wake()
      }
    } catch {
      // What matters is the wait; it reports.
    }
  })()
  const caughtUp = async (revision: number) => {
    const deadline = AbortSignal.timeout(1000)
    while (seen < revision && !deadline.aborted) {
      await new Promise<void>((resolve) => {
        wake = resolve
        deadline.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }
  return { shown, caughtUp }
}

function showStep(event: Event, environment: Environment, progress: Progress): void {
  if (event.type !== 'environment.progress') return
  const { step, host, status, durationMs, message } = event.data as {
    step: string
    host: string | null
    status: 'started' | 'done' | 'failed'
    durationMs: number | null
    message: string | null
  }
  const text = `${environment.name}: ${[host, step].filter(Boolean).join(' ')}`
  progress.update({ key: `${environment.id}/${host}/${step}`, text, status, durationMs, message })
}

async function explain(error: unknown, environment: LiveEnvironment, signal: AbortSignal): Promise<unknown> {
  if (!(error instanceof StandinError) || error.code !== 'state_unreachable') return error
  if (!environment.isFailed()) return error
  const { reason, id } = environment
  const code: ErrorCode = reason.code !== null && reason.code in errorTable ? (reason.code as ErrorCode) : 'state_unreachable'
  const host = failedHost(environment)
  const lines = await lastLines(environment, host, signal)
  const told = lines.filter((line) => !reason.message.includes(line.line))
  const tail = told.length === 0 ? '' : `\n${told.map(({ instance, line }) => `  ${instance} | ${line}`).join('\n')}`
  return new StandinError(code, `${nameOf(environment)} failed: ${reason.message}${tail}`, {
    hint: `\`standin logs ${id}${host ? ` ${host}` : ''}\` shows all, \`standin resume ${id}\` tries again, \`standin delete ${id}\` removes it.`,
    cause: error,
  })
}

function failedHost({ hosts, reason }: Environment): string | undefined {
  const failed = hosts.find(({ instances }) => instances.some(({ state }) => state === 'failed' || state === 'unhealthy'))
  return (failed ?? hosts.find(({ name }) => new RegExp(`\\b${name}(-\\d+)?\\b`).test(reason.message)))?.name
}

/** Without a host nobody knows whose lines would help. */
async function lastLines(environment: LiveEnvironment, host: string | undefined, signal: AbortSignal): Promise<LogLine[]> {
  if (host === undefined) return []
  const lines: LogLine[] = []
  try {
    for await (const line of environment.logs({ host, tail: failureLines, signal })) lines.push(line)
  } catch {
    // The log is an extra: the reason stands without it.
  }
  return lines
}
