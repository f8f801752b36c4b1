import { isTokenChar, parseFieldLines } from './field-lines.ts'

/** Takes the data of chunks. */
export interface ChunkSink {
  /** These bytes of `buffer` are data. It may be reused afterwards: what is kept has to be copied. */
  onChunkData(buffer: Buffer, start: number, end: number): void
}

/** What a decoder expects next. */
const Expect = {
  size: 0,
  sizeOrEnd: 1,
  extensionName: 2,
  extensionValue: 3,
  quoted: 4,
  quotedPair: 5,
  afterQuoted: 6,
  sizeLf: 7,
  data: 8,
  dataCr: 9,
  dataLf: 10,
  trailers: 11,
  done: 12,
  failed: 13,
} as const
type Expect = (typeof Expect)[keyof typeof Expect]

/** Bytes of extensions that one body may have: nobody needs them, and without a limit they are a way to be busy for nothing. */
const extensionLimit = 4 * 1024
/** Bytes of the trailer section. */
const trailerLimit = 16 * 1024
/** Digits of a chunk's size; more than any sender pads to. */
const digitLimit = 16
/** Below 2^53, so that sizes stay exact. */
const sizeLimit = 2 ** 48

/**
 * Undoes the chunked transfer coding (RFC 9112, section 7.1) as the bytes come, and takes nothing that isn't plainly
 * valid: CRLF at the end of every line, no space around sizes. Extensions are checked and left out (section 7.1.1).
 */
export class ChunkedDecoder {
  /** Names and values in turn, once done; null: there were none. */
  trailers: string[] | null = null
  /** What was wrong, once failed; `too_large`: it was valid so far, but is more than we take. */
  fault: 'invalid' | 'too_large' | null = null
  #expect: Expect = Expect.size
  #remaining = 0
  #digits = 0
  #extensionBytes = 0
  #atStart = false
  #trailerText = ''

  /** For the next body. */
  reset(): void {
    this.trailers = null
    this.fault = null
    this.#expect = Expect.size
    this.#remaining = 0
    this.#digits = 0
    this.#extensionBytes = 0
    this.#trailerText = ''
  }

  get isDone(): boolean {
    return this.#expect === Expect.done
  }

