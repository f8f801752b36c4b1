import type { Socket } from 'node:net'
import type { Stats } from '@standin/client'
import type { Observed } from '@standin/core'
import type { EnvironmentRecord, KeeperState, LaunchSpec } from '../layout.ts'
import { commandLine, fill, hostPath, processEnvironment } from '../process-environment.ts'
import { Connections, type KeeperService } from './connections.ts'
import { ProcessStats } from './process-stats.ts'
import { NamespaceProcesses, type ProcessTable, TracedProcesses } from './process-table.ts'
import { type ExecOpen, type Hello, KeeperError, leavingCode, type Progress, protocolVersion } from './protocol.ts'
import { Session, withTerminal } from './session.ts'
import { Supervisor } from './supervisor.ts'

/** Milliseconds for which a keeper with nothing to keep waits for more: a build runs step after step. */
const idleMs = 3000

/** Keeps one environment: its supervisor, its sessions, its connections. */
export class Keeper implements KeeperService {
  readonly #record: EnvironmentRecord
  readonly #launch: LaunchSpec
  readonly #supervisor: Supervisor
  readonly #stats: ProcessStats
  readonly #connections = new Connections(this)
  readonly #sessions = new Set<Session>()
  readonly #exit: () => void
  /** Calls that change something wait for each other, but for a stop, which ends a start. */
  #queue: Promise<unknown> = Promise.resolve()
  #starting: AbortController | null = null
  #pushed = false
  #idle: NodeJS.Timeout | null = null
  #leaving = false

  constructor(record: EnvironmentRecord, launch: LaunchSpec, state: KeeperState, save: (state: KeeperState) => void, exit: () => void) {
    this.#record = record
    this.#launch = launch
    this.#exit = exit
    const processes: ProcessTable = launch.pidNamespace ? new NamespaceProcesses() : new TracedProcesses(launch.root)
    this.#supervisor = new Supervisor({
      record,
      launch,
      state,
      processes,
      save,
      sessionPids: () => new Set([...this.#sessions].flatMap(({ pid }) => pid ?? [])),
      changed: () => this.#changed(),
    })
    this.#stats = new ProcessStats(processes, () => this.#supervisor.leaders())
    this.#restIfIdle()
  }

  accept(socket: Socket): void {
    this.#connections.accept(socket)
  }

  hello(version: number): Hello {
    if (version !== protocolVersion)
      throw new KeeperError(
        'unsupported',
        `this keeper speaks version ${protocolVersion}, not ${version}`,
        'stop and start the environment',
      )
    return { version: protocolVersion, nonce: this.#launch.nonce, pid: process.pid, observed: this.#supervisor.observed() }
  }

  async start(hosts: readonly string[] | null, onProgress: (progress: Progress) => void, signal: AbortSignal): Promise<Observed> {
    return this.#inTurn(async () => {
      this.#stay()
      const stopped = new AbortController()
      this.#starting = stopped
      try {
        await this.#supervisor.start(hosts, onProgress, AbortSignal.any([signal, stopped.signal]))
      } finally {
        this.#starting = null
        this.#restIfIdle()
      }
      return this.#supervisor.observed()
    })
  }

  async stop(): Promise<Observed> {
    this.#starting?.abort()
    return this.#inTurn(async () => {
      if (this.#idle !== null) clearTimeout(this.#idle)
      this.#supervisor.resume()
      for (const session of this.#sessions) session.end('SIGKILL')
      await this.#supervisor.stop()
      const observed = this.#supervisor.observed()
      // Gone as soon as the answer is out.
      setTimeout(() => this.#leave(), 1)
      return observed
    })
  }

  flush(): void {
    if (!this.#pushed) return
    this.#pushed = false
    this.#connections.push({ push: 'observed', observed: this.#supervisor.observed() })
  }

  async suspend(): Promise<Observed> {
    await this.#supervisor.suspend()
    return this.#supervisor.observed()
  }

  resume(): Observed {
    this.#supervisor.resume()
    return this.#supervisor.observed()
  }

  stats(): Promise<Stats> {
    return this.#stats.sample(this.#record.stack.hosts.map(({ name }) => name))
  }

  exec(request: ExecOpen, socket: Socket, onStarted: () => void, onFailed: (error: Error) => void): Session {
    this.#stay()
    if (this.#supervisor.suspended) throw new KeeperError('state_conflict', 'the environment is suspended', 'resume it first')
    const host = this.#supervisor.host(request.host)
    const environment = processEnvironment({ ...this.#record, ...this.#launch }, host, request.ordinal, request.environment)
    const words = commandLine(request.command).map((word) => fill(word, environment))
    const command = request.tty === null ? words : withTerminal(words, request.tty)
    const workingDir = hostPath(this.#launch, host.name, fill(request.workingDir ?? host.workingDir, environment))
    const session = new Session(
      {
        command: [...this.#launch.wrap, ...command],
        workingDir,
        environment: request.tty === null ? environment : { TERM: 'xterm-256color', ...environment },
      },
      socket,
      this.#supervisor.gate,
      onStarted,
      onFailed,
    )
    this.#sessions.add(session)
    void session.ended.then(() => {
      this.#sessions.delete(session)
      this.#supervisor.sessionEnded()
      if (this.#sessions.size === 0) void this.#inTurn(() => this.#supervisor.endLeftovers())
      this.#restIfIdle()
    })
    return session
  }

  #changed(): void {
    if (this.#pushed) return
    this.#pushed = true
    setImmediate(() => this.flush())
  }

  /** The caller starts another keeper then. */
  #stay(): void {
    if (this.#leaving) throw new KeeperError(leavingCode, 'the keeper is about to end')
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work)
    this.#queue = result.catch(() => {})
    return result
  }

  #restIfIdle(): void {
    if (this.#idle !== null) clearTimeout(this.#idle)
    this.#idle = setTimeout(() => {
      if (!this.#supervisor.busy && this.#sessions.size === 0 && this.#starting === null) this.#leave()
    }, idleMs)
  }

  #leave(): void {
    this.#leaving = true
    this.#connections.push({ push: 'bye' })
    this.#connections.close()
    setTimeout(this.#exit, 5)
  }
}
