import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs'
import { StandinError } from '@standin/client'

/**
 * One line of JSON per change, the last one of a key holds. Each line begins with its line break, so that one which was
 * torn by a full disk or a crash spoils none that come after it.
 */
export class Journal<T> {
  readonly #file: string
  readonly #keyOf: (entry: T) => number
  #descriptor: number | null = null

  constructor(file: string, keyOf: (entry: T) => number) {
    this.#file = file
    this.#keyOf = keyOf
  }

  /** Read what holds, and write that alone to a new file. @param isGone whether an entry only says that its key is gone */
  open(isGone: (entry: T) => boolean): Map<number, T> {
    const entries = new Map<number, T>()
    for (const line of existsSync(this.#file) ? readFileSync(this.#file, 'utf8').split('\n') : []) {
      const entry = parse<T>(line)
      if (entry !== null) entries.set(this.#keyOf(entry), entry)
    }
    for (const [key, entry] of entries) if (isGone(entry)) entries.delete(key)
    this.#write(() => {
      const compact = `${this.#file}.new`
      writeFileSync(compact, [...entries.values()].map((entry) => `\n${JSON.stringify(entry)}`).join(''), { mode: 0o600 })
      renameSync(compact, this.#file)
      this.#descriptor = openSync(this.#file, 'a', 0o600)
    })
    return entries
  }

  /** @throws StandinError `disk_full`, `provider_failed` */
  append(entry: T): void {
    const descriptor = this.#descriptor
    if (descriptor === null) throw new StandinError('provider_failed', 'provider attach is closed')
    const line = Buffer.from(`\n${JSON.stringify(entry)}`)
    this.#write(() => {
      if (writeSync(descriptor, line) < line.length) throw Object.assign(new Error('short write'), { code: 'ENOSPC' })
    })
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor)
    this.#descriptor = null
  }

  #write(work: () => void): void {
    try {
      work()
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'ENOSPC' || code === 'EDQUOT') {
        throw new StandinError('disk_full', `no space left for ${this.#file}`, { hint: 'Free some space, then try again', cause })
      }
      throw new StandinError('provider_failed', `provider attach can not write ${this.#file}: ${(cause as Error).message}`, { cause })
    }
  }
}

function parse<T>(line: string): T | null {
  try {
    return line === '' ? null : (JSON.parse(line) as T)
  } catch {
    return null
  }
}