  /**
   * Reads what came. Stops behind the end of the body.
   * @returns the index behind what was read: `end`, or less where the body is done before; -1: see `fault`
   */
  decode(buffer: Buffer, start: number, end: number, sink: ChunkSink): number {
    let at = start
    while (at < end) {
      if (this.#expect === Expect.data) {
        const dataEnd = Math.min(end, at + this.#remaining)
        this.#remaining -= dataEnd - at
        if (this.#remaining === 0) this.#expect = Expect.dataCr
        sink.onChunkData(buffer, at, dataEnd)
        at = dataEnd
      } else if (this.#expect === Expect.trailers) {
        at = this.#readTrailers(buffer, at, end)
        if (at === -1) return -1
      } else if (this.#expect === Expect.done) {
        return at
      } else if (this.#expect === Expect.failed) {
        return -1
      } else {
        this.#expect = this.#next(buffer[at++] as number)
      }
    }
    return this.#expect === Expect.failed ? -1 : at
  }

  /** What is expected behind one byte of a line, or of a line's end. */
  #next(byte: number): Expect {
    switch (this.#expect) {
      case Expect.size:
      case Expect.sizeOrEnd:
        return this.#readSize(byte)
      case Expect.extensionName:
      case Expect.extensionValue:
      case Expect.quoted:
      case Expect.quotedPair:
      case Expect.afterQuoted:
        return this.#readExtension(byte)
      case Expect.sizeLf:
        if (byte !== lf) return this.#fail('invalid')
        this.#digits = 0
        return this.#remaining === 0 ? Expect.trailers : Expect.data
      case Expect.dataCr:
        return byte === cr ? Expect.dataLf : this.#fail('invalid')
      case Expect.dataLf:
        return byte === lf ? Expect.size : this.#fail('invalid')
      default:
        return this.#fail('invalid')
    }
  }

  #readSize(byte: number): Expect {
    const digit = hexDigit[byte] as number
    if (digit < 16) {
      this.#remaining = this.#remaining * 16 + digit
      return ++this.#digits > digitLimit || this.#remaining > sizeLimit ? this.#fail('too_large') : Expect.sizeOrEnd
    }
    if (this.#expect === Expect.size) return this.#fail('invalid')
    if (byte === cr) return Expect.sizeLf
    if (byte !== semicolon) return this.#fail('invalid')
    this.#atStart = true
    return Expect.extensionName
  }

  /** `;name`, `;name=token`, `;name="quoted"`, any number of them (RFC 9112, section 7.1.1). */
  #readExtension(byte: number): Expect {
    if (++this.#extensionBytes > extensionLimit) return this.#fail('too_large')
    const wasAtStart = this.#atStart
    this.#atStart = false
    switch (this.#expect) {
      case Expect.quoted:
        if (byte === quote) return Expect.afterQuoted
        if (byte === backslash) return Expect.quotedPair
        return isText(byte) ? Expect.quoted : this.#fail('invalid')
      case Expect.quotedPair:
        return isText(byte) ? Expect.quoted : this.#fail('invalid')
      case Expect.extensionName:
      case Expect.extensionValue:
        if (isTokenChar[byte] === 1) return this.#expect
        if (wasAtStart) return byte === quote && this.#expect === Expect.extensionValue ? Expect.quoted : this.#fail('invalid')
        if (byte === equals && this.#expect === Expect.extensionName) {
          this.#atStart = true
          return Expect.extensionValue
        }
        break
    }
    if (byte === cr) return Expect.sizeLf
    if (byte !== semicolon) return this.#fail('invalid')
    this.#atStart = true
    return Expect.extensionName
  }

  /** The trailer section is kept until its empty line has come: field lines are read all at once. */
  #readTrailers(buffer: Buffer, start: number, end: number): number {
    const before = this.#trailerText.length
    const text = this.#trailerText + buffer.toString('latin1', start, Math.min(end, start + trailerLimit + 4 - before))
    let length = -1
    if (text.startsWith('\r\n')) {
      length = 0
    } else {
      const empty = text.indexOf('\r\n\r\n', Math.max(0, before - 3))
      if (empty !== -1) length = empty + 2
    }
    if (length === -1) {
      if (text.length > trailerLimit) {
        this.#expect = this.#fail('too_large')
        return -1
      }
      this.#trailerText = text
      return end
    }
    this.#trailerText = ''
    if (length > 0) {
      this.trailers = parseFieldLines(text, 0, length)
      if (this.trailers === null || namesFraming(this.trailers)) {
        this.#expect = this.#fail('invalid')
        return -1
      }
    }
    this.#expect = Expect.done
    return start + length + 2 - before
  }

  #fail(fault: 'invalid' | 'too_large'): Expect {
    this.fault = fault
    return Expect.failed
  }
}

const cr = 0x0d
const lf = 0x0a
const semicolon = 0x3b
const equals = 0x3d
const quote = 0x22
const backslash = 0x5c

/** A byte's value as a digit; 16: it is none. */
const hexDigit = new Uint8Array(256).fill(16)
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16)
  hexDigit[text.charCodeAt(0)] = digit
  hexDigit[text.toUpperCase().charCodeAt(0)] = digit
}

/** May stand within quotes (RFC 9110, section 5.6.4). */
const isText = (byte: number): boolean => byte === 0x09 || (byte >= 0x20 && byte !== 0x7f)

/** Framing has no place in trailers (RFC 9110, section 6.5.1): whoever merges them into the head would frame anew. */
const namesFraming = (trailers: readonly string[]): boolean => {
  for (let i = 0; i < trailers.length; i += 2) if (/^(?:content-length|transfer-encoding)$/i.test(trailers[i] as string)) return true
  return false
}
