import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StandinError } from '@standin/client/errors'

export type AppName = 'gateway' | 'dns' | 'control'

/** `run/standin.json` below the home while `standin start` runs: what it prints, and who it is. */
export interface RunningFile {
  readonly api: string
  readonly http: string
  readonly https?: string
  readonly admin?: string
  readonly dns: string
  readonly dnsAdmin?: string
  readonly tokenFile: string
  readonly pid: number
  readonly children: Readonly<Record<AppName, number | null>>
}

/** `run/control.json`, written by the control plane itself. */
export interface ControlFile {
  readonly api: string
  readonly pid: number
}

export const readRunningFile = (home: string): Promise<RunningFile | null> => readJson<RunningFile>(runningPath(home))
export const readControlFile = (home: string): Promise<ControlFile | null> => readJson<ControlFile>(join(home, 'run', 'control.json'))

/** Whole or not at all: readers never see a half of it. */
export async function writeRunningFile(home: string, running: RunningFile): Promise<void> {
  const path = runningPath(home)
  const draft = `${path}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(running)}\n`, { mode: 0o600 })
  await rename(draft, path)
}

export async function removeRunningFile(home: string): Promise<void> {
  await rm(runningPath(home), { force: true })
}

/** The home and its `run` folder, for nobody else's eyes. @throws StandinError `invalid` where there can't be one */
export async function makeHome(home: string): Promise<void> {
  try {
    await mkdir(join(home, 'run'), { recursive: true, mode: 0o700 })
    await chmod(home, 0o700)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw error
    throw new StandinError('invalid', `The home ${home} can not be made: ${(error as Error).message}`, {
      hint: 'Name a folder of yours with --home, or with STANDIN_HOME.',
      cause: error,
    })
  }
}

/** Another user's process (EPERM) lives, too. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function runningPath(home: string): string {
  return join(home, 'run', 'standin.json')
}

async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T
  } catch {
    return null
  }
}
