/**
 * Slots that a hash may be in, in two neighbouring lines of the processor's cache, which are often fetched together. More are
 * not looked at, so nobody can make a look-up slow.
 */
const ways = 16
/** A hash and a position. */
const slotWords = 2
const setWords = ways * slotWords
const lineWords = setWords / 2

/** Where the replies of some hashes are: up to sixteen that fall together. */
export class ReadyIndex {
  /** Pairs of a hash and a position; position 0: nothing there. */
  readonly #words: Int32Array
  readonly #lastLine: number
  #nextWay = 0

  /** `slots`: a power of two, sixteen at least. */
  constructor(slots: number) {
    this.#words = new Int32Array(slots * slotWords)
    this.#lastLine = this.#words.length / lineWords - 1
  }

  /** Reads a word of the line in which a hash is looked for first, so that it is near. */
  touch(hash: number): number {
    return this.#words[this.#firstOf(hash)] as number
  }

  /** The slot after `slot` that this hash is in, -1 where there is none. -1 as `slot`: the first one. */
  next(hash: number, slot: number): number {
    const first = this.#firstOf(hash)
    for (let step = slot < 0 ? 0 : stepOf(slot, first) + slotWords; step < setWords; step += slotWords) {
      const at = slotAt(step, first)
      if (this.#words[at] === hash) return at
    }
    return -1
  }

  positionAt(slot: number): number {
    return this.#words[slot + 1] as number
  }

  /** Gives a hash a position. Positions below `floor` are nobody's any more. Gives false where another one had to go for it. */
  set(hash: number, position: number, floor: number): boolean {
    const words = this.#words
    const first = this.#firstOf(hash)
    let free = -1
    for (let step = 0; step < setWords && free < 0; step += slotWords) {
      const at = slotAt(step, first)
      if (words[at] === hash || (words[at + 1] as number) < floor) free = at
    }
    const hasRoom = free >= 0
    if (!hasRoom) {
      this.#nextWay = (this.#nextWay + 1) % ways
      free = slotAt(this.#nextWay * slotWords, first)
    }
    words[free] = hash
    words[free + 1] = position
    return hasRoom
  }

  #firstOf(hash: number): number {
    return (hash & this.#lastLine) * lineWords
  }
}

/** A hash is looked for in its own line first, then in the one beside it. */
function slotAt(step: number, first: number): number {
  return (first & -setWords) | ((first + step) & (setWords - 1))
}

function stepOf(slot: number, first: number): number {
  return (slot - first) & (setWords - 1)
}
