import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, statfsSync } from 'node:fs'
import type { HostSpec } from '@standin/client'
import type { InstanceStatus } from '@standin/core'
import { Backoff } from './backoff.ts'
import { describeExit, duration, type Exit, exitVerdict } from './exit-verdict.ts'
import type { Gate } from './gate.ts'
import { HealthWatch } from './health-watch.ts'
import { type InstanceState, mayFollow } from './instance-state.ts'
import { lastLines } from './last-lines.ts'
import type { LogFile } from './log-file.ts'
import { type Probe, runProbe } from './probe.ts'
import { groupLives, killGroup, signalName } from './process-group.ts'
import type { Failure } from './protocol.ts'

export interface InstanceOptions {
  readonly name: string
  readonly ordinal: number
  readonly address: string
  readonly host: HostSpec
  /** Others wait for its end, not for its being up. */
  readonly oneShot: boolean
  readonly probe: Probe | null
  readonly command: readonly string[]
  readonly workingDir: string
  readonly environment: Readonly<Record<string, string>>
  readonly startTimeoutMs: number
  readonly restarts: number
  readonly log: LogFile
  readonly gate: Gate
  readonly changed: () => void
  /** Orphans that its last run left behind. */
  readonly sweep: (name: string) => void
  /** See HealthWatchOptions.listens. */
  readonly listens: (pid: number, port: number) => boolean | string
  /** Why a port of the host can't be had, where something else has it. */
  readonly takenPort: () => string | null
}

interface Run {
  readonly child: ChildProcess
  readonly startedAt: number
  readonly began: number
  readonly ended: Promise<void>
  watch: HealthWatch | null
}

/** Milliseconds that an instance without any check has to live before it counts as up. */
const settleMs = 50

/** Supervises one replica of a host: starts its process, watches its health, starts it again as the policy says. */
export class Instance {
  readonly options: InstanceOptions
  readonly #backoff = new Backoff()
  #state: InstanceState = 'pending'
  #since = Date.now()
  #reason: string | null = null
  #run: Run | null = null
  #wanted = false
  #generation = 0
  #restarts: number
  #attempts = 0
  #exit: Exit = { code: null, signal: null }
  #failure: Failure | null = null
  #ready = false
  #completed = false
  #wantedSince = 0

  constructor(options: InstanceOptions) {
    this.options = options
    this.#restarts = options.restarts
  }

  get failure(): Failure | null {
    return this.#failure
  }

  get restarts(): number {
    return this.#restarts
  }

  /** `service_started` */
  get started(): boolean {
    return this.#run !== null || this.#completed
  }

  /** `service_healthy`, and what `start` waits for. */
  get up(): boolean {
    return this.options.oneShot ? this.#completed : this.#ready || this.#completed
  }

  /** `service_completed_successfully` */
  get completed(): boolean {
    return this.#completed
  }

  get pid(): number | null {
    return this.#run?.child.pid ?? null
  }

