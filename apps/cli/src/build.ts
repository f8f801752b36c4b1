import { createWriteStream, openAsBlob } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Build, CreateBuildQuery, Event, Template } from '@standin/client'
import type { StandinClient } from '@standin/client/connect'
import { type ErrorCode, errorTable, StandinError } from '@standin/client/errors'
import type { Context } from './context.ts'
import { Ending } from './ending.ts'
import type { Progress, StepStatus } from './progress.ts'

/** Packed into a file first: then it can be sent again where the connection breaks, however large it is. */
export async function upload(
  client: StandinClient,
  archive: Readable,
  query: { readonly [K in keyof CreateBuildQuery]: CreateBuildQuery[K] | undefined },
  signal: AbortSignal,
): Promise<{ build: Build; bytes: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'standin-upload-'))
  try {
    const path = join(directory, 'blueprint.tar.gz')
    await pipeline(archive, createWriteStream(path, { mode: 0o600 }), { signal })
    const blob = await openAsBlob(path)
    return { build: await client.builds.create(blob, query, { signal }), bytes: blob.size }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/**
 * Follow a build until it ends, showing each phase and step with its time.
 * @throws StandinError with the code that the build failed with; the end of waiting says that the build goes on
 */
export async function awaitBuild(
  context: Context,
  client: StandinClient,
  { id }: Build,
  progress: Progress,
  timeout: number | undefined,
): Promise<Template> {
  const deadline = timeout === undefined ? undefined : AbortSignal.timeout(timeout)
  const signal = deadline ? AbortSignal.any([context.signal, deadline]) : context.signal
  for await (const event of client.events.follow({ build: id, signal })) {
    showStep(event, progress)
    if (event.type === 'build.finished') break
  }
  const goesOn = `Build ${id} goes on. \`standin events -f\` follows it, \`standin template list\` shows what came of it.`
  if (context.signal.aborted) throw new Ending((context.signal.reason as Ending).kind, goesOn)
  if (deadline?.aborted) throw new StandinError('timeout', `Build ${id} took longer than --timeout.`, { hint: goesOn })
  const build = await client.builds.get(id, { signal })
  if (build.template === null) throw failureOf(build)
  return client.templates.get(build.template, { signal })
}

function showStep({ type, data }: Event, progress: Progress): void {
  const { phase, host, step, status, durationMs, message } = data as {
    phase?: string | null
    host?: string | null
    step?: string | null
    status?: StepStatus
    durationMs?: number | null
    message?: string | null
  }
  if (status === undefined || (type !== 'build.phase' && type !== 'build.progress')) return
  const isPhase = type === 'build.phase'
  progress.update({
    key: isPhase ? `${phase}` : `${phase}/${host}/${step}`,
    text: isPhase ? `${phase}` : [host, step].filter(Boolean).join(': '),
    status,
    durationMs: durationMs ?? null,
    message: message ?? null,
    indent: isPhase ? 0 : 1,
  })
}

function failureOf({ id, error, environment, name }: Build): StandinError {
  if (error === null) return new StandinError('internal', `Build ${id} of ${name} ended without a template and without a reason.`)
  const code: ErrorCode = error.code in errorTable ? (error.code as ErrorCode) : 'phase_failed'
  const kept =
    environment === null ? '' : ` \`standin show ${environment}\` and \`standin exec ${environment} HOST\` look at what was kept.`
  return new StandinError(code, error.detail, { hint: `${error.hint}${kept}` })
}
