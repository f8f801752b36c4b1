import type { HeldEntry, HeldHead, HeldSnapshot, HeldTable } from './held-table.ts'

/** Messages of the table that may be on their way to one worker. */
const inFlightLimit = 64

/** What is to be made of a worker's table. */
export type TableMessage<Entry extends HeldEntry, Head extends HeldHead> =
  | { readonly type: 'snapshot'; readonly snapshot: HeldSnapshot<Entry, Head> }
  | { readonly type: 'put'; readonly entry: Entry }
  | { readonly type: 'remove'; readonly environment: number }

/** Sends a message, and calls back when the channel has taken it. */
type Send<Entry extends HeldEntry, Head extends HeldHead> = (message: TableMessage<Entry, Head>, taken: () => void) => void

/**
 * Keeps one worker's table like the primary's. What is sent are states, not steps: a worker that can't keep up is owed the
 * ids that changed meanwhile, however often they did, so what waits for it never grows beyond the table.
 */
export class WorkerFeed<Entry extends HeldEntry, Head extends HeldHead> {
  readonly #table: HeldTable<Entry, Head>
  readonly #send: Send<Entry, Head>
  readonly #owed = new Set<number>()
  #owesSnapshot: boolean
  #inFlight = 0

  constructor(table: HeldTable<Entry, Head>, send: Send<Entry, Head>) {
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
      this.#hand({ type: 'snapshot', snapshot })
    }
    for (const environment of this.#owed) {
      if (this.#inFlight >= inFlightLimit) return
      this.#owed.delete(environment)
      const entry = this.#table.entry(environment)
      this.#hand(entry === undefined ? { type: 'remove', environment } : { type: 'put', entry })
    }
  }

  #hand(message: TableMessage<Entry, Head>): void {
    this.#inFlight++
    this.#send(message, () => {
      this.#inFlight--
      this.#settle()
    })
  }
}
