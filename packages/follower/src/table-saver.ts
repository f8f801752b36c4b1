import type { TableSnapshot } from '@standin/client'
import type { Log } from './log.ts'
import { writeTableFile } from './table-file.ts'

/** Changes are gathered for so long (ms) before they are written. */
const settleMs = 1_000
/** Writing takes at most one part in so many of the time, however big the table and however often it changes. */
const restPerWrite = 20

/** Writes the table to disk soon after it changed. A disk that is full costs one warning, not the service. */
export class TableSaver<T> {
  readonly #file: string
  readonly #kind: string
  readonly #snapshot: () => TableSnapshot<T> | undefined
  readonly #log: Log
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  #dirty = false
  #failing = false
  #delay = settleMs

  constructor(file: string, kind: string, snapshot: () => TableSnapshot<T> | undefined, log: Log) {
    this.#file = file
    this.#kind = kind
    this.#snapshot = snapshot
    this.#log = log
  }

  /** The table changed. */
  touch(): void {
    this.#dirty = true
    this.#arm()
  }

  /** Write now what is not yet written. Call when nothing changes any more. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#writing
    if (this.#dirty) await this.#write()
    clearTimeout(this.#timer)
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#writing !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined
        if (this.#dirty) this.#arm()
      })
    }, this.#delay)
    this.#timer.unref()
  }

  async #write(): Promise<void> {
    const snapshot = this.#snapshot()
    if (snapshot === undefined) return
    this.#dirty = false
    const started = performance.now()
    try {
      await writeTableFile(this.#file, this.#kind, snapshot)
      if (this.#failing) this.#log.info({ file: this.#file }, `the ${this.#kind} can be written to disk again`)
      this.#failing = false
    } catch (error) {
      this.#dirty = true
      if (!this.#failing) {
        const what = `the ${this.#kind} can not be written to ${this.#file}: ${(error as Error).message}; serving goes on, but a restart without control would serve an older table`
        this.#log.warn({ file: this.#file, code: (error as NodeJS.ErrnoException).code }, what)
      }
      this.#failing = true
    }
    this.#delay = Math.max(settleMs, (performance.now() - started) * restPerWrite)
  }
}