  get status(): InstanceStatus {
    const suspended = this.options.gate.paused && this.#run !== null
    return {
      name: this.options.name,
      host: this.options.host.name,
      ordinal: this.options.ordinal,
      address: this.options.address,
      generation: this.#generation,
      state: suspended ? 'suspended' : this.#state,
      health: this.#health(),
      pid: this.pid,
      exitCode: this.#exit.code,
      signal: this.#exit.signal,
      restarts: this.#restarts,
      since: new Date(this.#since).toISOString(),
      reason: this.#reason,
    }
  }

  /** Leaves what runs or has done its work alone. */
  start(): void {
    if (this.#run !== null || this.#completed || (this.#wanted && this.#state === 'exited')) return
    this.#wanted = true
    this.#wantedSince = this.options.gate.clock()
    this.#failure = null
    this.#attempts = 0
    this.#backoff.reset()
    this.#spawn()
  }

  /** Before another attempt: what went wrong is forgotten, and a check that was late has its time again. */
  forgive(): void {
    this.#failure = null
    this.#run?.watch?.renew()
  }

  /** Stop signal, after the grace period SIGKILL; whole process group. Ready to be started again afterwards. */
  async stop(): Promise<void> {
    this.#wanted = false
    this.#completed = false
    this.#failure = null
    const run = this.#run
    if (run === null) {
      if (this.#state === 'failed') this.#state = 'exited'
      return
    }
    run.watch?.stop()
    const { stopSignal, stopGraceMs } = this.options.host
    const signal = signalName(stopSignal)
    this.#note(`stopping with ${signal}`)
    const deadline = performance.now() + stopGraceMs
    run.child.kill(signal)
    await Promise.race([run.ended, delay(stopGraceMs)])
    // A shell ends without telling its children: they get the signal too, and what is left of the time.
    if (killGroup(run.child, signal)) while (performance.now() < deadline && groupLives(run.child)) await delay(5)
    if (this.#run === run || groupLives(run.child)) {
      this.#note(`still there ${stopGraceMs} ms after ${signal}: killed`)
      killGroup(run.child, 'SIGKILL')
    }
    await run.ended
  }

  #spawn(): void {
    const { command, workingDir, environment, log, host } = this.options
    this.#ready = false
    this.#completed = false
    this.#exit = { code: null, signal: null }
    this.#generation = Math.max(Date.now(), this.#generation + 1)
    if (!existsSync(workingDir)) {
      this.#failed('host_failed', `its working directory "${host.workingDir}" does not exist`)
      return
    }
    const [program = 'false', ...args] = command
    const child = spawn(program, args, { cwd: workingDir, env: environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    if (child.pid === undefined) {
      child.once('error', (error) => this.#failed('host_failed', `it can't be started: ${error.message}`))
      return
    }
    const sinks = [log.lines('stdout'), log.lines('stderr')] as const
    child.stdout.on('data', sinks[0].write)
    child.stderr.on('data', sinks[1].write)
    const drained = new Promise<void>((resolve) => child.once('close', () => resolve()))
    const ended = new Promise<void>((resolve) => {
      child.once('exit', (code, signal) => {
        run.watch?.stop()
        // While it is being stopped, its children have the rest of the grace period.
        if (this.#wanted) killGroup(child, 'SIGKILL')
        // Its last words come before its exit is judged; a child that keeps the pipe open must not hold that up.
        void Promise.race([drained, delay(200)]).then(() => {
          for (const sink of sinks) sink.end()
          this.#exited(run, code, signal)
          resolve()
        })
      })
    })
    const run: Run = { child, startedAt: Date.now(), began: this.options.gate.clock(), ended, watch: null }
    this.#run = run
    this.#enter('starting', null)
    if (this.options.oneShot) this.#enter('running', null)
    else if (this.options.probe !== null) this.#watch(run, this.options.probe)
    else void this.options.gate.sleep(settleMs).then(() => this.#run === run && this.#passed())
  }

  #watch(run: Run, probe: Probe): void {
    const { host, gate, startTimeoutMs, address, workingDir, environment, listens } = this.options
    const pid = run.child.pid ?? 0
    const watch = new HealthWatch({
      probe,
      check: host.healthCheck,
      startTimeoutMs,
      gate,
      run: (timeoutMs) => runProbe(probe, { address, workingDir, environment }, timeoutMs),
      listens: (port) => listens(pid, port),
      onPassed: () => this.#passed(),
      onLate: (why, afterMs) => {
        const what = host.healthCheck === null ? 'does not listen' : 'did not become healthy'
        this.#fail('health_timeout', `${this.options.name} ${what} within ${duration(afterMs)}: ${why}${this.#lastLines()}`)
      },
      onUnhealthy: (why) => this.#run === run && this.#enter('unhealthy', `the health check failed: ${why}`),
      onMisplaced: (why) => {
        this.#wanted = false
        this.#fail('host_failed', why)
        killGroup(run.child, 'SIGKILL')
      },
    })
    run.watch = watch
    void watch.start()
  }

  #passed(): void {
    this.#ready = true
    // Late is better than never.
    if (this.#wanted) this.#failure = null
    if (this.#state !== 'running') this.#enter('running', null)
  }

  #exited(run: Run, code: number | null, signal: string | null): void {
    this.#run = null
    this.#exit = { code, signal }
    const wasReady = this.#ready
    this.#ready = false
    const ranMs = this.options.gate.clock() - run.began
    const how = describeExit(this.#exit, ranMs)
    this.options.sweep(this.options.name)
    if (!this.#wanted) {
      this.#enter(this.#failure === null ? 'exited' : 'failed', this.#failure?.message ?? how)
      return
    }
    if (wasReady && ranMs >= 10_000) this.#attempts = 0
    const { host, oneShot, probe } = this.options
    const verdict = exitVerdict(this.#exit, host.restart, oneShot || (probe === null ? 'may be' : false), this.#attempts)
    if (verdict === 'completed') {
      this.#completed = true
      this.#enter('exited', how)
    } else if (verdict === 'failed') {
      const retried = this.#attempts === 0 ? '' : `, ${this.#attempts} restarts did not help`
      this.#failed(this.#full() ? 'disk_full' : 'host_failed', `${how}${retried}${this.#lastLines()}`)
    } else this.#restart(ranMs, how)
  }

  #restart(ranMs: number, how: string): void {
    this.#attempts++
    this.#restarts++
    const pause = this.#backoff.next(ranMs)
    if (!this.up && this.options.gate.clock() - this.#wantedSince > this.options.startTimeoutMs)
      this.#fail('host_failed', `${this.options.name} ${how}, ${this.#attempts} restarts did not help${this.#lastLines()}`)
    this.#enter('exited', `${how}; it starts again in ${pause} ms`)
    void this.options.gate.sleep(pause).then(() => {
      if (this.#wanted && this.#run === null && this.#state === 'exited') this.#spawn()
    })
  }

  #failed(code: Failure['code'], what: string): void {
    this.#wanted = false
    this.#fail(code, `${this.options.name} ${what}`)
    this.#state = 'failed'
    this.#reason = this.#failure?.message ?? what
    this.#since = Date.now()
    this.options.changed()
  }

  #fail(code: Failure['code'], message: string): void {
    this.#failure = { code, message }
    this.#reason = message
    this.#note(message)
    this.options.changed()
  }

  #enter(state: InstanceState, reason: string | null): void {
    if (this.#state === state && this.#reason === reason) return
    if (this.#state !== state && !mayFollow(this.#state, state))
      throw new Error(`${this.options.name}: ${this.#state} can't become ${state}`)
    if (this.#state !== state) this.#since = Date.now()
    this.#state = state
    this.#reason = reason
    if (reason !== null) this.#note(reason)
    this.options.changed()
  }

  #note(text: string): void {
    this.options.log.append('system', text)
  }

  #health(): InstanceStatus['health'] {
    if (this.options.host.healthCheck === null || this.#run === null) return 'none'
    if (this.#state === 'unhealthy') return 'unhealthy'
    return this.#ready ? 'healthy' : 'starting'
  }

  #full(): boolean {
    if (this.options.log.recent.some((line) => /ENOSPC|no space left on device/i.test(line))) return true
    // Many a program only says that it could not write.
    return statfsSync(this.options.workingDir).bavail === 0
  }

  #lastLines(): string {
    return lastLines(this.options.log.recent, this.options)
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
