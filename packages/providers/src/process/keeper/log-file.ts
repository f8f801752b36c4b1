import { close, fstatSync, open, renameSync, rmSync, write } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'

export type LogStream = 'stdout' | 'stderr' | 'system'

/** Bytes after which a file is rotated, and how many are kept beside the current one. */
export const logLimits = { fileBytes: 8 * 1024 * 1024, oldFiles: 3, lineLength: 16 * 1024, pendingBytes: 4 * 1024 * 1024 } as const

const marks = { stdout: 'o', stderr: 'e', system: 's' } as const

/**
 * The log of one instance: lines of `<milliseconds since the epoch> <o|e|s> <text>`, rotated by size.
 * It never holds a service up: what can't be written (full disk) or kept meanwhile is dropped and counted.
 */
export class LogFile {
  readonly path: string
  /** The last 20 lines of the process, for messages. */
  readonly recent: string[] = []
  readonly #now: () => number
  #descriptor: number | null = null
  #size = 0
  #pending: string[] = []
  #pendingBytes = 0
  #writing = false
  #dropped = 0

  constructor(path: string, now: () => number = Date.now) {
    this.path = path
    this.#now = now
  }

  append(stream: LogStream, line: string): void {
    if (stream !== 'system') {
      this.recent.push(line.length > 1000 ? `${line.slice(0, 1000)}…` : line)
      if (this.recent.length > 20) this.recent.shift()
    }
    if (this.#pendingBytes > logLimits.pendingBytes) {
      this.#dropped++
      return
    }
    const text = `${this.#now()} ${marks[stream]} ${line}\n`
    this.#pending.push(text)
    this.#pendingBytes += text.length
    if (!this.#writing) this.#flush()
  }

  /** A sink for one stream of a process: cuts it into lines. `end` hands over a last line without its end. */
  lines(stream: LogStream): { write(chunk: Buffer): void; end(): void } {
    const decoder = new StringDecoder('utf8')
    let partial = ''
    const cut = (text: string): void => {
      const lines = (partial + text).split('\n')
      partial = lines.pop() ?? ''
      for (const line of lines) this.#appendLong(stream, line.replace(/\r$/, ''))
      while (partial.length >= logLimits.lineLength) {
        this.append(stream, partial.slice(0, logLimits.lineLength))
        partial = partial.slice(logLimits.lineLength)
      }
    }
    return {
      write: (chunk) => cut(decoder.write(chunk)),
      end: () => {
        cut(decoder.end())
        if (partial !== '') this.append(stream, partial)
        partial = ''
      },
    }
  }

  #appendLong(stream: LogStream, line: string): void {
    for (let at = 0; at === 0 || at < line.length; at += logLimits.lineLength)
      this.append(stream, line.slice(at, at + logLimits.lineLength))
  }

  #flush(): void {
    if (this.#pending.length === 0) return
    this.#writing = true
    if (this.#descriptor === null) {
      this.#open()
      return
    }
    if (this.#size >= logLimits.fileBytes) {
      this.#rotate(this.#descriptor)
      return
    }
    if (this.#dropped > 0) {
      this.#pending.unshift(`${this.#now()} s ${this.#dropped} lines were dropped: they could not be written\n`)
      this.#dropped = 0
    }
    const lines = this.#pending
    const bytes = Buffer.from(lines.join(''))
    this.#pending = []
    this.#pendingBytes = 0
    write(this.#descriptor, bytes, 0, bytes.length, null, (error, written) => {
      this.#size += written ?? 0
      if (error !== null || written < bytes.length) {
        this.#dropped += lines.length
        // What follows must not be taken for the rest of a torn line.
        if (written > 0) this.#pending.unshift('\n')
      }
      this.#writing = false
      // After a failure the next line tries again; a loop would spin on a full disk.
      if (error === null) this.#flush()
    })
  }

  #open(): void {
    open(this.path, 'a', 0o600, (error, descriptor) => {
      this.#writing = false
      if (error !== null) {
        this.#dropped += this.#pending.length
        this.#pending = []
        this.#pendingBytes = 0
        return
      }
      this.#descriptor = descriptor
      this.#size = fstatSync(descriptor).size
      this.#flush()
    })
  }

  #rotate(descriptor: number): void {
    try {
      rmSync(`${this.path}.${logLimits.oldFiles}`, { force: true })
      for (let n = logLimits.oldFiles - 1; n >= 1; n--) move(`${this.path}.${n}`, `${this.path}.${n + 1}`)
      move(this.path, `${this.path}.1`)
    } catch {
      // It is tried again after the next eight mebibytes.
    }
    this.#descriptor = null
    close(descriptor, () => this.#open())
  }
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
