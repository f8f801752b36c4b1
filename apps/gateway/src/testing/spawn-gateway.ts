import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const main = join(import.meta.dirname, '..', 'main.ts')

/** The gateway as a process of its own, and the line that it has printed. */
export interface RunningGateway extends AsyncDisposable {
  process: ChildProcess
  line: { http?: string; https?: string; admin?: string; error?: { code: string; detail: string; hint?: string } }
  port: number
  stderr: () => string
  exited: Promise<number | null>
}

export const spawnGateway = async (...args: string[]): Promise<RunningGateway> => {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [text] = (await once(createInterface(child.stdout), 'line')) as [string]
  const line = JSON.parse(text) as RunningGateway['line']
  return {
    process: child,
    line,
    port: Number(line.http?.split(':')[2] ?? 0),
    stderr: () => stderr,
    exited,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await exited
    },
  }
}
