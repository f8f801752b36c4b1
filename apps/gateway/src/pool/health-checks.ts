import { HealthCheck, type HealthQuestion } from './health-check.ts'
import type { Swept } from './sweep.ts'
import type { Upstream } from './upstream.ts'
import type { UpstreamEvent } from './upstream-state.ts'

/** Checks that are under way at once, for all endpoints together. */
const concurrency = 64
/** Intervals differ by a tenth each way, so that endpoints that came together are not checked together for ever. */
const jitter = 0.1
/** Within this time an endpoint that has just come is checked first, ms. */
const firstWithinMs = 200

/** One endpoint that is checked. */
interface Schedule {
  readonly upstream: Upstream
  question: HealthQuestion
  /** How many places in pools want it checked. */
  watchers: number
  dueAt: number
  running: HealthCheck | null
  passed: number
  failed: number
}

/** Active health checks of all endpoints whose policy asks for them, as long as their environment runs. */
export class HealthChecks implements Swept {
  /** The one that was checked longest ago comes first. */
  readonly #schedules = new Map<Upstream, Schedule>()
  readonly #running = new Map<HealthCheck, Schedule>()
  readonly #random: () => number
  readonly #advance: (upstream: Upstream, event: UpstreamEvent, why: string) => void
  passed = 0
  failed = 0

  constructor(random: () => number, advance: (upstream: Upstream, event: UpstreamEvent, why: string) => void) {
    this.#random = random
    this.#advance = advance
  }

  /** How many endpoints are checked. */
  get size(): number {
    return this.#schedules.size
  }

  /** Checks an endpoint from now on. Where several pools have it, the last one's question is asked. */
  watch(upstream: Upstream, question: HealthQuestion, now: number): void {
    const schedule = this.#schedules.get(upstream)
    if (schedule !== undefined) {
      schedule.watchers++
      schedule.question = question
      return
    }
    const withinMs = Math.min(firstWithinMs, question.policy.intervalMs)
    const dueAt = now + this.#random() * withinMs
    this.#schedules.set(upstream, { upstream, question, watchers: 1, dueAt, running: null, passed: 0, failed: 0 })
  }

  unwatch(upstream: Upstream): void {
    const schedule = this.#schedules.get(upstream)
    if (schedule === undefined || --schedule.watchers > 0) return
    this.#schedules.delete(upstream)
    if (schedule.running !== null) {
      schedule.running.cancel()
      this.#running.delete(schedule.running)
    }
    this.#advance(upstream, 'checks ended', 'its health is no longer checked')
  }

  sweep(now: number): boolean {
    for (const check of this.#running.keys()) if (now >= check.deadline) check.expire()
    for (const schedule of this.#schedules.values()) {
      if (this.#running.size >= concurrency) break
      if (schedule.running === null && now >= schedule.dueAt) this.#check(schedule, now)
    }
    return this.#schedules.size > 0
  }

  stop(): void {
    for (const check of this.#running.keys()) check.cancel()
    this.#running.clear()
    this.#schedules.clear()
  }

  #check(schedule: Schedule, now: number): void {
    const { upstream, question } = schedule
    schedule.dueAt = now + question.policy.intervalMs * (1 - jitter + 2 * jitter * this.#random())
    this.#schedules.delete(upstream)
    this.#schedules.set(upstream, schedule)
    const check = new HealthCheck(upstream, question, now, this.#onDone)
    schedule.running = check
    this.#running.set(check, schedule)
    check.start()
  }

  readonly #onDone = (check: HealthCheck, failure: string | null): void => {
    const schedule = this.#running.get(check)
    if (schedule === undefined) return
    this.#running.delete(check)
    schedule.running = null
    if (failure === null) this.#pass(schedule)
    else this.#fail(schedule, failure)
  }

  #pass(schedule: Schedule): void {
    this.passed++
    schedule.failed = 0
    schedule.passed++
    const { upstream, question } = schedule
    if (upstream.state === 'new' || (upstream.state === 'unwell' && schedule.passed >= question.policy.healthyAfter)) {
      this.#advance(upstream, 'checks passed', `${question.policy.path} is well`)
    }
  }

  #fail(schedule: Schedule, failure: string): void {
    this.failed++
    schedule.passed = 0
    schedule.failed++
    const { upstream, question } = schedule
    if (upstream.state === 'new' || schedule.failed >= question.policy.unhealthyAfter) this.#advance(upstream, 'checks failed', failure)
  }
}
