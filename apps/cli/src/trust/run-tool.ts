import { execFile } from 'node:child_process'

/** What a program said; `missing`: it is not installed. */
export interface ToolResult {
  readonly code: number | 'missing'
  readonly stdout: string
  /** The last line of its errors, for a message. */
  readonly complaint: string
}

/** Runs a program of this machine. Nobody is there to answer it: what it would ask, it does not get. */
export const runTool = (program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<ToolResult> =>
  new Promise((resolve) => {
    const child = execFile(program, args, { env, timeout: 60_000 }, (error, stdout, stderr) => {
      const complaint = stderr.trim().split('\n').at(-1) ?? ''
      if (error === null) resolve({ code: 0, stdout, complaint })
      else if (error.code === 'ENOENT') resolve({ code: 'missing', stdout, complaint })
      else resolve({ code: typeof error.code === 'number' ? error.code : 1, stdout, complaint: complaint || error.message })
    })
    child.stdin?.end()
  })
