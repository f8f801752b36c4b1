import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Problem } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import type { Context } from './context.ts'

/**
 * What control answers, to a file or to standard output; it is never all in memory. A file is there once it is whole.
 * @param path `/v1/plugins/usage/reports/1/content`
 * @throws StandinError what is answered instead; `invalid` where the file can't be written
 */
export async function download(context: Context, path: `/v1/${string}`, file: string | undefined): Promise<void> {
  const { url, token } = await context.findConnection()
  const address = new URL(path.slice(1), url.endsWith('/') ? url : `${url}/`)
  const response = await fetch(address, { headers: { authorization: `Bearer ${token}` }, signal: context.signal })
  if (!response.ok || response.body === null) throw StandinError.fromProblem((await response.json()) as Problem)
  const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0])
  if (file === undefined) return pipeline(body, context.stdout, { end: false })
  const draft = `${file}.${process.pid}.part`
  try {
    await pipeline(body, createWriteStream(draft, { flags: 'wx' }))
    await rename(draft, file)
  } catch (cause) {
    await rm(draft, { force: true })
    context.signal.throwIfAborted()
    throw new StandinError('invalid', `${file} can not be written: ${(cause as Error).message}`, { hint: 'Name another file.', cause })
  }
}
