import type { HealthCheck } from '@standin/client'
import type { Gate } from './gate.ts'
import type { Probe, ProbeResult } from './probe.ts'

export interface HealthWatchOptions {
  readonly probe: Probe
  /** Null: only wait until the probe passes, then stop looking. */
  readonly check: HealthCheck | null
  /** Milliseconds after which a first pass is late where the check does not say so. */
  readonly startTimeoutMs: number
  readonly gate: Gate
  run(timeoutMs: number): Promise<ProbeResult>
  /** Whether the instance's own process listens there and nowhere it must not; text says what is wrong. */
  listens(port: number): boolean | string
  onPassed(): void
  /** Once, when it should have passed by now; the watch goes on. */
  onLate(why: string, afterMs: number): void
  onUnhealthy(why: string): void
  /** It listens where it must not. The watch has ended. */
  onMisplaced(why: string): void
}

/** Watches one run of an instance: until its first check passes, then at the check's interval. */
export class HealthWatch {
  readonly #options: HealthWatchOptions
  #stopped = false
  #since = 0
  #late = false

  constructor(options: HealthWatchOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    if (!(await this.#untilPassed())) return
    this.#options.onPassed()
    const { check, gate } = this.#options
    if (check === null) return
    for (let failures = 0; ; ) {
      await gate.sleep(check.intervalMs)
      const result = await this.#probe(check.timeoutMs)
      if (this.#stopped) return
      if (result.ok) {
        failures = 0
        this.#options.onPassed()
      } else if (++failures >= check.retries) this.#options.onUnhealthy(result.why)
    }
  }

  stop(): void {
    this.#stopped = true
  }

  /** From now on it has the whole time again. */
  renew(): void {
    this.#since = this.#options.gate.clock()
    this.#late = false
  }

  async #untilPassed(): Promise<boolean> {
    const { check, gate, probe } = this.#options
    this.renew()
    const limit = firstPassLimit(check, this.#options.startTimeoutMs)
    const longest = Math.min(check?.startIntervalMs ?? 1000, 1000)
    // How long it takes to come up counts, so look often at first; a process per look is dearer than a connection.
    const [shortest, share] = probe.kind === 'exec' ? [50, 0.25] : [5, 0.05]
    const began = gate.clock()
    let pause = Math.min(shortest, longest)
    while (!this.#stopped) {
      const result = await this.#probe(check?.timeoutMs ?? 2000)
      if (this.#stopped) return false
      const listens = this.#listens(result.ok, pause)
      if (typeof listens === 'string') {
        this.#options.onMisplaced(listens)
        return false
      }
      if (result.ok && listens) return true
      const waited = gate.clock() - this.#since
      if (!this.#late && waited >= limit) {
        this.#late = true
        this.#options.onLate(result.ok ? 'somebody else answers in its place' : result.why, waited)
      }
      await gate.sleep(pause)
      pause = Math.min(Math.max(shortest, (gate.clock() - began) * share), longest)
    }
    return false
  }

  /** Looked at when the probe passes, as an answer may come from a stranger, and now and then while it does not. */
  #listens(passed: boolean, pause: number): boolean | string {
    const { probe } = this.#options
    if (probe.kind === 'exec' || (!passed && pause < 50)) return true
    return this.#options.listens(probe.port)
  }

  async #probe(timeoutMs: number): Promise<ProbeResult> {
    const { gate } = this.#options
    for (;;) {
      const before = gate.clock()
      const began = performance.now()
      const result = await this.#options.run(timeoutMs)
      // A probe that fell into a suspension says nothing.
      if (result.ok || this.#stopped) return result
      const interrupted = gate.paused || performance.now() - began > gate.clock() - before + 1
      if (!interrupted) return result
      await gate.sleep(0)
    }
  }
}

/** Milliseconds within which a first pass is due: what the check itself says, but not more than the default allows. */
function firstPassLimit(check: HealthCheck | null, startTimeoutMs: number): number {
  if (check === null) return startTimeoutMs
  return Math.max(check.startPeriodMs, Math.min(startTimeoutMs, check.startPeriodMs + check.retries * check.intervalMs))
}
