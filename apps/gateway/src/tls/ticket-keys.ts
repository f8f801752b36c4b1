import { hkdfSync, randomBytes } from 'node:crypto'

/** How long session tickets are sealed with the same key, ms. */
const ticketKeyLifeMs = 12 * 3_600_000

/**
 * Keys that session tickets are sealed with (RFC 5077, section 4). All workers of a gateway have the same ones without a
 * word: they start from one seed and go on from it at the same times. An older key can't be found from a newer one, so
 * what was recorded yesterday stays closed to whoever gets hold of today's.
 */
export class TicketKeys {
  #seed: Buffer
  #period: number

  constructor(state: { seed: string; period: number } = { seed: randomBytes(32).toString('base64'), period: periodAt(Date.now()) }) {
    this.#seed = Buffer.from(state.seed, 'base64')
    this.#period = state.period
  }

  /** For a worker to start from; secret. */
  get state(): { seed: string; period: number } {
    return { seed: this.#seed.toString('base64'), period: this.#period }
  }

  /** The 48 bytes that `tls.Server` takes, for this time. */
  at(now: number): Buffer {
    for (const period = periodAt(now); this.#period < period; this.#period++) this.#seed = derive(this.#seed, 'next', 32)
    return derive(this.#seed, 'ticket', 48)
  }

  /** How long they are the right ones, ms. */
  static lifeLeft(now: number): number {
    return ticketKeyLifeMs - (now % ticketKeyLifeMs)
  }
}

const periodAt = (now: number): number => Math.floor(now / ticketKeyLifeMs)

const derive = (seed: Buffer, purpose: string, length: number): Buffer =>
  Buffer.from(hkdfSync('sha256', seed, '', `session tickets of a Standin gateway, ${purpose}`, length))
