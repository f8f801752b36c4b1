/** Bytes that a first piece has room for, at least. */
const smallest = 512

/**
 * Bytes that came before anybody wanted them. They are copied: a piece of a few bytes would hold on to all that was read
 * together with it, and be an object of its own besides.
 */
export class KeptBytes {
  length = 0
  #bytes: Buffer | null = null

  add(chunk: Buffer): void {
    const needed = this.length + chunk.length
    let bytes = this.#bytes
    if (bytes === null || needed > bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(smallest, needed, 2 * this.length))
      bytes?.copy(grown, 0, 0, this.length)
      this.#bytes = grown
      bytes = grown
    }
    chunk.copy(bytes, this.length)
    this.length = needed
  }

  /** All of them, which are the caller's from now on; null: there are none. */
  take(): Buffer | null {
    const bytes = this.#bytes
    if (bytes === null) return null
    const all = bytes.subarray(0, this.length)
    this.length = 0
    this.#bytes = null
    return all
  }
}
