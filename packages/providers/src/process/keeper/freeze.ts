import type { Gate } from './gate.ts'
import type { ProcessTable } from './process-table.ts'

/** Milliseconds between two looks at what is suspended: the end of a process that is not our child is not told to us. */
const lookMs = 1000

/**
 * Keeps the environment's processes stopped while the gate is paused. When one of them ends nevertheless (it was killed
 * from outside), the kernel sends SIGHUP and SIGCONT to stopped process groups that are orphaned by that
 * (_exit(2), POSIX): whoever ignores the one is woken by the other.
 */
export class Freeze {
  readonly #processes: ProcessTable
  readonly #gate: Gate
  #watch: NodeJS.Timeout | null = null

  constructor(processes: ProcessTable, gate: Gate) {
    this.#processes = processes
    this.#gate = gate
  }

  async begin(): Promise<void> {
    this.#gate.pause()
    this.#processes.signalAll('SIGSTOP')
    await this.#untilStill()
    this.#look()
  }

  end(): void {
    if (this.#watch !== null) clearTimeout(this.#watch)
    this.#watch = null
    this.#processes.signalAll('SIGCONT')
    this.#gate.open()
  }

  /** To be called when a process of the environment has ended. */
  async hold(): Promise<void> {
    if (!this.#gate.paused || !this.#moves()) return
    this.#processes.signalAll('SIGSTOP')
    await this.#untilStill()
  }

  /** A process stops when it next runs, not when it is told to; and it may end then, which wakes others. */
  async #untilStill(): Promise<void> {
    for (let round = 1; round < 200 && this.#gate.paused && this.#moves(); round++) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      if (round % 10 === 0 && this.#gate.paused) this.#processes.signalAll('SIGSTOP')
    }
  }

  #look(): void {
    if (!this.#gate.paused) return
    if (this.#watch !== null) clearTimeout(this.#watch)
    this.#watch = setTimeout(() => void this.hold().then(() => this.#look()), lookMs)
  }

  /** In `D` it waits within the kernel, for a disk or for its vforked child, and stops before it runs a line of its own. */
  #moves(): boolean {
    return this.#processes.list().some(({ state }) => !['T', 't', 'D'].includes(state))
  }
}
