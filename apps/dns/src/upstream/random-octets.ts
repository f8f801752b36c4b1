import { randomFillSync } from 'node:crypto'

/** Unguessable numbers, drawn from the system in large pieces: one call for some hundred questions. */
export class RandomOctets {
  readonly #octets = Buffer.alloc(4096)
  #at = 4096

  octet(): number {
    if (this.#at >= this.#octets.length) {
      randomFillSync(this.#octets)
      this.#at = 0
    }
    return this.#octets[this.#at++] as number
  }

  uint16(): number {
    return (this.octet() << 8) | this.octet()
  }

  /** Below `limit`, which is at most 65536. What is left of an even share is too little to matter to who picks a socket. */
  below(limit: number): number {
    return this.uint16() % limit
  }
}
