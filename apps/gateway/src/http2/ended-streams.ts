/** How many are remembered. */
const size = 256

/** The last streams that ended on a connection, so that what still comes on one of them can be judged (RFC 9113, section 5.1). */
export class EndedStreams {
  readonly #ids = new Int32Array(size)
  #next = 0

  /** @param wasReset by us: the client may not know of it yet */
  add(id: number, wasReset: boolean): void {
    this.#ids[this.#next] = wasReset ? -id : id
    this.#next = (this.#next + 1) % size
  }

  wasReset(id: number): boolean {
    return this.#ids.includes(-id)
  }

  has(id: number): boolean {
    return this.#ids.includes(id)
  }
}
