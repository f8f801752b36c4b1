import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/**
 * A program of Node's that prints how far it is, a line each, and may be killed in the middle of anything: the next one goes on
 * from what the last line said.
 */
export class TalkingProcess {
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  #lines = 0
  #complaints = ''
  readonly #waiting = new Set<() => void>()

  /** @param onLine each line that it prints */
  constructor(program: string, arguments_: readonly string[], onLine: (line: string) => void) {
    this.#child = spawn(process.execPath, [program, ...arguments_], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#closed = once(this.#child, 'close')
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#complaints = (this.#complaints + chunk).slice(-20_000)
    })
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      onLine(line)
      this.#lines += 1
      this.#look()
    })
    this.#child.once('exit', () => this.#look())
  }

  /** Until it has printed so many lines. @throws Error with what it complained of, where it ended before */
  async printed(lines: number): Promise<void> {
    await new Promise<void>((done) => {
      const look = () => {
        if (this.#lines < lines && this.#child.exitCode === null && this.#child.signalCode === null) return
        this.#waiting.delete(look)
        done()
      }
      this.#waiting.add(look)
      look()
    })
    if (this.#lines < lines) throw new Error(`it ended with ${this.#child.exitCode ?? this.#child.signalCode}: ${this.#complaints}`)
  }

  /** SIGKILL, wherever it is. Resolves when it is gone; it may be gone already. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended()
  }

  /** It ends by itself, and all that it printed was read. */
  async ended(): Promise<void> {
    await this.#closed
  }

  #look(): void {
    for (const look of this.#waiting) look()
  }
}
