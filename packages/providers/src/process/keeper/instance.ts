import { existsSync, statfsSync } from 'node:fs'
import type { InstanceStatus } from '@standin/core'
import { Backoff } from './backoff.ts'
import { describeExit, duration, type Exit, exitVerdict } from './exit-verdict.ts'
import { HealthWatch } from './health-watch.ts'
import type { InstanceOptions } from './instance-options.ts'
import { type InstanceState, mayFollow } from './instance-state.ts'
import { lastLines } from './last-lines.ts'
import { type Probe, runProbe } from './probe.ts'
import { signalName } from './process-group.ts'
import { ProcessRun } from './process-run.ts'
import type { Failure } from './protocol.ts'

interface Run {
  readonly process: ProcessRun
  /** On the gate's clock. */
  readonly began: number
  /** When what its end means has been dealt with. */
  judged: Promise<void>
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
    return this.pid !== null || this.#completed
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
    return this.#run?.process.pid ?? null
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
    if (!(await run.process.stop(signal, stopGraceMs))) this.#note(`still there ${stopGraceMs} ms after ${signal}: killed`)
    await run.judged
  }

  #spawn(): void {
    const { workingDir, log, host, gate, oneShot, probe } = this.options
    this.#ready = false
    this.#completed = false
    this.#exit = { code: null, signal: null }
    this.#generation = Math.max(Date.now(), this.#generation + 1)
    if (!existsSync(workingDir)) {
      this.#failed('host_failed', `its working directory "${host.workingDir}" does not exist`)
      return
    }
    const process = new ProcessRun(this.options, log)
    const run: Run = { process, began: gate.clock(), judged: Promise.resolve(), watch: null }
    run.judged = process.ended.then((ending) => {
      run.watch?.stop()
      this.#run = null
      if (ending instanceof Error) this.#failed('host_failed', `can't be started: ${ending.message}`)
      else this.#exited(run, ending)
    })
    this.#run = run
    this.#enter('starting', null)
    if (oneShot) this.#enter('running', null)
    else if (probe !== null) this.#watch(run, probe)
    else void gate.sleep(settleMs).then(() => this.#run === run && this.#passed())
  }

  #watch(run: Run, probe: Probe): void {
    const { host, gate, startTimeoutMs, address, workingDir, environment, listens } = this.options
    const pid = run.process.pid ?? 0
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
        run.process.kill()
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

  #exited(run: Run, exit: Exit): void {
    this.#exit = exit
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
    try {
      return statfsSync(this.options.workingDir).bavail === 0
    } catch {
      return false
    }
  }

  #lastLines(): string {
    return lastLines(this.options.log.recent, this.options)
  }
}
