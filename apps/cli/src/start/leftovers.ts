import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { isAlive, readRunningFile, removeRunningFile } from '../running-file.ts'
import { mainOf } from './app.ts'

/**
 * A supervisor that was killed leaves its file, and for a moment apps that are on their way out. Wait for them: they hold
 * the ports and the store. One that hangs is ended. A pid that another program has by now is left alone.
 */
export async function endLeftovers(home: string, graceMs = 12_000): Promise<void> {
  const left = await readRunningFile(home)
  if (!left) return
  const entries = Object.entries(left.children ?? {}) as [keyof typeof left.children, number | null][]
  await Promise.all(
    entries.map(async ([name, pid]) => {
      if (pid === null || !(await isOurs(pid, mainOf(name), home))) return
      const deadline = Date.now() + graceMs
      while (isAlive(pid) && Date.now() < deadline) await sleep(50)
      if (await isOurs(pid, mainOf(name), home)) process.kill(pid, 'SIGKILL')
    }),
  )
  await removeRunningFile(home)
}

async function isOurs(pid: number, main: string, home: string): Promise<boolean> {
  if (!isAlive(pid)) return false
  const words = await commandLine(pid)
  return words.includes(main) && words.includes(home)
}

async function commandLine(pid: number): Promise<string> {
  try {
    if (process.platform === 'linux') return await readFile(`/proc/${pid}/cmdline`, 'utf8')
    return (await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)])).stdout
  } catch {
    return ''
  }
}
