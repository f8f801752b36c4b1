import type { ActivityReport } from '@standin/client'
import type { ControlPort } from '../control-port.ts'

type Item = ActivityReport['items'][number]

/** Milliseconds in which several workers may report the same. */
const togetherMs = 50
/** Milliseconds between two reports to control, where one was not taken. */
const reportEveryMs = 5_000
const reportTimeoutMs = 2_000
/** The API takes no more in one report. */
const reportLimit = 20_000

/** The activity of all workers: the last one of each environment counts. Kept until control has taken it. */
export class ActivityMerge {
  readonly #control: Pick<ControlPort, 'reportActivity'>
  readonly #onFailure: (error: unknown) => void
  readonly #items = new Map<number, Item>()
  #failing = false
  #timer: NodeJS.Timeout | undefined
  #soon: NodeJS.Timeout | undefined
  #reporting: Promise<void> | undefined

  constructor(control: Pick<ControlPort, 'reportActivity'>, onFailure: (error: unknown) => void) {
    this.#control = control
    this.#onFailure = onFailure
  }

  start(): void {
    this.#timer = setInterval(() => void this.flush(), reportEveryMs)
    this.#timer.unref()
  }

  /** Stops reporting after a last attempt. @returns what control has not taken */
  async stop(): Promise<Item[]> {
    clearInterval(this.#timer)
    clearTimeout(this.#soon)
    await this.#reporting
    await this.flush()
    return [...this.#items.values()]
  }

  add(items: readonly Item[]): void {
    for (const item of items) {
      const before = this.#items.get(item.environment)
      if (before === undefined || before.at < item.at) this.#items.set(item.environment, item)
    }
    // Workers gather already; what one says at once, control should know at once.
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined
      void this.flush()
    }, togetherMs)
    this.#soon.unref()
  }

  flush(): Promise<void> {
    this.#reporting ??= this.#send().finally(() => {
      this.#reporting = undefined
    })
    return this.#reporting
  }

  async #send(): Promise<void> {
    const due = [...this.#items.values()]
    for (let start = 0; start < due.length; start += reportLimit) {
      const batch = due.slice(start, start + reportLimit)
      try {
        await this.#control.reportActivity(batch, AbortSignal.timeout(reportTimeoutMs))
      } catch (error) {
        if (!this.#failing) this.#onFailure(error)
        this.#failing = true
        return
      }
      this.#failing = false
      for (const item of batch) if (this.#items.get(item.environment) === item) this.#items.delete(item.environment)
    }
  }
}
