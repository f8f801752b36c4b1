import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { StandinError } from '@standin/client/errors'
import { runTool } from '../trust/run-tool.ts'
import { mark, type ResolverSetup } from './resolver-setup.ts'

type SetupOutcome = 'written' | 'removed' | 'unchanged'

export interface SetupChange {
  readonly outcome: SetupOutcome
  /** Where it really is. */
  readonly file: string
  /** The command that made it count; null: none was needed, or the root is not this machine's. */
  readonly ran: string | null
}

/** @param root `/`, or a folder that stands for it: then nothing is run */
export async function installSetup(setup: ResolverSetup, root: string, env: NodeJS.ProcessEnv): Promise<SetupChange> {
  const file = join(root, setup.file)
  const before = await ownContent(file)
  if (before === setup.content) return { outcome: 'unchanged', file, ran: null }
  await asRoot(`write ${file}`, async () => {
    await mkdir(dirname(file), { recursive: true })
    await replaceFile(file, setup.content)
  })
  return { outcome: 'written', file, ran: await makeItCount(setup, root, env) }
}

/** Whole, or not at all: half a file would not be known as ours. What a link points to is nothing to write to as root. */
async function replaceFile(file: string, content: string): Promise<void> {
  // Those who read all files of a folder pass over hidden ones.
  const temporary = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}`)
  try {
    await writeFile(temporary, content, { mode: 0o644, flag: 'wx' })
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** @throws StandinError `forbidden`, `state_conflict` for a file that is not ours */
export async function removeSetup(setup: ResolverSetup, root: string, env: NodeJS.ProcessEnv): Promise<SetupChange> {
  const file = join(root, setup.file)
  if ((await ownContent(file)) === null) return { outcome: 'unchanged', file, ran: null }
  await asRoot(`remove ${file}`, () => rm(file))
  return { outcome: 'removed', file, ran: await makeItCount(setup, root, env) }
}

/** Null: there is none. @throws StandinError `state_conflict` */
async function ownContent(file: string): Promise<string | null> {
  const content = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw new StandinError('invalid', `${file} can not be read: ${error.message}`, {
      hint: 'Run it with sudo, or look at the file.',
      cause: error,
    })
  })
  if (content === null || content.startsWith(mark)) return content
  throw new StandinError('state_conflict', `${file} was not written by Standin.`, {
    hint: 'Move it away if it is of no use any more, and say this again.',
  })
}

async function makeItCount({ reload }: ResolverSetup, root: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  if (reload === null || root !== '/') return null
  const [program, ...args] = reload
  const command = reload.join(' ')
  const { code, complaint } = await runTool(program, args, env)
  if (code === 0) return command
  throw new StandinError(
    'provider_failed',
    `The file is in place, but \`${command}\` failed: ${code === 'missing' ? 'it is not installed' : complaint}`,
    {
      hint: `Run \`${command}\` yourself: the file counts from then on.`,
    },
  )
}

/** @throws StandinError `forbidden` */
async function asRoot(what: string, change: () => Promise<void>): Promise<void> {
  try {
    await change()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'EACCES' && code !== 'EPERM')
      throw new StandinError('invalid', `Can not ${what}: ${message}`, { hint: 'See that the folder is one.', cause: error })
    throw new StandinError('forbidden', `Only root may ${what}.`, {
      hint: 'Say it again with sudo, and with --home "$HOME/.local/state/standin" or where yours is: the home of root is another one.',
      cause: error,
    })
  }
}
