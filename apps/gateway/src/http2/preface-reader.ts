/** What a client sends first (RFC 9113, section 3.4). */
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

export class PrefaceReader {
  #at = 0

  /** All of it has come. */
  get isComplete(): boolean {
    return this.#at === preface.length
  }

  /** @returns the index behind what belongs to it; -1: the client speaks something else */
  read(chunk: Buffer): number {
    const end = Math.min(chunk.length, preface.length - this.#at)
    if (chunk.toString('latin1', 0, end) !== preface.slice(this.#at, this.#at + end)) return -1
    this.#at += end
    return end
  }
}
