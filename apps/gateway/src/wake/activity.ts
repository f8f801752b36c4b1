import type { ActivityReport } from '@standin/client'

/** Who used an environment last. One object per environment for as long as it is in the table; requests write into it. */
export interface ActivityRecord {
  readonly environment: number
  /** Requests, streams and WebSockets that are open now: while there are any, the environment is in use. */
  open: number
  /** Milliseconds since the epoch; 0: not used yet. */
  at: number
  method: string
  host: string
  /** What of this was reported already, as `at`. */
  reported: number
}

export type ReportActivity = (items: ActivityReport['items']) => Promise<void>

/** Milliseconds between two reports. */
const reportEveryMs = 5_000
/** The API takes no more in one report. */
const reportLimit = 20_000

/** Keeps the last activity of each environment and tells control about it, in batches, as soon as control can be reached. */
export class Activity {
  readonly #records = new Map<number, ActivityRecord>()
  readonly #report: ReportActivity
  readonly #now: () => number
  readonly #onFailure: (error: unknown) => void
  #failing = false
  #timer: NodeJS.Timeout | undefined
  #reporting: Promise<void> | undefined

  /** @param onFailure told of the first of a row of reports that control did not take */
  constructor(report: ReportActivity, onFailure: (error: unknown) => void = () => {}, now: () => number = Date.now) {
    this.#report = report
    this.#onFailure = onFailure
    this.#now = now
  }

  start(): void {
    this.#timer = setInterval(() => void this.flush(), reportEveryMs)
    this.#timer.unref()
  }

  /** Stops reporting after a last attempt. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#reporting
    await this.flush()
  }

  record(environment: number): ActivityRecord {
    let record = this.#records.get(environment)
    if (record === undefined) {
      record = { environment, open: 0, at: 0, method: '', host: '', reported: 0 }
      this.#records.set(environment, record)
    }
    return record
  }

  forget(environment: number): void {
    this.#records.delete(environment)
  }

  begin(record: ActivityRecord, method: string, host: string): void {
    record.open++
    record.at = this.#now()
    record.method = method
    record.host = host
  }

  end(record: ActivityRecord): void {
    record.open--
    record.at = this.#now()
  }

  /** Reports what is new. What control didn't take is kept for the next time. */
  flush(): Promise<void> {
    this.#reporting ??= this.#send().finally(() => {
      this.#reporting = undefined
    })
    return this.#reporting
  }

  async #send(): Promise<void> {
    const now = this.#now()
    const due: ActivityRecord[] = []
    for (const record of this.#records.values()) {
      if (record.open > 0) record.at = now
      if (record.at > record.reported) due.push(record)
    }
    for (let start = 0; start < due.length; start += reportLimit) {
      const batch = due.slice(start, start + reportLimit).map((record) => ({ record, at: record.at }))
      try {
        await this.#report(
          batch.map(({ record, at }) => ({
            environment: record.environment,
            at: new Date(at).toISOString(),
            cause: `${record.method} ${record.host}`.slice(0, 200),
          })),
        )
      } catch (error) {
        // The records keep what is due.
        if (!this.#failing) this.#onFailure(error)
        this.#failing = true
        return
      }
      this.#failing = false
      for (const { record, at } of batch) record.reported = at
    }
  }
}
