import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StandinError } from '@standin/client/errors'
import { type ConfigFile, readConfigFile } from './config-file.ts'
import { findConfigFile, findHome } from './home.ts'
import { isAlive, readControlFile, readRunningFile } from './running-file.ts'

export interface ConnectionFlags {
  readonly url?: string | undefined
  readonly tokenFile?: string | undefined
  readonly home?: string | undefined
}

export interface Connection {
  readonly url: string
  readonly token: string
}

interface Platform {
  readonly url: string
  readonly tokenFile: string
}

/**
 * Where the control plane is and with which token: flag > environment > file > the platform that runs for this home.
 * A token that belongs to one address is not sent to another: the file's goes to the file's address, the running
 * platform's to its own.
 */
export async function findConnection(flags: ConnectionFlags, env: NodeJS.ProcessEnv): Promise<Connection> {
  const file = await readConfigFile(findConfigFile(env))
  const home = findHome(flags.home, env)
  const given = flags.url ?? env.STANDIN_URL
  // Naming a home on the command line asks for the platform that runs there.
  const fromFile = flags.home === undefined ? file.url : undefined
  const platform =
    given === undefined && fromFile === undefined ? await runningPlatform(home) : await runningPlatform(home).catch(() => null)
  const url = checkUrl(given ?? fromFile ?? platform?.url ?? '')
  const token = await findToken(url, flags, env, file, platform)
  return { url, token }
}

async function findToken(
  url: string,
  flags: ConnectionFlags,
  env: NodeJS.ProcessEnv,
  file: ConfigFile,
  platform: Platform | null,
): Promise<string> {
  if (flags.tokenFile) return readToken(flags.tokenFile)
  if (env.STANDIN_TOKEN) return env.STANDIN_TOKEN.trim()
  if (file.url !== undefined && checkUrl(file.url) === url) {
    if (file.token) return file.token
    if (file.tokenFile) return readToken(file.tokenFile)
  }
  if (platform && checkUrl(platform.url) === url) return readToken(platform.tokenFile)
  throw new StandinError('unauthenticated', `There is no token for ${url}.`, {
    hint: 'Set STANDIN_TOKEN, or give --token-file. An administrator makes one with `standin token create`.',
  })
}

/** The platform that runs for `home`: what `standin start` wrote, or a control plane that was started on its own. */
async function runningPlatform(home: string): Promise<Platform> {
  const running = await readRunningFile(home)
  if (running && isAlive(running.pid)) return { url: running.api, tokenFile: running.tokenFile }
  const control = await readControlFile(home)
  if (control && isAlive(control.pid)) return { url: control.api, tokenFile: join(home, 'secrets', 'admin.token') }
  await refuseForeign(home)
  throw new StandinError('unreachable', `Standin does not run for ${home}.`, {
    hint: 'Start it with `standin start`, or say where it runs with --url or STANDIN_URL.',
  })
}

/** Another user's home looks as if nothing ran there. */
async function refuseForeign(home: string): Promise<void> {
  try {
    await readdir(join(home, 'run'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') return
    throw new StandinError('unreachable', `${home} can not be read: permission denied.`, {
      hint: 'It belongs to another user: set STANDIN_URL and STANDIN_TOKEN, or name a home of your own with --home.',
      cause: error,
    })
  }
}

function checkUrl(text: string): string {
  const url = URL.parse(text)
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new StandinError('invalid', `'${text}' is not the address of a control plane.`, { hint: 'Write it as http://127.0.0.1:7077.' })
  }
  return url.href.replace(/\/(v1\/?)?$/, '')
}

async function readToken(path: string): Promise<string> {
  try {
    const token = (await readFile(path, 'utf8')).trim()
    if (token === '') throw new Error('it is empty')
    return token
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new StandinError(
      'unauthenticated',
      `The token file ${path} can not be read: ${code === 'ENOENT' ? 'there is no such file' : message}.`,
      {
        hint: 'Name a readable file with --token-file, or set STANDIN_TOKEN.',
        cause: error,
      },
    )
  }
}
