/** Something that may send so and so many bytes a second. */
export interface Paced {
  readonly bytesPerSecond: number
  /** @param bytes that it may send now; less than one is added up by itself */
  allow(bytes: number): void
}

/** Milliseconds between two allowances. */
const tickMs = 20
/** What a busy or sleeping process has missed is not made up for beyond this: it would come as a burst. */
const longestMs = 200

/** One timer for all who are paced; it runs while there are any. */
export class Pacer {
  readonly #paced = new Set<Paced>()
  #timer: NodeJS.Timeout | undefined
  #last = 0

  get size(): number {
    return this.#paced.size
  }

  add(paced: Paced): void {
    this.#paced.add(paced)
    if (this.#timer !== undefined) return
    this.#last = performance.now()
    this.#timer = setInterval(() => this.#tick(), tickMs)
  }

  remove(paced: Paced): void {
    this.#paced.delete(paced)
    if (this.#paced.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #tick(): void {
    const now = performance.now()
    const elapsed = Math.min(now - this.#last, longestMs)
    this.#last = now
    for (const paced of this.#paced) paced.allow((paced.bytesPerSecond * elapsed) / 1000)
  }
}
