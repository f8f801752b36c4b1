import { windowUpdate } from './frames.ts'
import type { Outgoing } from './outgoing.ts'

/** What a client may send of bodies before it hears of us, over all streams of a connection, bytes. */
export const connectionWindow = 1024 * 1024
/**
 * What may wait for endpoints, over all streams: as much as sixteen streams may send. Up to it a slow endpoint holds up its
 * own upload only.
 */
const keptLimit = 4 * 1024 * 1024

/** Our window for what a client sends on a connection (RFC 9113, section 6.9): given back as it comes, unless too much waits. */
export class Inflow {
  readonly #outgoing: Outgoing
  #window = connectionWindow
  /** Came, and was not given back. */
  #owed = 0
  #kept = 0

  constructor(outgoing: Outgoing) {
    this.#outgoing = outgoing
  }

  /** @param length of a frame with its padding @returns false: the client may not send so much (RFC 9113, section 6.9.1) */
  receive(length: number): boolean {
    this.#window -= length
    if (this.#window < 0) return false
    this.#owed += length
    this.#giveBack()
    return true
  }

  /** So much waits for its endpoint. */
  keep(bytes: number): void {
    this.#kept += bytes
  }

  /** It was passed on, or is not wanted any more. */
  release(bytes: number): void {
    this.#kept -= bytes
    this.#giveBack()
  }

  #giveBack(): void {
    const owed = this.#owed
    if (owed < connectionWindow / 2 || this.#kept > keptLimit) return
    this.#owed = 0
    this.#window += owed
    this.#outgoing.add(windowUpdate(0, owed))
  }
}
