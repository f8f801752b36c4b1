import { type PluginSchedule, StandinError } from '@standin/client'
import { type Clock, type CronTimes, type Logger, parseCron, type Schedule, sleep } from '@standin/core'
import type { PluginRuns, RunEnd } from '../store/plugin-runs.ts'
import type { ControlLink } from './event-source.ts'
import { HungCall, limitedCall } from './limited-call.ts'

export interface ScheduleLoopParts {
  readonly plugin: string
  readonly runs: PluginRuns
  readonly clock: Clock
  readonly link: ControlLink | undefined
  readonly log: Logger
  readonly graceMs: number
  readonly quiet: AbortSignal
  readonly ended: AbortSignal
  readonly onRun: (state: RunEnd) => void
}

/** After this, a due time was missed, ms. */
const lateMs = 60_000
const defaultLimitMs = 600_000
const mostAttempts = 3
/** Of output, characters. */
const mostOutput = 65_536

/** One schedule of a plugin: waits for its due times, one run after the other. */
export class ScheduleLoop {
  readonly #parts: ScheduleLoopParts
  readonly #schedule: Schedule
  readonly #times: CronTimes
  #running = false

  /** @throws StandinError `invalid` for its cron line or time zone */
  constructor(schedule: Schedule, parts: ScheduleLoopParts) {
    this.#parts = parts
    this.#schedule = schedule
    try {
      this.#times = parseCron(schedule.cron, schedule.timeZone)
    } catch (error) {
      throw new StandinError('invalid', `schedule ${schedule.id}: ${(error as Error).message}`, { cause: error })
    }
  }

  get view(): PluginSchedule {
    const { plugin, runs } = this.#parts
    const { id, cron, timeZone = 'UTC', onMissed = 'once' } = this.#schedule
    const next = runs.nextDue(plugin, id)
    return { id, cron, timeZone, onMissed, nextAt: next === null ? null : new Date(next).toISOString(), lastRun: runs.last(plugin, id) }
  }

  /** Nothing is running and nothing is due. */
  get idle(): boolean {
    const next = this.#parts.runs.nextDue(this.#parts.plugin, this.#schedule.id)
    return !this.#running && (next === null || next > this.#parts.clock.now())
  }

  /** Until it is to be quiet. @throws HungCall */
  async run(): Promise<void> {
    const { plugin, runs, clock, link, quiet } = this.#parts
    const { id, cron, timeZone = 'UTC', onMissed = 'once' } = this.#schedule
    await this.#resume()
    const line = { plugin, schedule: id, cron, timeZone }
    while (!quiet.aborted) {
      const dueAt = runs.dueAt(line, () => this.#times.next(clock.now()))
      if (dueAt === null) return
      if (dueAt > clock.now()) {
        await sleep(clock, dueAt - clock.now(), quiet).catch(() => {})
        continue
      }
      if (link !== undefined) await link.reached(quiet).catch(() => {})
      if (quiet.aborted) return
      const late = clock.now() - dueAt > lateMs
      const run = runs.begin(line, dueAt, this.#times.next(clock.now()))
      if (late && onMissed === 'skip') this.#finish(run, 'skipped', '', `it was due at ${new Date(dueAt).toISOString()} and is not made up`)
      else await this.#perform(run, dueAt, 1, late)
    }
  }

  /** What control left behind when it died, or was stopped, in the middle of it. */
  async #resume(): Promise<void> {
    const { plugin, runs, clock, link, quiet } = this.#parts
    const { id, onMissed = 'once' } = this.#schedule
    if (link !== undefined) await link.reached(quiet).catch(() => {})
    for (const left of runs.unfinished(plugin).filter(({ schedule }) => schedule === id)) {
      if (quiet.aborted) return
      const dueAt = Date.parse(left.dueAt)
      if (onMissed === 'skip') this.#finish(left.id, 'interrupted', left.output, 'control ended in the middle of it, and it is not made up')
      else if (left.attempt >= mostAttempts) {
        this.#finish(left.id, 'interrupted', left.output, interrupted(left.attempt))
      } else await this.#perform(left.id, dueAt, runs.again(left.id), clock.now() - dueAt > lateMs)
    }
  }

  async #perform(id: number, dueAt: number, attempt: number, late: boolean): Promise<void> {
    const { plugin, ended, graceMs, log, link } = this.#parts
    const outages = link?.outages
    const { id: schedule, timeoutMs: limitMs = defaultLimitMs } = this.#schedule
    const output = new Output()
    const what = `run ${id} of schedule ${schedule}`
    this.#running = true
    try {
      await limitedCall(what, { limitMs, graceMs }, ended, (signal) =>
        this.#schedule.run({ id, schedule, dueAt, attempt, late, signal, print: (line) => output.print(line) }),
      )
      this.#finish(id, 'succeeded', output.text, null)
    } catch (error) {
      // Stopped on the way: it stays as it is, and is called again at the next start.
      if (ended.aborted) return
      // Control went away in the middle of it: as if it had taken the plugin with it.
      if (link !== undefined && link.outages !== outages && !(error instanceof HungCall)) return this.#performAgain(id, dueAt, attempt)
      const message = String((error as Error)?.message ?? error).slice(0, 2_000)
      const tookTooLong =
        error instanceof HungCall || (error instanceof StandinError && error.code === 'timeout' && error.message.startsWith(what))
      this.#finish(id, tookTooLong ? 'timed-out' : 'failed', output.text, message)
      log.error({ err: error, run: id }, `plugin ${plugin}: ${what} failed: ${message}`)
      if (error instanceof HungCall) throw error
    } finally {
      this.#running = false
    }
  }

  async #performAgain(id: number, dueAt: number, attempt: number): Promise<void> {
    const { runs, clock, link, quiet } = this.#parts
    await link?.reached(quiet).catch(() => {})
    if (quiet.aborted) return
    if (attempt >= mostAttempts) return this.#finish(id, 'interrupted', '', interrupted(attempt))
    await this.#perform(id, dueAt, runs.again(id), clock.now() - dueAt > lateMs)
  }

  #finish(id: number, state: RunEnd, output: string, error: string | null): void {
    this.#parts.runs.finish(id, state, output, error)
    this.#parts.onRun(state)
  }
}

const interrupted = (attempts: number) => `control ended in the middle of it ${attempts} times: it is not tried any more`

class Output {
  text = ''
  #full = false

  print(line: string): void {
    if (this.#full) return
    this.text += `${line}\n`
    if (this.text.length <= mostOutput) return
    this.#full = true
    this.text = `${this.text.slice(0, mostOutput)}\n[cut off: a run keeps 64 KiB of output]\n`
  }
}
