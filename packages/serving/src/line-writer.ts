import { fstatSync, write, writeSync } from 'node:fs'
import { Socket } from 'node:net'

/** Characters that are gathered for one write. */
const pieceLength = 64 * 1024
/** Characters that may wait. What comes beyond is dropped, and counted. */
const waitingLimit = 8 * 1024 * 1024
/** How long a line may wait for others, ms. */
const gatherMs = 250
/** How long to wait after a write that failed, ms. */
const retryMs = 250
/** Bytes that a pipe takes whole or not at all (PIPE_BUF): lines of several processes do not mix. */
const atomicLength = 4_096

/**
 * Writes lines to a file descriptor, many with one write. Never blocks and never fails: when nobody reads the pipe or
 * the disk is full, lines wait up to a limit, further ones are dropped, and a line tells how many as soon as there is room.
 */
export class LineWriter {
  readonly #pieceLength: number
  readonly #sink: Sink
  #waiting = ''
  /** What is being written. */
  #piece: Buffer | null = null
  #timer: NodeJS.Timeout | undefined
  #droppedSince = 0
  #onIdle: (() => void) | null = null
  /** Lines that nobody will read. */
  dropped = 0

  /** @param shared others write to the same place at the same time */
  constructor(fd: number, shared = false) {
    const stat = fstatSync(fd)
    const isPipe = stat.isFIFO() || stat.isSocket()
    this.#pieceLength = shared && isPipe ? atomicLength : pieceLength
    this.#sink = isPipe ? new PipeSink(fd) : new FileSink(fd)
  }

  /** @param line with its line feed */
  write(line: string): void {
    if (this.#waiting.length + line.length > waitingLimit) {
      this.dropped++
      this.#droppedSince++
      return
    }
    this.#waiting += line
    if (this.#piece !== null) return
    if (this.#waiting.length >= this.#pieceLength) this.#writePiece()
    else this.#timer ??= setTimeout(this.#onTimer, gatherMs)
  }

  /** Writes what waits, for `ms` at most. */
  async end(ms: number): Promise<void> {
    if (this.#piece === null && this.#waiting === '') return
    let deadline: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
      deadline = setTimeout(resolve, ms)
      if (this.#piece === null) this.#writePiece()
    })
    clearTimeout(deadline)
  }

  /** Writes what waits before the process ends, as far as that is possible at once. */
  endNow(): void {
    const rest = Buffer.concat([this.#piece ?? Buffer.alloc(0), Buffer.from(this.#waiting)])
    this.#piece = null
    this.#waiting = ''
    if (rest.length > 0) this.#sink.writeNow(rest)
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined
    if (this.#piece === null && this.#waiting !== '') this.#writePiece()
  }

  #writePiece(): void {
    if (this.#droppedSince > 0 && this.#waiting.length < waitingLimit / 2) {
      this.#waiting += `{"level":40,"time":${Date.now()},"msg":"lines of the log were dropped: they came faster than they could be written","lines":${this.#droppedSince}}\n`
      this.#droppedSince = 0
    }
    let text = this.#waiting
    if (text.length > this.#pieceLength) {
      // Whole lines; one that is longer than a piece goes by itself.
      const end = text.lastIndexOf('\n', this.#pieceLength - 1)
      text = text.slice(0, end === -1 ? text.indexOf('\n') + 1 : end + 1)
    }
    this.#waiting = this.#waiting.slice(text.length)
    this.#piece = Buffer.from(text)
    this.#sink.write(this.#piece, this.#onWritten)
  }

  readonly #onWritten = (written: number, failed: boolean): void => {
    const piece = this.#piece
    if (piece === null) return
    if (written < piece.length) {
      this.#piece = piece.subarray(written)
      if (failed) setTimeout(this.#again, retryMs)
      else this.#again()
      return
    }
    this.#piece = null
    if (this.#waiting === '') this.#onIdle?.()
    else if (this.#waiting.length >= this.#pieceLength || this.#onIdle !== null) this.#writePiece()
    else this.#timer ??= setTimeout(this.#onTimer, gatherMs)
  }

  readonly #again = (): void => {
    if (this.#piece !== null) this.#sink.write(this.#piece, this.#onWritten)
  }
}

type OnWritten = (written: number, failed: boolean) => void

interface Sink {
  write(bytes: Buffer, onWritten: OnWritten): void
  writeNow(bytes: Buffer): void
}

/** A file or a terminal. */
class FileSink implements Sink {
  readonly #fd: number

  constructor(fd: number) {
    this.#fd = fd
  }

  write(bytes: Buffer, onWritten: OnWritten): void {
    write(this.#fd, bytes, (error, written) => onWritten(error === null ? written : 0, error !== null))
  }

  writeNow(bytes: Buffer): void {
    try {
      writeSync(this.#fd, bytes)
    } catch {
      // There is no other place to say it.
    }
  }
}

/** A pipe, which may be full for as long as its reader likes: writing to it as to a file would block a thread. */
class PipeSink implements Sink {
  readonly #fd: number
  #socket: Socket | null = null
  #isBroken = false

  constructor(fd: number) {
    this.#fd = fd
  }

  write(bytes: Buffer, onWritten: OnWritten): void {
    if (this.#isBroken) {
      process.nextTick(onWritten, bytes.length, false)
      return
    }
    if (this.#socket === null) {
      this.#socket = new Socket({ fd: this.#fd, readable: false, writable: true })
      this.#socket.on('error', () => {
        this.#isBroken = true
      })
      // The log alone must not keep the process alive.
      this.#socket.unref()
    }
    // A pipe without a reader will never have one again.
    this.#socket.write(bytes, () => onWritten(bytes.length, false))
  }

  writeNow(bytes: Buffer): void {
    if (this.#isBroken) return
    try {
      // Does not block any more once a socket was made of it.
      if (this.#socket !== null) writeSync(this.#fd, bytes)
      else this.write(bytes, () => {})
    } catch {
      // It is full.
    }
  }
}
