import { type Problem, StandinError } from '@standin/client'
import type { PluginContext } from '@standin/core'
import type { Ledger } from '../metering/usage-span.ts'
import type { Prices } from '../rates/prices.ts'
import type { Dimensions } from './dimensions.ts'
import { makeReport, type Report } from './report.ts'
import { planReport, type ReportPlan, type ReportRequest } from './report-request.ts'

/** `queued` → `running` → `done` or `failed`; `cancelled` from the first two. The last three are the end. */
type ReportState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'

/** One report that somebody asked for. */
export interface ReportJob {
  readonly id: string
  readonly request: ReportRequest
  readonly createdAt: number
  readonly state: ReportState
  readonly report: Report | null
  readonly error: Problem | null
}

interface Job extends ReportJob {
  readonly plan: ReportPlan
  readonly abort: AbortController
  state: ReportState
  report: Report | null
  error: Problem | null
}

/** They are made one after the other: control has other things to do. */
const mostWaiting = 10
const mostKept = 20
/** Of all reports that are kept, beyond the newest one. */
const mostRowsKept = 400_000

/** Makes reports in the background and keeps the last ones until the plugin ends; they do not survive that. */
export class ReportJobs {
  readonly #ledger: Pick<Ledger, 'spans'>
  readonly #prices: Prices
  readonly #dimensions: Dimensions
  readonly #timeZone: string
  readonly #context: Pick<PluginContext, 'clock' | 'log'>
  /** The oldest first. */
  readonly #jobs = new Map<string, Job>()
  #isWorking = false
  #isStopped = false

  constructor(
    ledger: Pick<Ledger, 'spans'>,
    prices: Prices,
    dimensions: Dimensions,
    timeZone: string,
    context: Pick<PluginContext, 'clock' | 'log'>,
  ) {
    this.#ledger = ledger
    this.#prices = prices
    this.#dimensions = dimensions
    this.#timeZone = timeZone
    this.#context = context
  }

  /** @throws StandinError what `planReport` throws; `overloaded` where ten wait already */
  create(request: ReportRequest): ReportJob {
    const now = this.#context.clock.now()
    const plan = planReport(request, this.#dimensions, this.#timeZone, now)
    const waiting = [...this.#jobs.values()].filter(({ state }) => state === 'queued').length
    if (waiting >= mostWaiting)
      throw new StandinError('overloaded', `${waiting} reports wait to be made already`, { hint: 'Try again in a minute' })
    const job: Job = {
      ...{ id: crypto.randomUUID(), request, createdAt: now, plan, abort: new AbortController() },
      ...{ state: 'queued', report: null, error: null },
    }
    this.#jobs.set(job.id, job)
    if (!this.#isWorking) void this.#work()
    return job
  }

  /** @throws StandinError `route_not_found` */
  get(id: string): ReportJob {
    return this.#get(id)
  }

  /** Stop making it, and forget it. @throws StandinError `route_not_found` */
  delete(id: string): void {
    this.#cancel(this.#get(id))
    this.#jobs.delete(id)
  }

  stop(): void {
    this.#isStopped = true
    for (const job of this.#jobs.values()) this.#cancel(job)
  }

  #get(id: string): Job {
    const job = this.#jobs.get(id)
    if (job !== undefined) return job
    throw new StandinError('route_not_found', `There is no report ${id.slice(0, 40)}`, {
      hint: `The last ${mostKept} are kept, until the plugin or the platform is started again: ask for it once more`,
    })
  }

  #cancel(job: Job): void {
    if (job.state !== 'queued' && job.state !== 'running') return
    job.state = 'cancelled'
    job.abort.abort(new StandinError('interrupted', 'the report was cancelled'))
  }

  async #work(): Promise<void> {
    this.#isWorking = true
    try {
      for (let job = this.#next(); job !== undefined; job = this.#next()) {
        await this.#make(job)
        this.#forget()
      }
    } finally {
      this.#isWorking = false
    }
  }

  #next(): Job | undefined {
    return this.#isStopped ? undefined : [...this.#jobs.values()].find(({ state }) => state === 'queued')
  }

  async #make(job: Job): Promise<void> {
    const { plan, abort } = job
    job.state = 'running'
    try {
      const spans = this.#ledger.spans({ from: plan.from, to: plan.to })
      const report = await makeReport(plan, spans, this.#prices, this.#dimensions, abort.signal)
      if (abort.signal.aborted) return
      job.report = report
      job.state = 'done'
    } catch (error) {
      if (abort.signal.aborted) return
      const known = error instanceof StandinError ? error : new StandinError('plugin_failed', `the report could not be made: ${error}`)
      if (known !== error) this.#context.log.error({ report: job.id }, `${error instanceof Error ? error.stack : error}`)
      job.error = known.toProblem()
      job.state = 'failed'
    }
  }

  #forget(): void {
    const ended = [...this.#jobs.values()].filter(({ state }) => state !== 'queued' && state !== 'running')
    let kept = 0
    let rows = 0
    for (const { id, report } of ended.toReversed()) {
      kept += 1
      rows += report?.rows.length ?? 0
      if (kept > 1 && (kept > mostKept || rows > mostRowsKept)) this.#jobs.delete(id)
    }
  }
}
