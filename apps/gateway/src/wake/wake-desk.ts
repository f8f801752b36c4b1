import { StandinError } from '@standin/client/errors'
import type { Exchange } from '../exchange/exchange.ts'
import type { WaitingPlace } from '../exchange/gateway.ts'
import type { RoutedEnvironment } from '../routing/target.ts'
import { isPageLoad } from './page-load.ts'
import { sendWaitingPage } from './send-waiting-page.ts'
import { treatment } from './treatment.ts'
import { Hold, WaitingRoom } from './waiting-room.ts'
import { askUntilHeard } from './wake-call.ts'

/** Asks control to resume an environment. Rejects with a `StandinError`. */
export type ResumeEnvironment = (environment: number, reason: string, signal: AbortSignal) => Promise<unknown>

export interface WakeLimits {
  /** How long one request waits, ms. */
  holdMs: number
  /** How long a page load waits before it gets the waiting page instead, ms. Waking takes less, as a rule. */
  pageAfterMs: number
  perEnvironment: number
  overall: number
}
const defaultWakeLimits: WakeLimits = { holdMs: 30_000, pageAfterMs: 400, perEnvironment: 500, overall: 5_000 }

/**
 * Where requests wait for their environment. However many wait for one, control is asked once; it is asked again only
 * when it could not be reached. The table's next entry for the environment ends the wait. A page load waits a moment
 * and gets the waiting page then, which waits in its place.
 */
export class WakeDesk implements WaitingPlace {
  readonly #resume: ResumeEnvironment
  readonly #release: (exchange: Exchange) => void
  readonly #limits: WakeLimits
  readonly #rooms = new Map<number, WaitingRoom>()
  /** Told when there is something new about waking an environment. */
  readonly #onTrouble: (id: number, environment: RoutedEnvironment) => void
  #waiting = 0
  #closed = false

  /** @param release lets an exchange go on from routing */
  constructor(
    resume: ResumeEnvironment,
    release: (exchange: Exchange) => void,
    limits: Partial<WakeLimits> = {},
    onTrouble: (id: number, environment: RoutedEnvironment) => void = () => {},
  ) {
    this.#resume = resume
    this.#release = release
    this.#limits = { ...defaultWakeLimits, ...limits }
    this.#onTrouble = onTrouble
  }

  /** How many requests wait now. */
  get waiting(): number {
    return this.#waiting
  }

  /** For how many environments somebody waits now, be it in front of the waiting page. */
  get awaited(): number {
    return this.#rooms.size
  }

  /** Why control could not be asked to wake it so far; empty: nothing is in the way, or nobody asked. */
  troubleOf(id: number): string {
    return this.#rooms.get(id)?.lastError?.message ?? ''
  }

  hold(exchange: Exchange, environment: RoutedEnvironment, wake: boolean): void {
    if (this.#closed) {
      exchange.refuse(goingAway(), { retryAfterSeconds: 1 })
      return
    }
    const id = environment.entry.environment
    const room = this.#rooms.get(id) ?? new WaitingRoom(environment)
    room.environment = environment
    const isFull = room.holds.size >= this.#limits.perEnvironment || this.#waiting >= this.#limits.overall
    const getsPage = isPageLoad(exchange.head)
    if (isFull && !getsPage) {
      exchange.refuse(tooManyWait(environment), { retryAfterSeconds: 5 })
      return
    }
    this.#rooms.set(id, room)
    if (isFull) this.#showPage(id, room, exchange)
    else this.#admit(id, room, exchange, getsPage)
    if (wake && !room.asked) this.#ask(id, room, exchange.host)
  }

