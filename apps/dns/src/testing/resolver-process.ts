import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A resolver as it is run, ended when its scope ends. */
export interface ResolverProcess extends AsyncDisposable {
  readonly child: ChildProcess
  /** What it prints when it is ready, or the error. */
  readonly line: { readonly dns: string; readonly admin?: string; readonly error?: { readonly code: string; readonly detail: string } }
  readonly port: number
  /** Its log so far, a line each. */
  log(): Record<string, unknown>[]
  /** A page of its admin listener. */
  get(path: string): Promise<{ readonly status: number; readonly text: string }>
  end(signal?: NodeJS.Signals): Promise<number | null>
}

export async function resolverProcess(...flags: string[]): Promise<ResolverProcess> {
  const main = join(import.meta.dirname, '..', 'main.ts')
  const child = spawn(process.execPath, [main, '--dns', '127.0.0.1:0', '--admin', '127.0.0.1:0', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  let text = ''
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk
  })
  const [first] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const line = JSON.parse(first) as ResolverProcess['line']
  const end = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    return (await ended)[0] as number | null
  }
  return {
    child,
    line,
    port: Number(line.dns?.split(':').at(-1)),
    log: () => (text.slice(0, text.lastIndexOf('\n') + 1).match(/.+/g) ?? []).map((each) => JSON.parse(each) as Record<string, unknown>),
    async get(path) {
      const response = await fetch(`${line.admin}${path}`)
      return { status: response.status, text: await response.text() }
    },
    end,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await end('SIGKILL')
    },
  }
}

/** Tries until it is true; the test's own time limit ends it. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 20))
}
