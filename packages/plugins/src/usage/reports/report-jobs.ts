import { type Problem, StandinError } from '@standin/client'
import type { PluginContext } from '@standin/core'
import type { Ledger } from '../metering/usage-span.ts'
import type { Prices } from '../rates/prices.ts'
import type { Sight } from '../sight.ts'
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
  readonly sight: Sight
  readonly abort: AbortController
  state: ReportState
  report: Report | null
  error: Problem | null
}

/** They are made one after the other: control has other things to do. Nobody takes all places from the others. */
const mostWaiting = { each: 10, all: 50 }
const mostKept = { each: 20, all: 200 }
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

  /**
   * @param sight what it holds, and who may have it
   * @throws StandinError what `planReport` throws; `overloaded` where ten of one who asks wait already, or fifty in all
   */
  create(request: ReportRequest, sight: Sight): ReportJob {
    const now = this.#context.clock.now()
    const plan = planReport(request, this.#dimensions, this.#timeZone, now)
    const waiting = [...this.#jobs.values()].filter(({ state }) => state === 'queued')
    const own = waiting.filter((job) => job.sight.asker === sight.asker)
    if (own.length >= mostWaiting.each || waiting.length >= mostWaiting.all)
      throw new StandinError('overloaded', `${waiting.length} reports wait to be made already`, { hint: 'Try again in a minute' })
    const job: Job = {
      ...{ id: crypto.randomUUID(), request, createdAt: now, plan, sight, abort: new AbortController() },
      ...{ state: 'queued', report: null, error: null },
    }
    this.#jobs.set(job.id, job)
    if (!this.#isWorking) void this.#work()
    return job
  }

  /** @throws StandinError `route_not_found`, also for one that is another one's */
  get(id: string, sight: Sight): ReportJob {
    return this.#get(id, sight)
  }

  /** Stop making it, and forget it. @throws StandinError as `get` */
  delete(id: string, sight: Sight): void {
    this.#cancel(this.#get(id, sight))
    this.#jobs.delete(id)
  }

  stop(): void {
    this.#isStopped = true
    for (const job of this.#jobs.values()) this.#cancel(job)
  }

  #get(id: string, sight: Sight): Job {
    const job = this.#jobs.get(id)
    if (job !== undefined && sight.includes(job.sight)) return job
    throw new StandinError('route_not_found', `There is no report ${id.slice(0, 40)}`, {
      hint: `The last ${mostKept.each} are kept, until the plugin or the platform is started again: ask for it once more`,
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
    const { plan, sight, abort } = job
    job.state = 'running'
    try {
      const spans = this.#ledger.spans({ from: plan.from, to: plan.to })
      const report = await makeReport(plan, spans, this.#prices, this.#dimensions, abort.signal, sight)
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
    const keptOf = new Map<string, number>()
    for (const { id, report, sight } of ended.toReversed()) {
      const own = (keptOf.get(sight.asker) ?? 0) + 1
      keptOf.set(sight.asker, own)
      kept += 1
      rows += report?.rows.length ?? 0
      if (kept > 1 && (own > mostKept.each || kept > mostKept.all || rows > mostRowsKept)) this.#jobs.delete(id)
    }
  }
}
