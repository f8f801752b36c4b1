import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Problem } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import { platformResolverFlag } from '../resolver-flags.ts'
import type { AppName } from '../running-file.ts'
import { Backoff } from './backoff.ts'
import { inOwnWords } from './own-words.ts'

export interface AppSpec {
  readonly name: AppName
  /** Its `main.ts`. */
  readonly main: string
  readonly logFile: string
  readonly env: NodeJS.ProcessEnv
}

/** The line of JSON that an app prints when it is ready. */
export type ReadyLine = Readonly<Record<string, string>>

/**
 * idle → starting → ready → stopping → idle; ready and starting → waiting when it ends by itself, waiting → starting.
 */
type AppState = 'idle' | 'starting' | 'ready' | 'waiting' | 'stopping'

const readyTimeoutMs = 60_000
const stopTimeoutMs = 15_000
const preload = new URL('./exit-with-parent.ts', import.meta.url).href

/** One app of the platform, run as a process of its own and started again when it ends by itself. */
export class App {
  readonly name: AppName
  readonly #spec: AppSpec
  readonly #backoff = new Backoff()
  readonly #onChange: (message: string) => void
  #state: AppState = 'idle'
  #child: ChildProcess | null = null
  #args: readonly string[] = []
  #restart: NodeJS.Timeout | undefined
  #startedAt = 0

  /** @param onChange hears of ends and restarts, a sentence each */
  constructor(spec: AppSpec, onChange: (message: string) => void) {
    this.name = spec.name
    this.#spec = spec
    this.#onChange = onChange
  }

  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  /** Resolves with its ready line. Throws what it says of itself (`port_taken`, …); it is not started again then. */
  async start(args: readonly string[]): Promise<ReadyLine> {
    this.#args = args
    const ready = await this.#spawn()
    this.#state = 'ready'
    return ready
  }

  /** From now on it is started with these arguments: the ports that it got the first time. */
  restartWith(args: readonly string[]): void {
    this.#args = args
  }

  async stop(): Promise<void> {
    this.#state = 'stopping'
    clearTimeout(this.#restart)
    const child = this.#child
    if (child && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
      await exited
      clearTimeout(timer)
    }
    this.#child = null
    this.#state = 'idle'
  }

  async #spawn(): Promise<ReadyLine> {
    this.#state = 'starting'
    this.#startedAt = Date.now()
    const log = openSync(this.#spec.logFile, 'a', 0o600)
    const logStart = fstatSync(log).size
    // A process group of its own: Ctrl-C is for the supervisor, which stops the apps in order.
    const child = spawn(process.execPath, ['--import', preload, this.#spec.main, ...this.#args], {
      stdio: ['pipe', 'pipe', log],
      env: this.#spec.env,
      detached: true,
    })
    closeSync(log)
    this.#child = child
    child.stdin?.on('error', () => {})
    child.once('exit', (code, signal) => this.#ended(child, code, signal))
    return await readReadyLine(this.name, child, this.#spec.logFile, logStart, this.#onChange)
  }

  #ended(child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#child !== child) return
    this.#child = null
    if (this.#state === 'ready') this.#restartLater(`${this.name} ended (${signal ?? `exit code ${code}`})`)
  }

  #restartLater(what: string): void {
    const waitMs = this.#backoff.next(Date.now() - this.#startedAt)
    this.#state = 'waiting'
    this.#onChange(`${what}; it is started again in ${waitMs} ms. Its log: ${this.#spec.logFile}`)
    this.#restart = setTimeout(() => {
      this.#spawn().then(
        () => {
          if (this.#state !== 'starting') return
          // Its last word may be read after its end was noticed.
          if (this.#child === null) return this.#restartLater(`${this.name} ended as soon as it was ready`)
          this.#state = 'ready'
          this.#onChange(`${this.name} is back`)
        },
        async (error: Error) => {
          if (this.#state !== 'starting') return
          this.#child?.kill('SIGKILL')
          this.#restartLater(`${this.name} did not start: ${error.message}`)
        },
      )
    }, waitMs)
  }
}

/** @param onWarning hears of what it says of itself later, right before it is ended for instance */
async function readReadyLine(
  name: AppName,
  child: ChildProcess,
  logFile: string,
  logStart: number,
  onWarning: (message: string) => void,
): Promise<ReadyLine> {
  const { stdout } = child
  if (!stdout) throw new StandinError('internal', `${name} has no standard output.`)
  return await new Promise<ReadyLine>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new StandinError('timeout', `${name} was not ready after ${readyTimeoutMs / 1000} seconds.`, { hint: `Its log: ${logFile}` }))
    }, readyTimeoutMs)
    const lines = createInterface({ input: stdout })
    lines.on('line', (line) => {
      const answer = parseAnswer(line)
      if (!answer) return
      if (typeof answer.warning === 'string') return onWarning(answer.warning)
      clearTimeout(timer)
      if ('error' in answer)
        reject(inOwnWords(StandinError.fromProblem(answer.error as Problem), 'start', name === 'dns' ? platformResolverFlag : undefined))
      else resolve(answer as ReadyLine)
    })
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(new StandinError('internal', `${name} could not be started: ${error.message}.`, { cause: error }))
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      const last = lastLines(logFile, logStart)
      reject(
        new StandinError('internal', `${name} ended (${signal ?? `exit code ${code}`}) before it was ready.${last ? `\n${last}` : ''}`, {
          hint: `Its log: ${logFile}`,
        }),
      )
    })
  })
}

function parseAnswer(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** What it wrote since `from`: at most the last 2,000 bytes, whole lines. */
function lastLines(path: string, from: number): string {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    const start = Math.max(from, size - 2000)
    const buffer = Buffer.alloc(size - start)
    readSync(file, buffer, 0, buffer.length, start)
    return buffer.toString('utf8').trimEnd()
  } finally {
    closeSync(file)
  }
}

/** `apps/<name>/src/main.ts` of this checkout. */
export function mainOf(name: AppName): string {
  return fileURLToPath(new URL(`../../../${name}/src/main.ts`, import.meta.url))
}
