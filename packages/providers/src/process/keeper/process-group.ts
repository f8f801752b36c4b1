import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'

type Leader = Pick<ChildProcess, 'pid'>

/** To a process that was started as the leader of its group, and to all in that group. False where there is nobody. */
export function killGroup(leader: Leader, signal: NodeJS.Signals): boolean {
  return send(leader, signal)
}

export function groupLives(leader: Leader): boolean {
  return send(leader, 0)
}

/** Compose takes `SIGINT` and `INT`; what this system does not know is a SIGTERM. */
export function signalName(text: string): NodeJS.Signals {
  const name = text.startsWith('SIG') ? text : `SIG${text}`
  return name in constants.signals ? (name as NodeJS.Signals) : 'SIGTERM'
}

function send({ pid }: Leader, signal: NodeJS.Signals | 0): boolean {
  try {
    return pid !== undefined && process.kill(-pid, signal)
  } catch {
    return false
  }
}
