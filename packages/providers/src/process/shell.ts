import { spawn } from 'node:child_process'
import { StandinError } from '@standin/client'

export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a tool of the system to its end; never rejects for its exit code. A missing tool is code 127. */
export function command(words: readonly string[], options: { cwd?: string; signal?: AbortSignal } = {}): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const [program = 'false', ...args] = words
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.signal === undefined ? {} : { signal: options.signal, killSignal: 'SIGKILL' }),
    })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.name === 'AbortError') reject(error)
      else resolve({ code: 127, stdout, stderr: error.message })
    })
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** @throws StandinError where it does not end well: `disk_full` where that is why, else `provider_failed`. */
export async function mustSucceed(
  what: string,
  words: readonly string[],
  options: { cwd?: string; signal?: AbortSignal } = {},
): Promise<string> {
  const { code, stdout, stderr } = await command(words, options)
  if (code === 0) return stdout
  throw fault(what, new Error(stderr.trim().split('\n').slice(-3).join('; ') || `${words[0]} ended with ${code}`))
}

/** A fault of the file system or of a tool as one of ours. */
export function fault(what: string, error: unknown): StandinError {
  if (error instanceof StandinError) return error
  const { code, message = String(error), name } = error as NodeJS.ErrnoException
  if (name === 'AbortError') return new StandinError('interrupted', `${what}: given up`, { cause: error })
  if (code === 'ENOSPC' || code === 'EDQUOT' || /no space left on device|disk quota exceeded/i.test(message))
    return new StandinError('disk_full', `${what}: the disk is full`, {
      hint: 'delete environments or templates, or move STANDIN_HOME',
      cause: error,
    })
  return new StandinError('provider_failed', `${what}: ${message}`, { cause: error })
}

/** One word of a POSIX shell, whatever it holds. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
