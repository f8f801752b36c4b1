import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, openSync, readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { delimiter, join } from 'node:path'

/** The core that what is measured runs on, and the one for the load and the upstream. */
export const cores = { measured: 0, load: 1 } as const

/** The program's path; undefined where it isn't installed. Servers are often in a folder that a person's PATH lacks. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

export interface ServerOptions {
  readonly core: number
  readonly env?: Record<string, string> | undefined
  /** Where its output goes: it is a log to some, and so has to be a file. */
  readonly output: string
  /** On loopback; the server is ready when it takes connections there. */
  readonly ports: readonly number[]
}

/** A server on one core, until it is disposed of. */
export class PinnedServer implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #onExit: () => void

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#onExit = () => child.kill('SIGKILL')
    process.once('exit', this.#onExit)
  }

  /** @throws Error with the server's last words where it ends before it listens */
  static async start(command: string, args: readonly string[], options: ServerOptions): Promise<PinnedServer> {
    const output = openSync(options.output, 'a')
    const child = spawn('taskset', ['-c', String(options.core), command, ...args], {
      stdio: ['ignore', output, output],
      env: { PATH: process.env.PATH, ...options.env },
    })
    const server = new PinnedServer(child)
    const deadline = performance.now() + 30_000
    for (const port of options.ports) {
      while (!(await takesConnections(port))) {
        if (child.exitCode !== null || performance.now() > deadline) {
          await server[Symbol.asyncDispose]()
          throw new Error(`${command} does not listen on port ${port}:\n${readFileSync(options.output, 'utf8').slice(-2_000)}`)
        }
        await new Promise((done) => setTimeout(done, 20))
      }
    }
    return server
  }

  /** Processor time that the server and its children have used, ms; in steps of 10. */
  get cpuMs(): number {
    let ticks = 0
    for (const pid of this.pids()) {
      // The second field, the command, is in brackets and may hold anything.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      ticks += Number(fields[11]) + Number(fields[12])
    }
    return ticks * 10
  }

  get residentMiB(): number {
    const kib = this.pids().map((pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0))
    return kib.reduce((sum, each) => sum + each, 0) / 1024
  }

  pids(): number[] {
    const all: number[] = []
    const visit = (pid: number) => {
      all.push(pid)
      for (const child of readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)) visit(Number(child))
    }
    visit(this.#child.pid as number)
    return all
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#onExit)
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise((done) => this.#child.once('exit', done))
    this.#child.kill('SIGTERM')
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    await ended
    clearTimeout(impatience)
  }
}

/** Ports on loopback that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer()
      return new Promise<typeof server>((done) => server.listen(0, '127.0.0.1', () => done(server)))
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}

const takesConnections = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      done(true)
    })
    socket.once('error', () => done(false))
  })
