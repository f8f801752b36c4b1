import type { ActivityReport } from '@standin/client'
import type { ControlPort } from '../control-port.ts'

type Item = ActivityReport['items'][number]

/** Keeps what control has not taken beyond the end of this process, however it ends. */
export interface ActivityKeeper {
  read(): Promise<readonly Item[]>
  /** No items: nothing is left to keep. */
  write(items: readonly Item[]): Promise<void>
}

/** Milliseconds in which several workers may report the same. */
const togetherMs = 50
/** Milliseconds between two reports to control, where one was not taken. */
const reportEveryMs = 5_000
const reportTimeoutMs = 2_000
/** The API takes no more in one report. */
const reportLimit = 20_000

/**
 * What control is to be told of the activity of all workers: the last one of each environment. It stays here until
 * control has taken it; as soon as control didn't, it is on disk as well, for the gateway after this one.
 */
export class ActivityOutbox {
  readonly #control: Pick<ControlPort, 'reportActivity'>
  readonly #onFailure: (error: unknown, message: string) => void
  readonly #keeper: ActivityKeeper | null
  readonly #items = new Map<number, Item>()
  #failing = false
  #timer: NodeJS.Timeout | undefined
  #soon: NodeJS.Timeout | undefined
  #reporting: Promise<void> | undefined

  /**
   * @param onFailure told of the first of a row of reports that control did not take, and of what could not be kept
   * @param keeper null: what control did not take ends with this process
   */
  constructor(
    control: Pick<ControlPort, 'reportActivity'>,
    onFailure: (error: unknown, message: string) => void,
    keeper: ActivityKeeper | null = null,
  ) {
    this.#control = control
    this.#onFailure = onFailure
    this.#keeper = keeper
  }

  /** Takes up what the gateway before was not able to report. */
  start(): void {
    this.#timer = setInterval(() => void this.flush(), reportEveryMs)
    this.#timer.unref()
    void this.flush()
  }

  /** Reports a last time. What control doesn't take then is left to the next gateway. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    clearTimeout(this.#soon)
    await this.#reporting
    await this.flush()
  }

  add(items: readonly Item[]): void {
    for (const item of items) this.#merge(item)
    // Workers gather already; what one says at once, control should know at once.
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined
      void this.flush()
    }, togetherMs)
    this.#soon.unref()
  }

  /** Reports what is due, for instance because control is there again. */
  flush(): Promise<void> {
    this.#reporting ??= this.#send().finally(() => {
      this.#reporting = undefined
    })
    return this.#reporting
  }

  #merge(item: Item): void {
    const before = this.#items.get(item.environment)
    if (before === undefined || before.at < item.at) this.#items.set(item.environment, item)
  }

  async #send(): Promise<void> {
    await this.#takeKept()
    const due = [...this.#items.values()]
    for (let start = 0; start < due.length; start += reportLimit) {
      const batch = due.slice(start, start + reportLimit)
      try {
        await this.#control.reportActivity(batch, AbortSignal.timeout(reportTimeoutMs))
      } catch (error) {
        if (!this.#failing) this.#onFailure(error, 'control did not take the report of activity: it is kept')
        this.#failing = true
        break
      }
      this.#failing = false
      for (const item of batch) if (this.#items.get(item.environment) === item) this.#items.delete(item.environment)
    }
    try {
      await this.#takeKept()
      await this.#keeper?.write([...this.#items.values()])
    } catch (error) {
      this.#onFailure(error, 'activity that control did not take could not be written down')
    }
  }

  /** Of the gateway before, or of one whose port this one has taken over and that has ended since. */
  async #takeKept(): Promise<void> {
    for (const item of (await this.#keeper?.read()) ?? []) this.#merge(item)
  }
}
