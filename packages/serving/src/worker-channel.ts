import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { StandinError } from '@standin/client/errors'

interface WorkerEars<From> {
  onMessage(message: From): void
  /** It has ended: what is still asked of it is not answered any more. */
  onGone(error: StandinError): void
}

/** A worker's process and what is said between it and its primary. It is forked at once. */
export class WorkerChannel<To extends object, From> {
  readonly #child: ChildProcess
  /** How it ended: a signal or an exit code. */
  readonly ended: Promise<string>

  constructor(program: URL, { onMessage, onGone }: WorkerEars<From>) {
    this.#child = fork(fileURLToPath(program), [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#child.on('message', (message) => onMessage(message as From))
    this.#child.on('error', () => {})
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        const how = signal ?? `exit code ${code}`
        onGone(new StandinError('unreachable', `Worker ${this.pid} has ended (${how})`))
        resolve(how)
      })
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** @param taken called once the message is on its way */
  tell(message: To, taken: () => void = () => {}): void {
    // To one that has ended nothing is ever said again; its feed goes with it.
    if (this.#child.connected) this.#child.send(message, (error) => error === null && taken())
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}
