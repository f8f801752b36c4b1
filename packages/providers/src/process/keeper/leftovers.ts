import { type ProcessTable, processVariable } from './process-table.ts'

/** Processes that outlived the one that they belong to. */
export class Leftovers {
  readonly #processes: ProcessTable
  readonly #sessionPids: () => ReadonlySet<number>

  constructor(processes: ProcessTable, sessionPids: () => ReadonlySet<number>) {
    this.#processes = processes
    this.#sessionPids = sessionPids
  }

  /** Orphans of an instance whose main process ended: they could hold its ports. What `exec` started is left alone. */
  sweep(instance: string): void {
    const sessions = this.#sessionPids()
    for (const { pid, parent, session } of this.#processes.list()) {
      if (parent > 1 || sessions.has(session) || processVariable(pid, 'STANDIN_INSTANCE') !== instance) continue
      kill(pid)
    }
  }

  /** Everything of the environment, until nothing is left or somebody begins anew. */
  async endAll(wanted: () => boolean = () => true): Promise<void> {
    for (let round = 0; round < 200 && wanted(); round++) {
      if (this.#processes.list().length === 0) return
      this.#processes.signalAll('SIGKILL')
      await new Promise((resolve) => setTimeout(resolve, round === 0 ? 1 : 10))
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}