  #admit(id: number, room: WaitingRoom, exchange: Exchange, getsPage: boolean): void {
    const now = performance.now()
    if (exchange.holdDeadline === 0) exchange.holdDeadline = now + (getsPage ? this.#limits.pageAfterMs : this.#limits.holdMs)
    const hold = new Hold(exchange, now, () => this.#leave(id, room, hold))
    room.holds.add(hold)
    this.#waiting++
    exchange.phase = 'held'
    exchange.pending = hold
    hold.timer = setTimeout(() => this.#expire(id, room, hold, getsPage), exchange.holdDeadline - now)
  }

  /** The table has a new entry for this environment, or none any more. */
  settle(id: number, environment: RoutedEnvironment | undefined): void {
    const room = this.#rooms.get(id)
    if (room === undefined) return
    if (environment !== undefined) {
      room.environment = environment
      const what = treatment[environment.entry.state]
      if (what === 'hold') {
        room.sawProgress = true
        return
      }
      if (what === 'wake') {
        // It went to sleep again after it had begun to wake. Whoever looks at the page is asked; whoever is held can't be.
        const [first] = room.holds
        if (room.sawProgress && first !== undefined) this.#ask(id, room, first.exchange.host)
        return
      }
    }
    this.#forgetVisitors(id, room)
    for (const hold of room.holds) {
      this.#leave(id, room, hold)
      hold.finish()
      hold.exchange.phase = 'routing'
      this.#release(hold.exchange)
    }
  }

  /** Nobody waits any longer: the gateway stops. */
  close(): void {
    this.#closed = true
    for (const [id, room] of this.#rooms) {
      this.#forgetVisitors(id, room)
      this.#refuseAll(id, room, goingAway(), 1)
    }
  }

  #leave(id: number, room: WaitingRoom, hold: Hold): void {
    clearTimeout(hold.timer)
    if (!room.holds.delete(hold)) return
    this.#waiting--
    this.#clear(id, room)
  }

  #clear(id: number, room: WaitingRoom): void {
    if (!room.isEmpty) return
    this.#rooms.delete(id)
    room.call?.abort()
  }

  #expire(id: number, room: WaitingRoom, hold: Hold, getsPage: boolean): void {
    // First: a room that nobody is in is gone, and with it the call to control.
    if (getsPage) this.#showPage(id, room, hold.exchange)
    this.#leave(id, room, hold)
    hold.finish()
    if (!getsPage) hold.exchange.refuse(notInTime(room, this.#limits.holdMs), { retryAfterSeconds: 5 })
  }

  #showPage(id: number, room: WaitingRoom, exchange: Exchange): void {
    clearTimeout(room.visitors)
    room.visitors = setTimeout(() => this.#forgetVisitors(id, room), this.#limits.holdMs)
    room.visitors.unref()
    sendWaitingPage(exchange, room.environment)
  }

  #forgetVisitors(id: number, room: WaitingRoom): void {
    clearTimeout(room.visitors)
    room.visitors = undefined
    this.#clear(id, room)
  }

  #ask(id: number, room: WaitingRoom, host: string): void {
    room.asked = true
    room.sawProgress = false
    room.call?.abort()
    const call = new AbortController()
    room.call = call
    const ask = (signal: AbortSignal) => this.#resume(id, `a request to ${host}`, signal)
    const onTrouble = (error: StandinError | null) => {
      const isNews = room.lastError?.message !== error?.message
      room.lastError = error
      if (isNews) this.#onTrouble(id, room.environment)
    }
    void askUntilHeard(ask, call.signal, onTrouble).then((refusal) => {
      if (refusal === null) return
      // The next request asks anew: a quota may be free by then.
      room.asked = false
      this.#refuseAll(id, room, couldNotBeWoken(room, refusal), 10)
    })
  }

  #refuseAll(id: number, room: WaitingRoom, error: StandinError, retryAfterSeconds: number): void {
    for (const hold of room.holds) {
      this.#leave(id, room, hold)
      hold.finish()
      hold.exchange.refuse(error, { retryAfterSeconds })
    }
  }
}

const goingAway = () => new StandinError('no_endpoint', 'The gateway is going out of service')

const tooManyWait = ({ entry: { environment, name, state } }: RoutedEnvironment) =>
  new StandinError('overloaded', `Environment ${environment} (${name}) is ${state}, and too many requests wait for it already`)

const notInTime = ({ environment: { entry }, lastError }: WaitingRoom, holdMs: number) => {
  const { environment: id, name, state, reason } = entry
  const seconds = Math.round(holdMs / 1000)
  const why = lastError === null ? reason : lastError.message
  return new StandinError(
    'wake_timeout',
    `Environment ${id} (${name}) is still ${state} after ${seconds} s${why === '' ? '' : `: ${why}`}`,
    {
      hint: `\`standin show ${id}\` tells what it waits for`,
    },
  )
}

const couldNotBeWoken = ({ environment: { entry } }: WaitingRoom, cause: StandinError) =>
  new StandinError(
    'no_endpoint',
    `Environment ${entry.environment} (${entry.name}) is ${entry.state} and could not be woken: ${cause.message}`,
    { cause, ...(cause.hint === undefined ? {} : { hint: cause.hint }) },
  )
