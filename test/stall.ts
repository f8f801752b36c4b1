// `node test/stall.ts COMMAND …`: runs a command and, all the while, stops processes below it for a moment, as a busy machine does.
// Linux alone. What a test has stopped itself may be thawed by it: such a failure is of this program's own making.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

const longestStallMs = 600
const mostAtOnce = 3

const [command = '', ...arguments_] = process.argv.slice(2)
const child = spawn(command, arguments_, { stdio: 'inherit' })
child.once('error', (error) => {
  process.stderr.write(`${command || 'a command'} can not be run: ${error.message}\n`)
  process.exit(2)
})
const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
// Ctrl-C is for the command; what is stopped at that moment still goes on.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))

while (child.exitCode === null && child.signalCode === null) {
  await Promise.race([ended, pause(20 + Math.random() * 280)])
  const chosen = some(below(child.pid ?? 0), 1 + Math.floor(Math.random() ** 2 * mostAtOnce))
  for (const pid of chosen) signalTo(pid, 'SIGSTOP')
  await pause(30 + Math.random() ** 2 * (longestStallMs - 30))
  for (const pid of chosen) signalTo(pid, 'SIGCONT')
}
process.exitCode = await ended

/** Pids of what was started by a process, by what that started, and so on; without what is stopped already. */
function below(root: number): number[] {
  const children = new Map<number, number[]>()
  const stopped = new Set<number>()
  for (const name of readdirSync('/proc')) {
    const [pid, state, parent] = stat(name)
    children.set(parent, [...(children.get(parent) ?? []), pid])
    if ('TtZX'.includes(state)) stopped.add(pid)
  }
  const found = new Set([root])
  for (const pid of found) for (const each of children.get(pid) ?? []) found.add(each)
  return [...found].filter((pid) => pid !== root && !stopped.has(pid))
}

/** proc(5): the name in brackets may hold anything. */
function stat(name: string): [pid: number, state: string, parent: number] {
  try {
    const text = readFileSync(`/proc/${name}/stat`, 'latin1')
    const [state = 'X', parent] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return [Number(name), state, Number(parent)]
  } catch {
    return [0, 'X', 0]
  }
}

function some(pids: number[], count: number): number[] {
  return Array.from({ length: Math.min(count, pids.length) }, () => pids.splice(Math.floor(Math.random() * pids.length), 1)[0] ?? 0)
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    if (pid > 1) process.kill(pid, signal)
  } catch {
    // It has ended.
  }
}
