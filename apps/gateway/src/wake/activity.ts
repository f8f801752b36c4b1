import type { ActivityReport } from '@standin/client'

/** Who used an environment last. One object per environment for as long as it is in the table; requests write into it. */
export interface ActivityRecord {
  readonly environment: number
  /** Requests, streams and WebSockets that are open now: while there are any, the environment is in use. */
  open: number
  /** Of them WebSockets, and the host of the last one. */
  sockets: number
  socketHost: string
  /** Milliseconds since the epoch; 0: not used yet. */
  at: number
  method: string
  host: string
  /** What of this was reported already, as `at`. */
  reported: number
}

/** Rejects where it was not taken. */
export type ReportActivity = (items: ActivityReport['items']) => Promise<void>

const webSocket = 'WebSocket'

/** Milliseconds between two reports. */
const reportEveryMs = 5_000
/** Milliseconds after which the first use of a while is reported: others may be about to use it as well. */
const firstReportMs = 200
/** The API takes no more in one report. */
const reportLimit = 20_000

/**
 * Keeps the last activity of each environment and reports it: the first use after a while at once, then in batches, and
 * whatever was not taken with the next one.
 */
export class Activity {
  readonly #records = new Map<number, ActivityRecord>()
  /** Of environments that left the table before control was told. */
  readonly #leaving = new Set<ActivityRecord>()
  readonly #report: ReportActivity
  readonly #now: () => number
  #isStarted = false
  #timer: NodeJS.Timeout | undefined
  #soon: NodeJS.Timeout | undefined
  #reporting: Promise<void> | undefined

  constructor(report: ReportActivity, now: () => number = Date.now) {
    this.#report = report
    this.#now = now
  }

  start(): void {
    this.#isStarted = true
    this.#timer = setInterval(() => void this.flush(), reportEveryMs)
    this.#timer.unref()
  }

  /** Reports a last time. */
  async stop(): Promise<void> {
    this.#isStarted = false
    clearInterval(this.#timer)
    clearTimeout(this.#soon)
    await this.#reporting
    await this.flush()
  }

  record(environment: number): ActivityRecord {
    let record = this.#records.get(environment)
    if (record === undefined) {
      record = { environment, open: 0, sockets: 0, socketHost: '', at: 0, method: '', host: '', reported: 0 }
      this.#records.set(environment, record)
    }
    return record
  }

  /** It left the table. What wasn't reported yet still is: it may only be stopped, or come back. */
  forget(environment: number): void {
    const record = this.#records.get(environment)
    if (record === undefined) return
    this.#records.delete(environment)
    if (record.at > record.reported) this.#leaving.add(record)
  }

  /** @param method `WebSocket` for one of those */
  begin(record: ActivityRecord, method: string, host: string): void {
    record.open++
    if (method === webSocket) {
      record.sockets++
      record.socketHost = host
    }
    record.at = this.#now()
    record.method = method
    record.host = host
    if (this.#soon === undefined && record.at - record.reported > reportEveryMs && this.#isStarted) this.#flushSoon()
  }

  /** @param method as it began */
  end(record: ActivityRecord, method: string): void {
    record.open--
    if (method === webSocket) record.sockets--
    record.at = this.#now()
  }

  /** Its state changes: whoever decides about it next should know who used it last. */
  settle(environment: number): void {
    const record = this.#records.get(environment)
    if (record !== undefined && record.at > record.reported && this.#isStarted) void this.flush()
  }

  /** Reports what is new. What was not taken is kept for the next time. */
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

  #due(): ActivityRecord[] {
    return [...this.#records.values(), ...this.#leaving].filter((record) => record.at > record.reported)
  }

  async #send(): Promise<void> {
    const now = this.#now()
    for (const record of this.#records.values()) if (record.open > 0) useOn(record, now)
    const due = this.#due()
    for (let start = 0; start < due.length; start += reportLimit) {
      const batch = due.slice(start, start + reportLimit).map((record) => ({ record, at: record.at }))
      try {
        await this.#report(batch.map(({ record }) => itemOf(record)))
      } catch {
        // The records keep what is due.
        return
      }
      for (const { record, at } of batch) {
        record.reported = at
        if (record.at === at) this.#leaving.delete(record)
      }
    }
  }
}

/** It is still in use. Where nothing else happened since the last report, a WebSocket that is open is the cause. */
const useOn = (record: ActivityRecord, now: number): void => {
  if (record.sockets > 0 && record.at <= record.reported) {
    record.method = webSocket
    record.host = record.socketHost
  }
  record.at = now
}

const itemOf = ({ environment, at, method, host }: ActivityRecord): ActivityReport['items'][number] => ({
  environment,
  at: new Date(at).toISOString(),
  cause: `${method} ${host}`.trim().slice(0, 200),
})
