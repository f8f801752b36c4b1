import { readdirSync, readFileSync } from 'node:fs'

/** One process, as /proc/<pid>/stat has it. */
export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly session: number
  /** `T` is stopped, `Z` is a zombie. */
  readonly state: string
  /** Clock ticks since boot; with the pid it identifies a process. */
  readonly startTime: number
  /** Clock ticks of processor time, user and system. */
  readonly cpuTicks: number
  readonly residentPages: number
}

/** proc(5): the name in brackets may hold anything, so fields are counted from the last bracket. */
export function readProcess(pid: number | string): ProcessEntry | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return {
      pid: Number.parseInt(text, 10),
      state: fields[0] ?? '?',
      parent: Number(fields[1]),
      session: Number(fields[3]),
      cpuTicks: Number(fields[11]) + Number(fields[12]),
      startTime: Number(fields[19]),
      residentPages: Number(fields[21]),
    }
  } catch {
    return null
  }
}

export function allProcesses(): ProcessEntry[] {
  let names: string[]
  try {
    names = readdirSync('/proc')
  } catch {
    return []
  }
  return names.flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    const entry = readProcess(name)
    return entry === null ? [] : [entry]
  })
}

/** One variable of the environment that a process was started with; null where it has none or may not be read. */
export function processVariable(pid: number, name: string): string | null {
  try {
    const found = readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .find((entry) => entry.startsWith(`${name}=`))
    return found === undefined ? null : found.slice(name.length + 1)
  } catch {
    return null
  }
}

/** The processes of one environment, as seen by its keeper. */
export interface ProcessTable {
  list(): ProcessEntry[]
  /** To every process at once; none escapes by forking meanwhile. */
  signalAll(signal: NodeJS.Signals): void
}

/** In a pid namespace of our own everything but the keeper and pid 1 belongs to the environment. */
export class NamespaceProcesses implements ProcessTable {
  list(): ProcessEntry[] {
    return allProcesses().filter(({ pid, state }) => pid !== 1 && pid !== process.pid && state !== 'Z')
  }

  signalAll(signal: NodeJS.Signals): void {
    try {
      // kill(2): every process but the caller and init. The kernel holds the task list meanwhile, and a fork that
      // is under way restarts when a signal is pending: nothing escapes.
      process.kill(-1, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

/** Without a namespace: descendants, sessions once seen, and whoever carries the environment's own directory in its variables. */
export class TracedProcesses implements ProcessTable {
  readonly #root: string
  readonly #sessions = new Set<number>()

  constructor(root: string) {
    this.#root = root
  }

  list(): ProcessEntry[] {
    return this.#trace().filter(({ state }) => state !== 'Z')
  }

  signalAll(signal: NodeJS.Signals): void {
    const done = new Set<string>()
    // Whoever forks between the look and the signal leaves a child: look again until there is nobody new.
    for (let round = 0; round < 50; round++) {
      const fresh = this.list().filter(({ pid, startTime }) => !done.has(`${pid}:${startTime}`))
      if (fresh.length === 0) return
      for (const { pid, startTime } of fresh) {
        done.add(`${pid}:${startTime}`)
        try {
          process.kill(pid, signal)
        } catch {
          // It ended by itself.
        }
      }
    }
  }

  #trace(): ProcessEntry[] {
    const all = allProcesses()
    const mine = new Map<number, ProcessEntry>()
    let grew = true
    while (grew) {
      grew = false
      for (const entry of all) {
        if (mine.has(entry.pid) || entry.pid === process.pid) continue
        const belongs =
          entry.parent === process.pid || mine.has(entry.parent) || this.#sessions.has(entry.session) || carries(entry.pid, this.#root)
        if (!belongs) continue
        mine.set(entry.pid, entry)
        // Session 0 is the kernel's; the keeper's own session holds only the keeper.
        if (entry.session > 1) this.#sessions.add(entry.session)
        grew = true
      }
    }
    const alive = new Set(all.map(({ session }) => session))
    for (const session of this.#sessions) if (!alive.has(session)) this.#sessions.delete(session)
    return [...mine.values()]
  }
}

/** True where a process was started for the environment whose tree is at `root`. */
export function carries(pid: number, root: string): boolean {
  return processVariable(pid, 'STANDIN_DIR')?.startsWith(`${root}/`) === true
}
