import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Problem } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import { mainOf, type ReadyLine } from './app.ts'
import { inOwnWords } from './own-words.ts'

type ForegroundApp = 'gateway' | 'dns' | 'plugin'

export interface ForegroundProcess {
  /** Where it listens: `{http: "http://127.0.0.1:8080"}`. */
  readonly ready: ReadyLine
  /** Rejects when it ends without having been told to. */
  readonly ended: Promise<never>
  /** SIGHUP. */
  reload(): void
  /** Tells it to stop and waits until what is under way has ended, as long as its `--drain` allows. */
  stop(): Promise<void>
}

/**
 * Runs an app in the foreground, without a platform. In a process group of its own, so that Ctrl-C is told to it once; it stops by itself
 * when this process is gone, however it went.
 * @param logFile null: standard error
 * @throws StandinError what it says of itself (`invalid`, `port_taken`)
 */
export async function startInForeground(options: {
  readonly app: ForegroundApp
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly logFile: string | null
}): Promise<ForegroundProcess> {
  const log = options.logFile === null ? null : openLog(options.logFile)
  const preload = new URL('./exit-with-parent.ts', import.meta.url).href
  const child = spawn(process.execPath, ['--import', preload, entryOf(options.app), ...options.args], {
    stdio: ['pipe', 'pipe', log ?? 'inherit'],
    env: options.env,
    detached: true,
  })
  if (log !== null) closeSync(log)
  child.stdin?.on('error', () => {})
  const exited = once(child, 'exit')
  const ready = await new Promise<ReadyLine>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => reject(endedBy(options.app, code, signal)))
    createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).on('line', (line) => {
      const answer = JSON.parse(line) as Record<string, unknown>
      if ('error' in answer)
        reject(inOwnWords(StandinError.fromProblem(answer.error as Problem), options.app === 'plugin' ? 'plugin run' : options.app))
      else resolve(answer as ReadyLine)
    })
  })
  let isStopping = false
  const ended = new Promise<never>((_, reject) => {
    void exited.then(([code, signal]) => {
      if (!isStopping) reject(endedBy(options.app, code as number | null, signal as NodeJS.Signals | null))
    })
  })
  // Nobody may be waiting for it yet.
  ended.catch(() => {})
  return {
    ready,
    ended,
    reload: () => void child.kill('SIGHUP'),
    stop: async () => {
      isStopping = true
      child.kill('SIGTERM')
      await exited
    },
  }
}

/** A plugin is run by control's code: that knows how. */
function entryOf(app: ForegroundApp): string {
  return app === 'plugin' ? fileURLToPath(new URL('../../../control/src/run-plugin.ts', import.meta.url)) : mainOf(app)
}

function openLog(file: string): number {
  try {
    return openSync(file, 'a', 0o600)
  } catch (error) {
    throw new StandinError('invalid', `--log ${file} can not be written: ${(error as Error).message}`, {
      hint: 'Name a file in a folder that exists and that you may write to.',
      cause: error,
    })
  }
}

const endedBy = (app: ForegroundApp, code: number | null, signal: NodeJS.Signals | null) =>
  new StandinError('internal', `The ${app === 'dns' ? 'resolver' : app} ended (${signal ?? `exit code ${code}`}).`, {
    hint: 'Its log tells why.',
  })
