import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { drained } from './drained.ts'
import { channel, frame, frameReader } from './frames.ts'
import type { Gate } from './gate.ts'
import { killGroup } from './process-group.ts'

/** Milliseconds that a command's last words may take to come after its exit. */
const drainMs = 250

export interface SessionPlan {
  readonly command: readonly string[]
  readonly workingDir: string
  readonly environment: Readonly<Record<string, string>>
}

/** One command that somebody runs on a host over a connection of its own. When the connection goes, the command goes. */
export class Session {
  readonly #child: ChildProcess
  readonly #gate: Gate
  readonly ended: Promise<void>

  constructor(plan: SessionPlan, socket: Socket, gate: Gate, onStarted: () => void, onFailed: (error: Error) => void) {
    const [program = 'false', ...args] = plan.command
    const child = spawn(program, args, { cwd: plan.workingDir, env: plan.environment, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child = child
    this.#gate = gate
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => {
        if (child.pid === undefined) onFailed(error)
        resolve()
      })
      child.once('exit', () => resolve())
    })
    if (child.pid === undefined) return
    onStarted()
    this.#connect(child, socket)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  end(signal: NodeJS.Signals): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) killGroup(this.#child, signal)
  }

  /** What ends during a suspension wakes its orphans: that is put off until everything runs again. */
  async #endOnceOpen(signal: NodeJS.Signals): Promise<void> {
    await this.#gate.opened()
    this.end(signal)
  }

  #connect(child: ChildProcess, socket: Socket): void {
    const { stdin, stdout, stderr } = child
    if (stdin === null || stdout === null || stderr === null) return
    const pass = (kind: number) => (chunk: Buffer) => {
      if (socket.destroyed || socket.write(frame(kind, chunk))) return
      stdout.pause()
      stderr.pause()
    }
    stdout.on('data', pass(channel.stdout))
    stderr.on('data', pass(channel.stderr))
    socket.on('drain', () => {
      stdout.resume()
      stderr.resume()
    })
    // It may close its input before it was given all of it.
    stdin.on('error', () => {})
    stdin.on('drain', () => socket.resume())
    socket.on(
      'data',
      frameReader((kind, payload) => {
        if (kind === channel.kill) return void this.#endOnceOpen(payload.toString() as NodeJS.Signals)
        if (kind !== channel.stdin) return
        if (payload.length === 0) stdin.end()
        else if (!stdin.destroyed && !stdin.write(payload)) socket.pause()
      }),
    )
    stdin.on('close', () => socket.resume())
    socket.resume()
    socket.on('error', () => {})
    socket.on('close', () => {
      void this.#endOnceOpen('SIGHUP')
        .then(() => this.#gate.sleep(1000))
        .then(() => this.end('SIGKILL'))
    })
    child.once('exit', (exitCode, signal) => {
      void drained(child, drainMs, () => socket.destroyed).then(() => {
        if (!socket.destroyed) socket.end(frame(channel.exit, Buffer.from(JSON.stringify({ exitCode, signal }))))
      })
    })
  }
}

/** The same command with a terminal of a size, by util-linux's script(1): Node's own parts have no terminals to give. */
export function withTerminal(command: readonly string[], size: { columns: number; rows: number }): readonly string[] {
  const line = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  return ['script', '-q', '-e', '-c', `stty cols ${size.columns} rows ${size.rows} 2>/dev/null; exec ${line}`, '/dev/null']
}
