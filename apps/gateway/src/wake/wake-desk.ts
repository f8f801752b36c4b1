import { StandinError } from '@standin/client/errors'
import type { Abortable, Exchange } from '../exchange/exchange.ts'
import type { WaitingPlace } from '../exchange/gateway.ts'
import type { RoutedEnvironment } from '../routing/router.ts'
import { treatment } from './treatment.ts'

/** Asks control to resume an environment. Rejects with a `StandinError`. */
export type ResumeEnvironment = (environment: number, reason: string, signal: AbortSignal) => Promise<unknown>

export interface WakeLimits {
  /** How long one request waits, ms. */
  holdMs: number
  perEnvironment: number
  overall: number
}
export const defaultWakeLimits: WakeLimits = { holdMs: 30_000, perEnvironment: 500, overall: 5_000 }

/** Milliseconds until control is asked again when it can't be reached: 250, 500, 1000, then 2000. */
const retryDelay = (attempt: number) => Math.min(250 * 2 ** attempt, 2_000)

/**
 * Where requests wait for their environment. However many wait for one, control is asked once; it is asked again only
 * when it could not be reached. The table's next entry for the environment ends the wait.
 */
export class WakeDesk implements WaitingPlace {
  readonly #resume: ResumeEnvironment
  readonly #release: (exchange: Exchange) => void
  readonly #limits: WakeLimits
  readonly #rooms = new Map<number, WaitingRoom>()
  #waiting = 0
  #closed = false

  /** @param release lets an exchange go on from routing */
  constructor(resume: ResumeEnvironment, release: (exchange: Exchange) => void, limits: WakeLimits = defaultWakeLimits) {
    this.#resume = resume
    this.#release = release
    this.#limits = limits
  }

  /** How many requests wait now. */
  get waiting(): number {
    return this.#waiting
  }

  hold(exchange: Exchange, environment: RoutedEnvironment, wake: boolean): void {
    if (this.#closed) {
      exchange.refuse(goingAway(), { retryAfterSeconds: 1 })
      return
    }
    const { entry } = environment
    const id = entry.environment
    const room = this.#rooms.get(id) ?? new WaitingRoom()
    const { perEnvironment, overall, holdMs } = this.#limits
    if (room.holds.size >= perEnvironment || this.#waiting >= overall) {
      const error = new StandinError(
        'no_endpoint',
        `Environment ${id} (${entry.name}) is ${entry.state}, and too many requests wait for it already`,
      )
      exchange.refuse(error, { retryAfterSeconds: 5 })
      return
    }
    const now = performance.now()
    if (exchange.holdDeadline === 0) exchange.holdDeadline = now + holdMs
    this.#rooms.set(id, room)
    room.environment = environment
    const hold = new Hold(exchange, now, () => this.#leave(id, room, hold))
    room.holds.add(hold)
    this.#waiting++
    exchange.phase = 'held'
    exchange.pending = hold
    hold.timer = setTimeout(() => this.#expire(id, room, hold), exchange.holdDeadline - now)
    if (wake && !room.asked) this.#ask(id, room, exchange.host)
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
        // It went to sleep again after it had begun to wake.
        if (room.sawProgress) this.#ask(id, room, [...room.holds][0]?.exchange.host ?? '')
        return
      }
    }
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
      for (const hold of room.holds) {
        this.#leave(id, room, hold)
        hold.finish()
        hold.exchange.refuse(goingAway(), { retryAfterSeconds: 1 })
      }
    }
  }

  #leave(id: number, room: WaitingRoom, hold: Hold): void {
    clearTimeout(hold.timer)
    if (!room.holds.delete(hold)) return
    this.#waiting--
    if (room.holds.size > 0) return
    this.#rooms.delete(id)
    room.call?.abort()
  }

  #expire(id: number, room: WaitingRoom, hold: Hold): void {
    this.#leave(id, room, hold)
    hold.finish()
    const entry = room.environment?.entry
    const why = room.lastError === null ? (entry?.reason ?? '') : room.lastError.message
    hold.exchange.refuse(
      new StandinError(
        'wake_timeout',
        `Environment ${id} (${entry?.name}) is still ${entry?.state} after ${Math.round(this.#limits.holdMs / 1000)} s: ${why}`,
        {
          hint: `\`standin show ${id}\` tells what it waits for`,
        },
      ),
      { retryAfterSeconds: 5 },
    )
  }

  #ask(id: number, room: WaitingRoom, host: string): void {
    room.asked = true
    room.sawProgress = false
    void this.#askUntilHeard(id, room, host)
  }

  async #askUntilHeard(id: number, room: WaitingRoom, host: string): Promise<void> {
    room.call?.abort()
    const call = new AbortController()
    room.call = call
    for (let attempt = 0; !call.signal.aborted; attempt++) {
      try {
        await this.#resume(id, `a request to ${host}`, call.signal)
        room.lastError = null
        return
      } catch (error) {
        if (call.signal.aborted) return
        room.lastError =
          error instanceof StandinError ? error : new StandinError('unreachable', 'The control plane can not be reached', { cause: error })
        // It is on its way already: the table will say so.
        if (room.lastError.code === 'state_conflict') return
        if (room.lastError.kind === 'authentication' || room.lastError.kind === 'usage') return this.#giveUp(id, room, room.lastError)
      }
      await pause(retryDelay(attempt), call.signal)
    }
  }

  #giveUp(id: number, room: WaitingRoom, error: StandinError): void {
    const entry = room.environment?.entry
    for (const hold of room.holds) {
      this.#leave(id, room, hold)
      hold.finish()
      hold.exchange.refuse(
        new StandinError('no_endpoint', `Environment ${id} (${entry?.name}) is ${entry?.state} and could not be woken: ${error.message}`, {
          cause: error,
        }),
        { retryAfterSeconds: 10 },
      )
    }
  }
}

/** All who wait for one environment. */
class WaitingRoom {
  readonly holds = new Set<Hold>()
  environment: RoutedEnvironment | undefined
  /** Control was asked, or is being asked. */
  asked = false
  /** Since then the environment was seen on its way. */
  sawProgress = false
  call: AbortController | undefined
  lastError: StandinError | null = null
}

/** One exchange that waits. */
class Hold implements Abortable {
  readonly exchange: Exchange
  timer: NodeJS.Timeout | undefined
  readonly #since: number
  readonly #leave: () => void

  constructor(exchange: Exchange, since: number, leave: () => void) {
    this.exchange = exchange
    this.#since = since
    this.#leave = leave
  }

  /** The client went away. */
  abort(): void {
    this.#leave()
  }

  finish(): void {
    this.exchange.pending = null
    this.exchange.heldMs += performance.now() - this.#since
  }
}

const goingAway = () => new StandinError('no_endpoint', 'The gateway is going out of service')

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
