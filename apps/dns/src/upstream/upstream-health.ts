/**
 * - `unknown`: never asked
 * - `healthy`: the last one that was asked was answered
 * - `failing`: some were not, or not yet: others go first
 * - `down`: asked only to see whether it is back, or where nobody else is there
 */
export type HealthState = 'unknown' | 'healthy' | 'failing' | 'down'
type HealthEvent = 'answered' | 'late' | 'missed' | 'missedAgain'

const transitions: Readonly<Record<HealthState, Readonly<Record<HealthEvent, HealthState>>>> = {
  unknown: { answered: 'healthy', late: 'failing', missed: 'failing', missedAgain: 'down' },
  healthy: { answered: 'healthy', late: 'failing', missed: 'failing', missedAgain: 'down' },
  failing: { answered: 'healthy', late: 'failing', missed: 'failing', missedAgain: 'down' },
  down: { answered: 'healthy', late: 'down', missed: 'down', missedAgain: 'down' },
}

/** Misses in a row after which an upstream is down. */
const missesUntilDown = 3
const firstTimeoutMs = 400
const shortestTimeoutMs = 200
const longestTimeoutMs = 1500
/** How often one that isn't the best is asked too, to see how it is. */
const probeEveryMs = 5000
const shortestAbsenceMs = 1000
const longestAbsenceMs = 30_000

/** What is known of one upstream from its answers: whether it gives any, and how fast. All times in milliseconds. */
export class UpstreamHealth {
  #state: HealthState = 'unknown'
  #reason = 'not asked yet'
  #misses = 0
  #smoothed: number | undefined
  #variation = 0
  #absenceMs = shortestAbsenceMs
  #nextProbe = 0
  #downSince = 0
  readonly #onChange: (state: HealthState, reason: string) => void

  constructor(onChange: (state: HealthState, reason: string) => void = () => {}) {
    this.#onChange = onChange
  }

  get state(): HealthState {
    return this.#state
  }

  /** Why it is in this state, for people. */
  get reason(): string {
    return this.#reason
  }

  /** Smoothed round trip; undefined: none was measured. */
  get roundTrip(): number | undefined {
    return this.#smoothed
  }

  /** After which another try is due: RFC 6298, section 2, with bounds that suit name servers. */
  get timeoutMs(): number {
    if (this.#smoothed === undefined) return firstTimeoutMs
    return Math.min(Math.max(this.#smoothed + 4 * this.#variation, shortestTimeoutMs), longestTimeoutMs)
  }

  /** `roundTrip` undefined: not measured, as it came over a connection that had to be opened, say. */
  answered(roundTrip: number | undefined, now: number): void {
    if (roundTrip !== undefined) this.#measure(roundTrip)
    this.#misses = 0
    this.#absenceMs = shortestAbsenceMs
    this.#nextProbe = now + probeEveryMs
    this.#move('answered', 'it answered', now)
  }

  /** Another one was asked, as it took longer than usual. */
  late(now: number): void {
    this.#move('late', 'it takes longer than usual', now)
  }

  /** `sentAt`: when it was asked. What was on its way when it went down says nothing new. */
  missed(reason: string, now: number, sentAt = now): void {
    if (this.#state === 'down' && sentAt < this.#downSince) return
    this.#misses++
    if (this.#state === 'down') this.#absenceMs = Math.min(this.#absenceMs * 2, longestAbsenceMs)
    this.#move(this.#misses >= missesUntilDown ? 'missedAgain' : 'missed', reason, now)
    this.#nextProbe = now + (this.#state === 'down' ? this.#absenceMs : probeEveryMs)
  }

  /** Whether it should be asked beside the best one, and notes that it is. */
  takeProbe(now: number): boolean {
    if (now < this.#nextProbe) return false
    this.#nextProbe = now + Math.max(probeEveryMs, this.#absenceMs)
    return true
  }

  #measure(sample: number): void {
    if (this.#smoothed === undefined) {
      this.#smoothed = sample
      this.#variation = sample / 2
      return
    }
    this.#variation += (Math.abs(this.#smoothed - sample) - this.#variation) / 4
    this.#smoothed += (sample - this.#smoothed) / 8
  }

  #move(event: HealthEvent, reason: string, now: number): void {
    const next = transitions[this.#state][event]
    if (next === this.#state) return
    if (next === 'down') this.#downSince = now
    this.#state = next
    this.#reason = reason
    this.#onChange(next, reason)
  }
}
