import { type FSWatcher, watch } from 'node:fs'
import { readFile, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Milliseconds of quiet after a change: editors write in several steps, and some truncate the file first. */
const settleMs = 60
/** Where nothing tells of changes (a network file system, a folder that was replaced), the file is read this often, ms. */
const lookMs = 5_000

/**
 * A file's text, and every other text that it comes to have, however it is changed: written in place, replaced by a
 * rename, or reached through a symbolic link that is moved (as Kubernetes does with config maps). The folders are
 * watched, not the file, since each of these makes another file of it.
 */
export class WatchedFile {
  readonly #path: string
  readonly #onChange: (text: string) => void
  readonly #onError: (error: Error) => void
  readonly #watchers = new Map<string, FSWatcher>()
  #text: string | undefined
  #failed = ''
  #quiet: NodeJS.Timeout | undefined
  #look: NodeJS.Timeout | undefined
  #isClosed = false

  /** @param onError told once when the file can't be read any more; it is looked for on and on */
  constructor(path: string, onChange: (text: string) => void, onError: (error: Error) => void) {
    this.#path = path
    this.#onChange = onChange
    this.#onError = onError
  }

  /** Its text as it is now, and from now on every other one to `onChange`. Rejects where it can't be read. */
  async open(): Promise<string> {
    await this.#follow()
    this.#text = await readFile(this.#path, 'utf8')
    this.#look = setInterval(() => void this.#read(), lookMs)
    this.#look.unref()
    return this.#text
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#quiet)
    clearInterval(this.#look)
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  /** Watches the folder that the path names, and the one where the file really is. */
  async #follow(): Promise<void> {
    const real = await realpath(this.#path).catch(() => this.#path)
    const folders = new Set([dirname(this.#path), dirname(real)])
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
    for (const folder of folders) {
      if (this.#watchers.has(folder) || this.#isClosed) continue
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#settle())
        watcher.on('error', () => {
          watcher.close()
          this.#watchers.delete(folder)
        })
        this.#watchers.set(folder, watcher)
      } catch {
        // It is looked at from time to time.
      }
    }
  }

  #settle(): void {
    clearTimeout(this.#quiet)
    if (!this.#isClosed) this.#quiet = setTimeout(() => void this.#read(), settleMs)
  }

  async #read(): Promise<void> {
    try {
      await this.#follow()
      const text = await readFile(this.#path, 'utf8')
      if (this.#isClosed) return
      this.#failed = ''
      if (text === this.#text) return
      this.#text = text
      this.#onChange(text)
    } catch (error) {
      const { message } = error as Error
      if (this.#isClosed || this.#failed === message) return
      this.#failed = message
      this.#onError(error as Error)
    }
  }
}
