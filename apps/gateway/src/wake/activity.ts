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

/** Keeps what was not reported, from one gateway to the next. */
export interface ActivityKeeper {
  take(): Promise<ActivityReport['items']>
  keep(items: ActivityReport['items']): Promise<void>
}

/** Milliseconds between two reports. */
const reportEveryMs = 5_000
/** Milliseconds after which the first use of a while is reported: others may be about to use it as well. */
const firstReportMs = 200
/** The API takes no more in one report. */
const reportLimit = 20_000

/**
 * Keeps the last activity of each environment and tells control about it: the first use after a while at once, then in
 * batches, and whatever control didn't take as soon as it can be reached.
 */
export class Activity {
  readonly #records = new Map<number, ActivityRecord>()
  /** Of environments that left the table before control was told. */
  readonly #leaving = new Set<ActivityRecord>()
  readonly #report: ReportActivity
  readonly #now: () => number
  readonly #onFailure: (error: unknown) => void
  readonly #keeper: ActivityKeeper | null
  #failing = false
  #isStarted = false
  #timer: NodeJS.Timeout | undefined
  #soon: NodeJS.Timeout | undefined
  #reporting: Promise<void> | undefined
  #restoring: Promise<void> | undefined

  /**
   * @param onFailure told of the first of a row of reports that control did not take
   * @param keeper null: what was not reported is lost when the gateway stops
   */
  constructor(
    report: ReportActivity,
    onFailure: (error: unknown) => void = () => {},
    now: () => number = Date.now,
    keeper: ActivityKeeper | null = null,
  ) {
    this.#report = report
    this.#onFailure = onFailure
    this.#keeper = keeper
    this.#now = now
  }

  /** Takes up what the gateway before was not able to report. */
  start(): void {
    this.#isStarted = true
    this.#timer = setInterval(() => void this.flush(), reportEveryMs)
    this.#timer.unref()
    this.#restoring = this.#restoreKept()
  }

  /** Reports a last time, and keeps what control didn't take for the next gateway. */
  async stop(): Promise<void> {
    this.#isStarted = false
    clearInterval(this.#timer)
    clearTimeout(this.#soon)
    await this.#restoring
    await this.#reporting
    await this.flush()
    await this.#keeper?.keep(this.#due().map(itemOf))
  }

  record(environment: number): ActivityRecord {
    let record = this.#records.get(environment)
    if (record === undefined) {
      record = { environment, open: 0, at: 0, method: '', host: '', reported: 0 }
      this.#records.set(environment, record)
    }
    return record
  }

  /** It left the table. What control wasn't told yet is still reported: it may only be stopped, or come back. */
  forget(environment: number): void {
    const record = this.#records.get(environment)
    if (record === undefined) return
    this.#records.delete(environment)
    if (record.at > record.reported) this.#leaving.add(record)
  }

  begin(record: ActivityRecord, method: string, host: string): void {
    record.open++
    record.at = this.#now()
    record.method = method
    record.host = host
    if (this.#soon === undefined && record.at - record.reported > reportEveryMs && this.#isStarted) this.#flushSoon()
  }

  end(record: ActivityRecord): void {
    record.open--
    record.at = this.#now()
  }

  /** Its state changes: whoever decides about it next should know who used it last. */
  settle(environment: number): void {
    const record = this.#records.get(environment)
    if (record !== undefined && record.at > record.reported && this.#isStarted) void this.flush()
  }

  /** Reports what is new. What control didn't take is kept for the next time. */
  flush(): Promise<void> {
    this.#reporting ??= this.#send().finally(() => {
      this.#reporting = undefined
    })
    return this.#reporting
  }

  #flushSoon(): void {
    this.#soon = setTimeout(() => {
      void this.flush()
      // Not before the next regular one is near: an environment in use is reported every few seconds, not all the time.
      this.#soon = setTimeout(() => {
        this.#soon = undefined
      }, firstReportMs)
      this.#soon.unref()
    }, firstReportMs)
    this.#soon.unref()
  }

  async #restoreKept(): Promise<void> {
    for (const { environment, at, cause } of (await this.#keeper?.take()) ?? []) this.#restore(environment, Date.parse(at), cause)
    if (this.#isStarted && this.#due().length > 0) this.#flushSoon()
  }

  #restore(environment: number, at: number, cause: string): void {
    const record = this.record(environment)
    if (at <= record.at) return
    const space = cause.indexOf(' ')
    record.at = at
    record.method = cause.slice(0, Math.max(0, space))
    record.host = cause.slice(space + 1)
  }

  #due(): ActivityRecord[] {
    return [...this.#records.values(), ...this.#leaving].filter((record) => record.at > record.reported)
  }

  async #send(): Promise<void> {
    const now = this.#now()
    for (const record of this.#records.values()) if (record.open > 0) record.at = now
    const due = this.#due()
    for (let start = 0; start < due.length; start += reportLimit) {
      const batch = due.slice(start, start + reportLimit).map((record) => ({ record, at: record.at }))
      try {
        await this.#report(batch.map(({ record }) => itemOf(record)))
      } catch (error) {
        // The records keep what is due.
        if (!this.#failing) this.#onFailure(error)
        this.#failing = true
        return
      }
      this.#failing = false
      for (const { record, at } of batch) {
        record.reported = at
        if (record.at === at) this.#leaving.delete(record)
      }
    }
  }
}

const itemOf = ({ environment, at, method, host }: ActivityRecord): ActivityReport['items'][number] => ({
  environment,
  at: new Date(at).toISOString(),
  cause: `${method} ${host}`.trim().slice(0, 200),
})
