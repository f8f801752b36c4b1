import type { HeldTable } from './held-table.ts'
import type { ToWorker } from './messages.ts'

/** Messages of the table that may be on their way to one worker. */
const inFlightLimit = 64

/** Sends a message, and calls back when the channel has taken it. */
export type Send = (message: ToWorker, taken: () => void) => void

/**
 * Keeps one worker's table like the primary's. What is sent are states, not steps: a worker that can't keep up is owed the
 * ids that changed meanwhile, however often they did, so what waits for it never grows beyond the table.
 */
export class WorkerFeed {
  readonly #table: HeldTable
  readonly #send: Send
  readonly #owed = new Set<number>()
  #owesSnapshot: boolean
  #inFlight = 0

  constructor(table: HeldTable, send: Send) {
    this.#table = table
    this.#send = send
    this.#owesSnapshot = table.isThere
    this.#settle()
  }

  reset(): void {
    this.#owed.clear()
    this.#owesSnapshot = true
    this.#settle()
  }

  change(environment: number): void {
    if (this.#owesSnapshot) return
    // In the order of the last change: an alias that moves is taken from one before the other has it.
    this.#owed.delete(environment)
    this.#owed.add(environment)
    this.#settle()
  }

  #settle(): void {
    if (this.#owesSnapshot && this.#inFlight === 0) {
      const snapshot = this.#table.snapshot()
      if (snapshot === null) return
      this.#owesSnapshot = false
      this.#hand({ type: 'snapshot', snapshot, source: this.#table.source })
    }
    for (const environment of this.#owed) {
      if (this.#inFlight >= inFlightLimit) return
      this.#owed.delete(environment)
      const entry = this.#table.entry(environment)
      this.#hand(entry === undefined ? { type: 'remove', environment } : { type: 'put', entry })
    }
  }

  #hand(message: ToWorker): void {
    this.#inFlight++
    this.#send(message, () => {
      this.#inFlight--
      this.#settle()
    })
  }
}
