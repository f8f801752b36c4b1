import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { StandinError } from '@standin/client'

export interface Rate {
  /** So many at once, after a while of nothing. */
  readonly burst: number
  readonly perSecond: number
  /** So many may wait; who does not wait for its turn before it asks again is refused. Default 10,000. */
  readonly mostWaiting?: number
}

/** What needs no wait must not keep others from theirs either. */
const yieldEvery = 64
/** For so long after it was too much it is shown, ms. */
const shownMs = 60_000

/** A token bucket. By the machine's clock: it guards the machine. */
export class Turns {
  readonly #rate: Rate
  #tokens: number
  #filledAt = performance.now()
  #waiting = 0
  #taken = 0
  #exceededAt = Number.NEGATIVE_INFINITY
  /** For how long somebody had to wait, in all. */
  waitedMs = 0

  constructor(rate: Rate) {
    this.#rate = rate
    this.#tokens = rate.burst
  }

  /** Somebody had to wait or went without, just now or a little while ago. */
  get isExceeded(): boolean {
    return this.#waiting > 0 || performance.now() - this.#exceededAt < shownMs
  }

  /** Whether there is a turn right now; it is taken then. */
  tryTake(): boolean {
    this.#fill()
    if (this.#tokens < 1) {
      this.#exceededAt = this.#filledAt
      return false
    }
    this.#tokens -= 1
    return true
  }

  /** Wait for so many turns. @throws StandinError `overloaded` where too many wait already; the signal's reason */
  async take(count: number, signal: AbortSignal): Promise<void> {
    this.#fill()
    const { mostWaiting = 10_000 } = this.#rate
    const waitMs = Math.max(0, ((count - this.#tokens) / this.#rate.perSecond) * 1_000)
    if (waitMs > 0) this.#exceededAt = this.#filledAt
    if (waitMs > 0 && this.#waiting >= mostWaiting) {
      throw new StandinError('overloaded', `${mostWaiting} changes of this plugin wait for their turn already`, {
        hint: 'Await each change, or make them fewer',
      })
    }
    this.#tokens -= count
    this.#taken += 1
    if (waitMs === 0) {
      if (this.#taken % yieldEvery === 0) await nextTurn()
      return
    }
    this.#waiting += 1
    this.waitedMs += Math.round(waitMs)
    try {
      await pause(waitMs, undefined, { signal })
    } catch (error) {
      throw signal.aborted ? signal.reason : error
    } finally {
      this.#waiting -= 1
    }
  }

  #fill(): void {
    const now = performance.now()
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + ((now - this.#filledAt) / 1_000) * this.#rate.perSecond)
    this.#filledAt = now
  }
}
