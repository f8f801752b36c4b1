import { randomInt } from 'node:crypto'
import type { Source } from '../wire/source.ts'

export interface RateLimitOptions {
  /** Replies a second that one client network may get over UDP; 0: as many as it asks for. */
  readonly perSecond?: number
  /** Every how many replies above the limit one goes out cut (TC), so that a real asker comes again over TCP; 0: none. */
  readonly slip?: number
}

/** `cut`: header, question and TC only. */
export type Verdict = 'send' | 'cut' | 'drop'

/** A network of ordinary size behind one resolver asks for less; a flood with its forged addresses is no use any more. */
const defaultPerSecond = 1000
const defaultSlip = 2
/**
 * Networks that are counted at once. Those that fall together share an account: if one that comes began anew, a flood could
 * have its victim's account cleared by what it sends in the names of others.
 */
const buckets = 4096

/**
 * Limits replies by client network (IPv4 /24, IPv6 /56), for whoever forges its address wants them sent there: "Response
 * Rate Limiting in the Domain Name System", as in BIND 9. Unlike there a network has one account, whatever it asks. It is for
 * UDP alone: over TCP nobody answers for another. Loopback is exempt.
 */
export class RateLimit {
  readonly #perSecond: number
  readonly #slip: number
  readonly #credits = new Float64Array(buckets)
  readonly #times = new Float64Array(buckets).fill(Number.NEGATIVE_INFINITY)
  readonly #slipped = new Uint32Array(buckets)
  readonly #seed = randomInt(0x7fff_ffff)

  constructor(options: RateLimitOptions = {}) {
    this.#perSecond = options.perSecond ?? defaultPerSecond
    this.#slip = options.slip ?? defaultSlip
  }

  /** Counts one reply to `source` at the time `now`, milliseconds. */
  judge(source: Source, now: number): Verdict {
    if (this.#perSecond === 0 || source.isLoopback) return 'send'
    const isIPv4 = source.isIPv4
    const upper = isIPv4 ? source.word2 : source.word0
    const lower = isIPv4 ? source.word3 >>> 8 : source.word1 >>> 8
    const mixed = Math.imul(Math.imul(upper ^ this.#seed, 0x85eb_ca6b) ^ lower, 0xc2b2_ae35)
    const bucket = (mixed ^ (mixed >>> 15)) & (buckets - 1)
    const earned = ((now - (this.#times[bucket] as number)) / 1000) * this.#perSecond
    // A second's worth can be saved up: askers come in bursts.
    const credit = Math.min(this.#perSecond, (this.#credits[bucket] as number) + earned)
    this.#times[bucket] = now
    if (credit >= 1) {
      this.#credits[bucket] = credit - 1
      return 'send'
    }
    this.#credits[bucket] = credit
    const count = (this.#slipped[bucket] as number) + 1
    this.#slipped[bucket] = count
    return this.#slip > 0 && count % this.#slip === 0 ? 'cut' : 'drop'
  }
}
