import { type ChildProcess, spawn } from 'node:child_process'
import type { ProcessPlan } from '../process-environment.ts'
import { drained } from './drained.ts'
import type { Exit } from './exit-verdict.ts'
import type { LogFile } from './log-file.ts'
import { groupLives, killGroup } from './process-group.ts'

/** Milliseconds that a process's last words may take to come after its exit. */
const drainMs = 200

/** One run of an instance's main process, the leader of a session of its own, from its start to its end. */
export class ProcessRun {
  readonly #child: ChildProcess
  #stopping = false
  #exited = false
  /** Settles when the process has ended and what it printed is in the log; where it could not start, with the error. */
  readonly ended: Promise<Exit | Error>

  constructor({ command, workingDir, environment }: ProcessPlan, log: LogFile) {
    const [program = 'false', ...args] = command
    const child = spawn(program, args, { cwd: workingDir, env: environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    const sinks = [log.lines('stdout'), log.lines('stderr')] as const
    child.stdout.on('data', sinks[0].write)
    child.stderr.on('data', sinks[1].write)
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => child.pid === undefined && resolve(error))
      child.once('exit', (code, signal) => {
        this.#exited = true
        // While it is being stopped, its children have the rest of the grace period.
        if (!this.#stopping) this.kill()
        // A child that keeps the pipe open must not hold the verdict up.
        void drained(child, drainMs).then(() => {
          for (const sink of sinks) sink.end()
          resolve({ code, signal })
        })
      })
    })
  }

  /** Undefined where it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  /** The whole process group. */
  kill(): void {
    killGroup(this.#child, 'SIGKILL')
  }

  /** Asks the process, then what is left of its group, to end; kills after the grace period. False where that was needed. */
  async stop(signal: NodeJS.Signals, graceMs: number): Promise<boolean> {
    this.#stopping = true
    const deadline = performance.now() + graceMs
    this.#child.kill(signal)
    await Promise.race([this.ended, delay(graceMs)])
    // A shell ends without telling its children: they get the signal too, and what is left of the time.
    if (killGroup(this.#child, signal)) while (performance.now() < deadline && groupLives(this.#child)) await delay(5)
    const heeded = this.#exited && !groupLives(this.#child)
    if (!heeded) this.kill()
    await this.ended
    return heeded
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
