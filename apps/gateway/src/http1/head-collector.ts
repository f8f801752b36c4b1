import { type Http1Fields, type Http1RequestHead, MalformedHead, malformed, parseRequestHead, refuseEarly } from './request-head.ts'

/** Bytes that are looked at for the end of a head at once: a large body behind it is not turned into text. */
const headWindow = 8 * 1024

/** Gathers the heads of the requests of one connection from what comes on it, one after the other. */
export class HeadCollector {
  /** Where in the last chunk the head ended. */
  end = 0
  readonly #limit: number
  /** What has come of a head so far. */
  #text = ''
  /** Of the last head. */
  #fields: Http1Fields | null = null

  /** @param limit bytes of a head */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Nothing of a head has come. */
  get isEmpty(): boolean {
    return this.#text === ''
  }

  clear(): void {
    this.#text = ''
  }

  /** @returns null: it is not complete */
  take(chunk: Buffer): Http1RequestHead | MalformedHead | null {
    let text = this.#text
    let at = 0
    let end = -1
    let start = 0
    do {
      const before = text.length
      const windowEnd = Math.min(chunk.length, at + headWindow)
      text += chunk.toString('latin1', at, windowEnd)
      at = windowEnd
      // RFC 9112, section 2.2: one empty line before a request is let pass.
      start = text.charCodeAt(0) === 0x0d && text.charCodeAt(1) === 0x0a ? 2 : 0
      end = text.indexOf('\r\n\r\n', Math.max(start, before - 3))
    } while (end === -1 && at < chunk.length && text.length <= this.#limit)
    if (end === -1) {
      this.#text = text
      return refuseEarly(text, start, this.#limit)
    }
    const head = end - start + 4 > this.#limit ? malformed.tooLarge : parseRequestHead(text, start, end, this.#fields)
    if (head instanceof MalformedHead) return head
    // What of the text is behind the head is behind it in the chunk as well.
    this.end = at - (text.length - end - 4)
    this.#text = ''
    this.#fields = head.fields
    return head
  }
}
